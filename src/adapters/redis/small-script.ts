import { messageOf } from '../../core/message-of.ts';
import type { RedisLink } from './redis-link.ts';
import { RedisScript } from './redis-script.ts';

/**
 * A script that needs next to no memory, and runs on a server that has none left too: without it nobody could take up the work that
 * makes room again. Servers before Redis 7.0 do not know such scripts: there it runs as any other, and is refused then.
 */
export class SmallScript {
  readonly #script: RedisScript;
  readonly #plain: RedisScript;

  constructor(source: string) {
    this.#script = new RedisScript(`#!lua flags=allow-oom\n${source}`);
    this.#plain = new RedisScript(source);
  }

  /** Its reply. Rejects as `command` does. All keys have to be of one partition. */
  async run(
    link: Pick<RedisLink, 'command'>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    if (withoutFlags.has(link)) return this.#plain.run(link, keys, args);
    try {
      return await this.#script.run(link, keys, args);
    } catch (error) {
      if (!isFirstLineRefused(error)) throw error;
      withoutFlags.add(link);
      return this.#plain.run(link, keys, args);
    }
  }
}

/** Connections to servers that are too old. */
const withoutFlags = new WeakSet<object>();

/** What Lua says of the first line, before anything has run. */
const isFirstLineRefused = (error: unknown): boolean =>
  /compiling script.*:1: unexpected symbol near '#'/.test(messageOf(error));
