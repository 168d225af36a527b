import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import { BURY } from './partition-scripts.ts';
import { replyCode } from './redis-failure.ts';
import { positionOf } from './redis-keys.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { PartitionWork, Unhandled } from './partition-work.ts';

export interface DeadLetterWriterDeps {
  readonly logger: Logger;
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
    const { logger, keys, clock, group } = this.#deps;
    const { topic, partition } = work.lease;
    const { streamId, text, reason, detail, attempts } = unhandled;
    const fields = {
      ...{ g: group, p: positionOf(partition, streamId), w: reason, d: detail.slice(0, MOST_DETAIL) },
      ...{ n: String(attempts), t: String(Math.trunc(clock.nowMs())), e: text },
    };
    const letters = [keys.dead(topic, partition), keys.deadCounts(topic, partition)];
    let told: string | undefined;
    while (!signal.aborted) {
      try {
        await work.run(BURY, [streamId, ...Object.entries(fields).flat()], letters);
        return;
      } catch (error) {
        const code = replyCode(error);
        if (code !== undefined && code !== told)
          logger.warn({ group, topic, partition, error }, 'a dead letter cannot be written');
        told = code;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}
