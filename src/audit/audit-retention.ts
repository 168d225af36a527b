import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { AuditRecord } from './audit-record.ts';
import { messageOf } from '../core/message-of.ts';
import { HEAD_SIGNED } from './signed-head.ts';

export const retentionOptions = z.strictObject({
  /** Begins a new file so often, beside the size at which the log does. Default: by size only. */
  segmentMs: z.number().min(1000).optional(),
  /** Removes what is older, once every sink has it, a whole file at a time. Default: nothing is ever removed. */
  keepMs: z.number().min(0).optional(),
});

/** A log that can begin a new file when told to, such as `FileAppendLog`. */
interface SegmentedLog extends AppendLog {
  startSegment?(): void;
}

interface RetentionDeps {
  readonly log: SegmentedLog;
  readonly clock: Pick<Clock, 'nowMs' | 'every'>;
  /** Only heads signed with this key count: older keys may be forgotten. */
  readonly keyId: string | undefined;
  /** The last record that every sink has. */
  readonly shippedSeq: () => number;
}

/** Cuts a log into files by age and lets go of old ones. What stays holds a signed head, which vouches for its beginning. */
export class AuditRetention {
  readonly #keepMs: number | undefined;
  readonly #deps: RetentionDeps;
  readonly #timer: Disposable | undefined;
  /** Signed heads on record that are young enough to stay, and the oldest that may be trimmed to. */
  readonly #heads: { readonly seq: number; readonly timeMs: number }[] = [];
  #trimming: Promise<void> = Promise.resolve();
  #lastError: string | undefined;

  constructor({ segmentMs, keepMs }: z.output<typeof retentionOptions>, deps: RetentionDeps) {
    this.#keepMs = keepMs;
    this.#deps = deps;
    this.#timer =
      segmentMs === undefined ? undefined : deps.clock.every(segmentMs, () => deps.log.startSegment?.());
  }

  /** Why old files were not removed the last time. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** A durable record, in order. */
  note({ kind, seq, timeMs, details }: AuditRecord): void {
    if (this.#keepMs === undefined || kind !== HEAD_SIGNED || details['keyId'] !== this.#deps.keyId) return;
    this.#heads.push({ seq, timeMs });
    this.#trim(this.#keepMs);
  }

  /** Resolves when what is being removed is. */
  async close(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    await this.#trimming;
  }

  #trim(keepMs: number): void {
    const { log, clock, shippedSeq } = this.#deps;
    const shipped = shippedSeq();
    const oldestMs = clock.nowMs() - keepMs;
    const at = this.#heads.findLastIndex(({ seq, timeMs }) => timeMs <= oldestMs && seq <= shipped);
    const [head] = at < 0 ? [] : this.#heads.splice(0, at + 1).slice(-1);
    if (head === undefined) return;
    this.#trimming = this.#trimming
      .then(() => log.trim(head.seq))
      .then(
        () => (this.#lastError = undefined),
        (error: unknown) => (this.#lastError = messageOf(error)),
      )
      .then(() => undefined);
  }
}
