import { createHash } from 'node:crypto';
import type { RedisLink } from './redis-link.ts';
import { replyCode } from './redis-failure.ts';

/** A Lua script, sent by its digest, and whole where the server does not have it yet. */
export class RedisScript {
  readonly #source: string;
  readonly #digest: string;

  constructor(source: string) {
    this.#source = source;
    this.#digest = createHash('sha1').update(source).digest('hex');
  }

  /** Its reply. Rejects as `command` does. All keys have to be of one partition. */
  async run(
    link: Pick<RedisLink, 'command'>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await this.runKnown(link, keys, args);
    } catch (error) {
      if (replyCode(error) !== 'NOSCRIPT') throw error;
      return link.command(['EVAL', this.#source, String(keys.length), ...keys, ...args.map(String)]);
    }
  }

  /** As `run`, but rejects with `NOSCRIPT` where the server does not have it: what is sent after it is not overtaken by it. */
  runKnown(
    link: Pick<RedisLink, 'command'>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return link.command(['EVALSHA', this.#digest, String(keys.length), ...keys, ...args.map(String)]);
  }
}
