import { z } from 'zod';
import {
  DAY_MS,
  LocalTime,
  MINUTE_MS,
  timeOfDayMs,
  timeOfDaySchema,
  zoneSchema,
} from '../core/local-time.ts';

/** Offsets of zones change on whole quarters of an hour. */
const QUARTER_MS = 15 * MINUTE_MS;

export const dailyHoursSchema = z
  .strictObject({
    /** IANA time zone. */
    zone: zoneSchema.default('UTC'),
    /** Local time of day, `HH:MM`, inclusive. */
    from: timeOfDaySchema,
    /** Local time of day, `HH:MM`, exclusive; at or before `from` it is on the next day. */
    to: timeOfDaySchema,
    /** On which they begin: 1 is Monday, 7 is Sunday. Default: every day. */
    weekdays: z.array(z.int().min(1).max(7)).min(1).default([1, 2, 3, 4, 5, 6, 7]),
  })
  .refine(({ from, to }) => from !== to, { message: 'expected another time than `from`', path: ['to'] });

export type DailyHoursSettings = z.output<typeof dailyHoursSchema>;

/** Hours that come every day, or on some days of the week, by the clock of a place. */
export class DailyHours {
  readonly #local: LocalTime;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #weekdays: ReadonlySet<number>;
  #quarterMs = NaN;
  /** What the clock shows at the beginning of the quarter, since midnight. */
  #shownMs = 0;
  #weekday = 1;

  constructor({ zone, from, to, weekdays }: DailyHoursSettings) {
    this.#local = new LocalTime(zone);
    this.#fromMs = timeOfDayMs(from);
    this.#toMs = timeOfDayMs(to);
    this.#weekdays = new Set(weekdays);
  }

  /** @param atMs wall time */
  includes(atMs: number): boolean {
    const shownMs = this.#sinceMidnight(atMs);
    const today = this.#weekdays.has(this.#weekday);
    const [from, to] = [this.#fromMs, this.#toMs];
    if (from < to) return today && shownMs >= from && shownMs < to;
    const yesterday = this.#weekdays.has(((this.#weekday + 5) % 7) + 1);
    return (today && shownMs >= from) || (yesterday && shownMs < to);
  }

  #sinceMidnight(atMs: number): number {
    const quarterMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    if (quarterMs !== this.#quarterMs) {
      const local = this.#local.at(quarterMs);
      this.#shownMs = local - Math.floor(local / DAY_MS) * DAY_MS;
      this.#weekday = new Date(local).getUTCDay() || 7;
      this.#quarterMs = quarterMs;
    }
    return this.#shownMs + (atMs - quarterMs);
  }
}
