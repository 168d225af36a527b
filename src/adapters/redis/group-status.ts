import type { GroupStatus } from '../../events/index.ts';
import { COUNT_BEHIND, STANDINGS } from './group-scripts.ts';
import { GroupStreams } from './group-streams.ts';
import { LIVE } from './membership-scripts.ts';
import { topicsOf } from './partition-share.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { REMOVE_LETTERS } from './letter-scripts.ts';
import { lettersOf } from './letter-pages.ts';
import { fieldOf } from './stream-entry.ts';

export interface GroupStatusesDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly keys: RedisKeys;
  readonly topics: readonly string[];
  readonly partitions: number;
}

/** Where a group stands in a partition; a lag below 0 is not known. */
interface Standing {
  readonly group: string;
  readonly lag: number;
  readonly pending: number;
  readonly deadLetters: number;
}

/** As many events behind are counted one by one. */
const COUNTED = 1000;

/** What a replay's group is called: it is no group of the user's. */
export const isReplay = (group: string): boolean => /^replay-[0-9a-f]{16}$/.test(group);

/** The groups that the server knows, over all partitions. */
export class GroupStatuses {
  readonly #deps: GroupStatusesDeps;

  constructor(deps: GroupStatusesDeps) {
    this.#deps = deps;
  }

  /** By group, then topic. */
  async all(): Promise<readonly GroupStatus[]> {
    const { topics } = this.#deps;
    const sums = new Map<
      string,
      { group: string; topic: string; lag: number | undefined; pending: number; deadLetters: number }
    >();
    for (const topic of topics) {
      for (const { group, lag, pending, deadLetters } of await this.#standings(topic)) {
        if (isReplay(group)) continue;
        const name = `${group} ${topic}`;
        const sum = sums.get(name) ?? { group, topic, lag: 0, pending: 0, deadLetters: 0 };
        sum.lag = sum.lag === undefined || lag < 0 ? undefined : sum.lag + lag;
        sum.pending += pending;
        sum.deadLetters += deadLetters;
        sums.set(name, sum);
      }
    }
    const groups = [...new Set([...sums.values()].map(({ group }) => group))];
    const members = new Map(
      await Promise.all(groups.map(async (group) => [group, await this.members(group)] as const)),
    );
    return [...sums.keys()].sort().flatMap((name) => {
      const sum = sums.get(name);
      if (sum === undefined) return [];
      const readers = (members.get(sum.group) ?? []).filter((topics) => topics.includes(sum.topic));
      return [{ ...sum, members: readers.length }];
    });
  }

  /** The topics of each member that lives. */
  async members(group: string): Promise<readonly (readonly string[])[]> {
    const { link, keys } = this.#deps;
    const entries = (await LIVE.run(link, [keys.members(group)], [])) as string[];
    return entries.map(topicsOf);
  }

  /** Removes a group with its dead letters; `false` where there was none, or it has members. */
  async drop(group: string): Promise<boolean> {
    const { link, keys, topics, partitions } = this.#deps;
    if ((await this.members(group)).length > 0) return false;
    const wasThere = await new GroupStreams(group, topics, { link, keys, partitions }).remove();
    for (const topic of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const all = [keys.dead(topic, partition), keys.deadCounts(topic, partition)];
        for await (const page of lettersOf(link, keys.dead(topic, partition), { group })) {
          const ids = page.map(({ id }) => id);
          await REMOVE_LETTERS.run(link, all, ids);
        }
        await link.command(['HDEL', keys.deadCounts(topic, partition), group]);
      }
    }
    return wasThere;
  }

  async #standings(topic: string): Promise<readonly Standing[]> {
    const { partitions } = this.#deps;
    const all = Array.from({ length: partitions }, (_, partition) => this.#standingsIn(topic, partition));
    return (await Promise.all(all)).flat();
  }

  /** What has to be counted is counted group by group: others get their turn on the server in between. */
  async #standingsIn(topic: string, partition: number): Promise<readonly Standing[]> {
    const { link, keys } = this.#deps;
    const events = keys.events(topic, partition);
    const [found, dead] = await Promise.all([
      STANDINGS.run(link, [events], []) as Promise<[string, number, number, string][]>,
      link.command<string[]>(['HGETALL', keys.deadCounts(topic, partition)]),
    ]);
    return Promise.all(
      found.map(async ([group, known, pending, last]) => {
        const lag = known < 0 ? ((await COUNT_BEHIND.run(link, [events], [last, COUNTED])) as number) : known;
        return { group, lag, pending, deadLetters: Number(fieldOf(dead, group) ?? 0) };
      }),
    );
  }
}
