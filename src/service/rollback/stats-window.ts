import { increaseOf, together } from './stats-difference.ts';
import type { StatsSample } from './version-stats.ts';

interface Increase {
  /** Monotonic time of the sample before. */
  readonly sinceMs: number;
  readonly stats: StatsSample;
}

/**
 * What came since the last verdict, out of samples of counters: each request is judged once. Nothing that began more than
 * `windowMs` ago is kept, except the last increase, however long it took.
 */
export class StatsWindow {
  readonly #windowMs: number;
  #last: { readonly sample: StatsSample; readonly atMs: number } | undefined;
  #increases: Increase[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param atMs monotonic time, never before that of the last sample */
  add(sample: StatsSample, atMs: number): void {
    if (this.#last !== undefined) {
      const { sample: before, atMs: sinceMs } = this.#last;
      this.#increases.push({ sinceMs, stats: increaseOf(before, sample) });
    }
    this.#last = { sample, atMs };
    this.#increases = this.#increases.filter(
      ({ sinceMs }, at, all) => atMs - sinceMs <= this.#windowMs || at === all.length - 1,
    );
  }

  /** All of it together; undefined before the second sample, and right after `clear`. */
  get total(): StatsSample | undefined {
    const [first, ...later] = this.#increases;
    return first === undefined
      ? undefined
      : later.reduce((sum, { stats }) => together(sum, stats), first.stats);
  }

  /** Forgets what came so far; the next increase counts from the last sample. */
  clear(): void {
    this.#increases = [];
  }
}
