const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** Wall clock of a time zone. Slow: ask once per boundary, not once per order. */
export class LocalTime {
  readonly #format: Intl.DateTimeFormat;

  /** @param zone IANA time zone */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      era: 'narrow',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      hourCycle: 'h23',
    });
  }

  /** What the clock on the wall shows, as if it were UTC, in whole seconds. */
  at(ms: number): number {
    const parts = Object.fromEntries(this.#format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const of = (part: string): number => Number(parts[part]);
    return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  }

  /**
   * The first moment at which the clock on the wall shows `local` or more: the first of two where it is set back, the
   * moment of the change where it is set forward past it.
   */
  firstAt(local: number): number {
    // No zone is further than a day from UTC, and no change of a clock as long as that.
    let [before, reached] = [local - DAY_MS, local + DAY_MS];
    const offsets = [this.#offsetAt(before), this.#offsetAt(reached)];
    const exact = offsets.map((offset) => local - offset).filter((ms) => this.at(ms) === local);
    if (exact.length > 0) return Math.min(...exact);
    while (reached - before > MINUTE_MS) {
      const middle = Math.floor((before + reached) / 2);
      if (this.at(middle) >= local) reached = middle;
      else before = middle;
    }
    return Math.floor(reached / MINUTE_MS) * MINUTE_MS;
  }

  #offsetAt(ms: number): number {
    return this.at(ms) - ms;
  }
}
