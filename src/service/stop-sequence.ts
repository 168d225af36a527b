import type { Clock } from '../core/clock.ts';
import { settleWithin } from './settle-within.ts';

/** One step of a stop. `cut`: it was not over when the time was, and the stop went on without it. */
export interface StopStep {
  readonly name: string;
  readonly outcome: 'done' | 'failed' | 'cut';
  readonly tookMs: number;
  /** Why it failed. */
  readonly error?: string;
}

/** What a stop did, in order. */
export interface StopReport {
  readonly reason: string;
  /** Whether anything was cut. */
  readonly forced: boolean;
  readonly tookMs: number;
  readonly steps: readonly StopStep[];
}

/** Runs the steps of a stop one after the other under one deadline. A step that fails or hangs never keeps the next from running. */
export class StopSequence {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #startMs: number;
  readonly #steps: StopStep[] = [];

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#startMs = clock.monotonicMs();
  }

  /** Runs a step in what is left of the time, then calls `cut` if it is not over. Never rejects. */
  async run(name: string, work: () => unknown, cut?: () => void): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    const leftMs = this.#timeoutMs - (startMs - this.#startMs);
    const end = await settleWithin(this.#clock, leftMs, work);
    if (end.kind === 'late') cut?.();
    this.#steps.push({
      name,
      outcome: end.kind === 'late' ? 'cut' : end.kind,
      tookMs: this.#clock.monotonicMs() - startMs,
      ...(end.kind === 'failed' ? { error: String(end.error) } : {}),
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
