import type { Clock } from '../core/clock.ts';
import { errorText } from '../telemetry/error-text.ts';
import { settleWithin } from './settle-within.ts';

/** One step of a stop. `cut`: it was not over when its time was, and the stop went on without it. */
export interface StopStep {
  readonly name: string;
  readonly outcome: 'done' | 'failed' | 'cut';
  readonly tookMs: number;
  /** Why it failed. */
  readonly error?: string;
  /** What was cut, such as `3 requests`. */
  readonly note?: string;
}

/** What a stop did, in order. */
export interface StopReport {
  readonly reason: string;
  /** Whether anything was cut. */
  readonly forced: boolean;
  readonly tookMs: number;
  readonly steps: readonly StopStep[];
}

/** Runs the steps of a stop, each within its time. A step that fails or hangs never keeps the next from running. */
export class StopSequence {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #steps: StopStep[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** Runs a step for at most `withinMs`, then calls `cut` if it is not over. Never rejects. */
  async run(name: string, withinMs: number, work: () => unknown, cut?: () => string): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    const end = await settleWithin(this.#clock, withinMs, work);
    const note = end.kind === 'late' ? cut?.() : undefined;
    this.#steps.push({
      name,
      outcome: end.kind === 'late' ? 'cut' : end.kind,
      tookMs: this.#clock.monotonicMs() - startMs,
      ...(end.kind === 'failed' && { error: errorText(end.error) }),
      ...(note !== undefined && { note }),
    });
  }

  report(reason: string): StopReport {
    return {
      reason,
      forced: this.#steps.some(({ outcome }) => outcome === 'cut'),
      tookMs: this.#clock.monotonicMs() - this.#startMs,
      steps: [...this.#steps],
    };
  }
}
