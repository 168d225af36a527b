/** What a source has been, and since when, on the monotonic clock. */
interface Standing {
  readonly isGood: boolean;
  readonly sinceMs: number;
}

export interface SelectionOptions {
  readonly failAfterMs: number;
  readonly returnAfterMs: number;
}

/**
 * Which of several sources counts, in order of preference. The active one is left when it has been bad for `failAfterMs`
 * and another is good: for the first of those. One that is preferred to it takes over when it has been good for
 * `returnAfterMs` without a break.
 */
export class SourceSelection {
  readonly #options: SelectionOptions;
  #standings: readonly Standing[];
  #active = 0;

  /** Each source counts as bad from now on; the first is active. */
  constructor(options: SelectionOptions, sources: number, nowMs: number) {
    this.#options = options;
    this.#standings = Array.from({ length: sources }, () => ({ isGood: false, sinceMs: nowMs }));
  }

  /** Its index. */
  get active(): number {
    return this.#active;
  }

  /** How long a source has been as it is. */
  sinceMs(source: number): number {
    return this.#standings[source]?.sinceMs ?? NaN;
  }

  /** @returns whether another one is active now */
  look(good: readonly boolean[], nowMs: number): boolean {
    if (this.#standings.some((standing, i) => standing.isGood !== good[i])) {
      this.#standings = this.#standings.map((standing, i) => {
        const isGood = good[i] === true;
        return isGood === standing.isGood ? standing : { isGood, sinceMs: nowMs };
      });
    }
    const before = this.#active;
    this.#active = this.#chosen(nowMs);
    return this.#active !== before;
  }

  #chosen(nowMs: number): number {
    const { failAfterMs, returnAfterMs } = this.#options;
    const standings = this.#standings;
    const active = standings[this.#active];
    if (active?.isGood === true) {
      const back = standings.findIndex(({ isGood, sinceMs }) => isGood && nowMs - sinceMs >= returnAfterMs);
      return back >= 0 && back < this.#active ? back : this.#active;
    }
    if (active !== undefined && nowMs - active.sinceMs < failAfterMs) return this.#active;
    const other = standings.findIndex(({ isGood }) => isGood);
    return other >= 0 ? other : this.#active;
  }
}
