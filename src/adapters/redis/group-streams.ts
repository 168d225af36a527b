import type { StartPosition } from '../../events/index.ts';
import { replyCode } from './redis-failure.ts';
import { type RedisKeys, parsePosition } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';

export interface GroupStreamsDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly keys: RedisKeys;
  readonly partitions: number;
}

const LAST_SEQ = '18446744073709551615';

/** The last entry that a group should not get. */
function idBefore(from: StartPosition, topic: string): string {
  if (from === 'new') return '$';
  if (from === 'beginning') return '0';
  if ('timeMs' in from) {
    const ms = Math.ceil(from.timeMs);
    return ms > 0 ? `${ms - 1}-${LAST_SEQ}` : '0';
  }
  // The other partitions begin at the same time.
  return from.topic === topic ? (parsePosition(from.position)?.streamId ?? '$') : '$';
}

/** A group in every partition of its topics. */
export class GroupStreams {
  readonly #group: string;
  readonly #topics: readonly string[];
  readonly #deps: GroupStreamsDeps;

  constructor(group: string, topics: readonly string[], deps: GroupStreamsDeps) {
    this.#group = group;
    this.#topics = topics;
    this.#deps = deps;
  }

  /** Makes it where it is not there; the topics in which it was not. */
  async make(from: StartPosition): Promise<readonly string[]> {
    const made = await this.#everywhere(async (key, topic) => {
      try {
        await this.#deps.link.command([
          'XGROUP',
          'CREATE',
          key,
          this.#group,
          idBefore(from, topic),
          'MKSTREAM',
        ]);
        return topic;
      } catch (error) {
        if (replyCode(error) === 'BUSYGROUP') return undefined;
        throw error;
      }
    });
    return [...new Set(made)].filter((topic) => topic !== undefined);
  }

  /** Removes it; whether it was anywhere. */
  async remove(): Promise<boolean> {
    const { link, keys } = this.#deps;
    const group = this.#group;
    const removed = await this.#everywhere(async (key, topic, partition) => {
      const wasThere = await link
        .command<number>(['XGROUP', 'DESTROY', key, group])
        .catch((error: unknown) => {
          if (replyCode(error) === 'ERR') return 0; // there is no such stream
          throw error;
        });
      await link.command(['DEL', keys.owner(topic, partition, group), keys.fence(topic, partition, group)]);
      return wasThere;
    });
    await link.command(['DEL', keys.members(group)]);
    await link.command(['DEL', keys.wake(group)]);
    return removed.includes(1);
  }

  /** The newest entry of each stream, by its key. */
  async newest(): Promise<ReadonlyMap<string, string>> {
    const found = await this.#everywhere(async (key) => {
      const [entry] = await this.#deps.link.command<[string][]>(['XREVRANGE', key, '+', '-', 'COUNT', '1']);
      return [key, entry?.[0] ?? '0-0'] as const;
    });
    return new Map(found);
  }

  #everywhere<T>(each: (key: string, topic: string, partition: number) => Promise<T>): Promise<T[]> {
    const { keys, partitions } = this.#deps;
    const all = this.#topics.flatMap((topic) =>
      Array.from({ length: partitions }, (_, partition) =>
        each(keys.events(topic, partition), topic, partition),
      ),
    );
    return Promise.all(all);
  }
}
