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
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    try {
      return await link.command(['EVALSHA', this.#digest, ...rest]);
    } catch (error) {
      if (replyCode(error) !== 'NOSCRIPT') throw error;
      return link.command(['EVAL', this.#source, ...rest]);
    }
  }
}
