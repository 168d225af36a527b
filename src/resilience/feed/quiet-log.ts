import type { Clock } from '../../core/clock.ts';
import type { LogFields, Logger } from '../../telemetry/index.ts';

/** Between two lines of the same kind. */
const LINE_EVERY_MS = 10_000;

/** Warnings of which each kind is written once in 10 seconds, with how many were left out. */
export class QuietLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, { nextMs: number; leftOut: number }>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param kind one of few: each takes memory for good */
  warn(kind: string, fields: LogFields, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#kinds.get(kind);
    if (known !== undefined && nowMs < known.nextMs) {
      known.leftOut += 1;
      return;
    }
    const leftOut = known?.leftOut ?? 0;
    this.#kinds.set(kind, { nextMs: nowMs + LINE_EVERY_MS, leftOut: 0 });
    this.#logger.warn(leftOut === 0 ? fields : { ...fields, leftOut }, message);
  }
}
