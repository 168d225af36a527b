import type { StartPosition } from '../../events/index.ts';
import { MAKE_GROUP } from './group-scripts.ts';
import { replyCode } from './redis-failure.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { idBefore } from './start-ids.ts';

export interface GroupStreamsDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly keys: RedisKeys;
  readonly partitions: number;
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
    return this.#make((_key, topic, partition) => Promise.resolve(idBefore(from, topic, partition)));
  }

  /**
   * Makes it again where it is gone: behind what it had last, by the key of the stream, where the stream still has that, else at
   * the beginning; where nothing is known, as of `otherwise`. The topics in which it was gone.
   */
  async makeAgain(last: ReadonlyMap<string, string>, otherwise: StartPosition): Promise<readonly string[]> {
    return this.#make(async (key, topic, partition) => {
      const id = last.get(key);
      if (id === undefined) return idBefore(otherwise, topic, partition);
      const found = await this.#deps.link.command<readonly unknown[]>(['XRANGE', key, id, id]);
      return found.length > 0 ? id : '0';
    });
  }

  async #make(
    idOf: (key: string, topic: string, partition: number) => Promise<string>,
  ): Promise<readonly string[]> {
    const made = await this.#everywhere(async (key, topic, partition) => {
      try {
        const id = await idOf(key, topic, partition);
        await MAKE_GROUP.run(this.#deps.link, [key], [this.#group, id]);
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
