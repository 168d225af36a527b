import type { StartPosition } from '../../events/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { GroupCounters } from './group-counters.ts';
import { SAMPLE } from './group-scripts.ts';
import type { GroupStreams } from './group-streams.ts';
import { LOST } from './partition-scripts.ts';
import type { PartitionWork } from './partition-work.ts';

export interface GroupWatchDeps {
  readonly logger: Logger;
  readonly counters: GroupCounters;
  readonly streams: GroupStreams;
  readonly topics: readonly string[];
  /** Where it begins again when nothing is known of what it had. Default: `beginning`. */
  readonly otherwise?: StartPosition | undefined;
}

interface Standing {
  readonly lag: number | undefined;
  readonly pending: number;
}

/** As many events behind are counted one by one. */
const COUNTED = 1000;

/** Keeps an eye on where a group stands, and tells what it has lost. */
export class GroupWatch {
  readonly #group: string;
  readonly #deps: GroupWatchDeps;

  constructor(group: string, deps: GroupWatchDeps) {
    this.#group = group;
    this.#deps = deps;
  }

  /** Shows lag and pending of the partitions that are owned here. */
  async sample(works: readonly PartitionWork[]): Promise<void> {
    const { counters, topics } = this.#deps;
    const sums = new Map<string, Standing>();
    for (const work of works) {
      const one = await this.look(work).catch(() => undefined);
      if (one === undefined) return;
      const { topic } = work.lease;
      const sum = sums.get(topic) ?? { lag: 0, pending: 0 };
      const lag = sum.lag === undefined || one.lag === undefined ? undefined : sum.lag + one.lag;
      sums.set(topic, { lag, pending: sum.pending + one.pending });
    }
    for (const topic of topics) {
      const sum = sums.get(topic);
      if (sum === undefined) counters.gone(topic, this.#group);
      else counters.standing(topic, this.#group, sum);
    }
  }

  /** Where the group stands in a partition; `undefined` when it is another's. Rejects as a command does. */
  async look(work: PartitionWork): Promise<Standing | undefined> {
    const reply = await work.run(SAMPLE, [COUNTED]);
    if (reply === LOST) return undefined;
    const [lag, pending, missing] = reply as [number, number, number];
    if (missing > 0) this.onTrimmed(work.lease.topic, missing);
    return { lag: lag < 0 ? undefined : lag, pending };
  }

  onTrimmed(topic: string, count: number): void {
    const { counters, logger } = this.#deps;
    counters.lost(topic, this.#group, 'trimmed', count);
    logger.error({ group: this.#group, topic, count }, 'events were removed before the group had them');
  }

  /**
   * The server came back without the group: it is made anew. Rejects as a command does.
   *
   * @param last the newest entries that it is known to have had, by the key of the stream
   */
  async onNoGroup(last: ReadonlyMap<string, string>): Promise<void> {
    const { streams, otherwise = 'beginning' } = this.#deps;
    for (const topic of await streams.makeAgain(last, otherwise)) {
      this.#deps.counters.lost(topic, this.#group, 'reset');
      this.#deps.logger.error({ group: this.#group, topic }, 'the server has lost the place of the group');
    }
  }

  close(): void {
    for (const topic of this.#deps.topics) this.#deps.counters.gone(topic, this.#group);
  }
}
