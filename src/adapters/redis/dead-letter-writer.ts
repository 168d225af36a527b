import type { Clock } from '../../core/clock.ts';
import { BURY, LOST } from './partition-scripts.ts';
import { positionOf } from './redis-keys.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import type { PartitionWork, Unhandled } from './partition-work.ts';

export interface DeadLetterWriterDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly group: string;
}

const RETRY_MS = 200;
const MOST_DETAIL = 2000;

/** Writes dead letters, each in one step with the acknowledgement of its event. */
export class DeadLetterWriter {
  readonly #deps: DeadLetterWriterDeps;

  constructor(deps: DeadLetterWriterDeps) {
    this.#deps = deps;
  }

  /** Resolves when it is written, or the lease was lost, or `signal` aborts. Never rejects. */
  async write(work: PartitionWork, unhandled: Unhandled, signal: AbortSignal): Promise<void> {
    const { link, keys, clock, group } = this.#deps;
    const { topic, partition, token } = work.lease;
    const { streamId, text, reason, detail, attempts } = unhandled;
    const fields = {
      ...{ g: group, p: positionOf(partition, streamId), w: reason, d: detail.slice(0, MOST_DETAIL) },
      ...{ n: String(attempts), t: String(Math.trunc(clock.nowMs())), e: text },
    };
    const all = [...work.keys, keys.dead(topic, partition), keys.deadCounts(topic, partition)];
    while (!signal.aborted) {
      try {
        const reply = await BURY.run(link, all, [token, group, streamId, ...Object.entries(fields).flat()]);
        if (reply === LOST) work.lose();
        return;
      } catch {
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}
