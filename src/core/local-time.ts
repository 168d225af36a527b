import { z } from 'zod';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** An IANA time zone. */
export const zoneSchema = z.string().refine(isZone, 'expected an IANA time zone');

/** `HH:MM`, from `00:00` to `23:59`. */
export const timeOfDaySchema = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "expected a time of day such as '09:30'");

/** Of a time of day, since midnight. */
export const timeOfDayMs = (time: string): number =>
  Number(time.slice(0, 2)) * HOUR_MS + Number(time.slice(3)) * MINUTE_MS;

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

  /**
   * What the clock on the wall shows, as if it were UTC, in whole milliseconds.
   *
   * @throws {RangeError} for what is no time
   */
  at(ms: number): number {
    const whole = Math.floor(ms);
    const parts = Object.fromEntries(
      this.#format.formatToParts(whole).map(({ type, value }) => [type, value]),
    );
    const of = (part: string): number => Number(parts[part]);
    const seconds = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
    return seconds + (((whole % 1_000) + 1_000) % 1_000);
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

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
