import type { Clock } from '../core/clock.ts';

/** How many looks that say the same are enough, and over how long. */
export interface LookCountRule {
  readonly graceMs: number;
  readonly looks: number;
}

interface Seen {
  readonly about: unknown;
  readonly sinceMs: number;
  readonly count: number;
}

/** Counts looks at orders that all said the same: one alone may have come before what it should have seen. */
export class LookCount {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #rule: LookCountRule;
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Pick<Clock, 'monotonicMs'>, rule: LookCountRule) {
    this.#clock = clock;
    this.#rule = rule;
  }

  /**
   * Counts one more look.
   *
   * @param about what we know of the order: when that has changed since the look before, counting begins again
   * @returns how many there were once they are enough, `undefined` before
   */
  more(clientOrderId: string, about: unknown): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#seen.get(clientOrderId);
    const { sinceMs, count } =
      before !== undefined && before.about === about ? before : { sinceMs: nowMs, count: 0 };
    this.#seen.set(clientOrderId, { about, sinceMs, count: count + 1 });
    const { looks, graceMs } = this.#rule;
    return count + 1 >= looks && nowMs - sinceMs >= graceMs ? count + 1 : undefined;
  }

  forget(clientOrderId: string): void {
    this.#seen.delete(clientOrderId);
  }
}
