import type { Clock } from '../../core/clock.ts';

/** How many looks that say the same are enough, and over how long. */
export interface LookCountRule {
  readonly graceMs: number;
  readonly looks: number;
}

interface Seen {
  readonly about: unknown;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** Counts looks that all said the same: one alone may have come before what it should have seen. */
export class LookCount {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #rule: LookCountRule;
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Pick<Clock, 'monotonicMs'>, rule: LookCountRule) {
    this.#clock = clock;
    this.#rule = rule;
  }

  /**
   * Counts one more look. Two in one instant are one: they saw the same.
   *
   * @param what what was looked at
   * @param about what we know of it: when that has changed since the look before, counting begins again
   * @returns how many there were once they are enough, `undefined` before
   */
  more(what: string, about: unknown): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#seen.get(what);
    const isSame = before !== undefined && before.about === about;
    const { sinceMs, lastMs, count } = isSame ? before : { sinceMs: nowMs, lastMs: NaN, count: 0 };
    const now = lastMs === nowMs ? count : count + 1;
    this.#seen.set(what, { about, sinceMs, lastMs: nowMs, count: now });
    const { looks, graceMs } = this.#rule;
    return now >= looks && nowMs - sinceMs >= graceMs ? now : undefined;
  }

  /** Whether it has been looked at since it was forgotten. */
  has(what: string): boolean {
    return this.#seen.has(what);
  }

  forget(what: string): void {
    this.#seen.delete(what);
  }
}
