import { z } from 'zod';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** Offsets of zones change on whole quarters of an hour. */
const QUARTER_MS = 15 * MINUTE_MS;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day as HH:MM');

export const dailyHoursSchema = z
  .strictObject({
    /** IANA time zone. */
    zone: z.string().refine(isZone, 'expected an IANA time zone').default('UTC'),
    /** Local time of day, `HH:MM`, inclusive. */
    from: clockTime,
    /** Local time of day, `HH:MM`, exclusive; at or before `from` it is on the next day. */
    to: clockTime,
    /** On which they begin: 1 is Monday, 7 is Sunday. Default: every day. */
    weekdays: z.array(z.int().min(1).max(7)).min(1).default([1, 2, 3, 4, 5, 6, 7]),
  })
  .refine(({ from, to }) => from !== to, { message: 'expected another time than `from`', path: ['to'] });

export type DailyHoursSettings = z.output<typeof dailyHoursSchema>;

/** Hours that come every day, or on some days of the week, by the clock of a place. */
export class DailyHours {
  readonly #format: Intl.DateTimeFormat;
  readonly #fromMinute: number;
  readonly #toMinute: number;
  readonly #weekdays: ReadonlySet<number>;
  #quarterMs = NaN;
  #quarterMinute = 0;
  #weekday = 1;

  constructor({ zone, from, to, weekdays }: DailyHoursSettings) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    this.#fromMinute = minuteOf(from);
    this.#toMinute = minuteOf(to);
    this.#weekdays = new Set(weekdays);
  }

  /** @param atMs wall time */
  includes(atMs: number): boolean {
    const minute = this.#minuteOfDay(atMs);
    const today = this.#weekdays.has(this.#weekday);
    const [from, to] = [this.#fromMinute, this.#toMinute];
    if (from < to) return today && minute >= from && minute < to;
    const yesterday = this.#weekdays.has(((this.#weekday + 5) % 7) + 1);
    return (today && minute >= from) || (yesterday && minute < to);
  }

  #minuteOfDay(atMs: number): number {
    const quarterMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    if (quarterMs !== this.#quarterMs) {
      const parts = new Map(this.#format.formatToParts(quarterMs).map(({ type, value }) => [type, value]));
      this.#quarterMinute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
      this.#weekday = WEEKDAYS.indexOf(parts.get('weekday') ?? '') + 1;
      this.#quarterMs = quarterMs;
    }
    return (this.#quarterMinute + (atMs - quarterMs) / MINUTE_MS) % DAY_MINUTES;
  }
}

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
