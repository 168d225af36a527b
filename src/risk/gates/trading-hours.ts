import { z } from 'zod';
import { DAY_MS, LocalTime, timeOfDayMs, timeOfDaySchema, zoneSchema } from '../../core/local-time.ts';
import { parseOptions } from '../../core/options.ts';

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const date = z.string().refine(isDate, "expected a date such as '2026-12-25'");

const sessionSchema = z.strictObject({
  /** Days on which it begins. */
  days: z.array(z.enum(WEEKDAYS)).min(1).readonly(),
  from: timeOfDaySchema,
  /** The first minute after it. Not later than `from`: on the next day. */
  to: timeOfDaySchema,
});

export const tradingHoursSchema = z
  .strictObject({
    /** IANA time zone of all that follows. */
    zone: zoneSchema.default('UTC'),
    sessions: z.array(sessionSchema.readonly()).min(1).readonly(),
    /** Dates on which no session begins. */
    holidays: z.array(date).readonly().default([]),
    /** When the sessions that begin on a date end, by date. */
    earlyCloses: z.record(date, timeOfDaySchema).default({}),
  })
  .readonly();

/** @interface */
export type TradingHoursOptions = z.input<typeof tradingHoursSchema>;

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

const NEVER: Span = { fromMs: Infinity, untilMs: -Infinity };

/**
 * Whether it is an hour at which there is trading. The answer is kept until it can change, so asking is cheap; a clock
 * that jumps, either way, is answered for where it is.
 */
export class TradingHours {
  readonly zone: string;
  readonly #sessions: readonly z.output<typeof sessionSchema>[];
  readonly #local: LocalTime;
  readonly #holidays: ReadonlySet<string>;
  readonly #earlyCloses: ReadonlyMap<string, string>;
  #known: Span = NEVER;
  #isOpen = false;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: TradingHoursOptions) {
    const { zone, sessions, holidays, earlyCloses } = parseOptions(
      'TradingHours',
      tradingHoursSchema,
      options,
    );
    this.zone = zone;
    this.#sessions = sessions;
    this.#local = new LocalTime(zone);
    this.#holidays = new Set(holidays);
    this.#earlyCloses = new Map(Object.entries(earlyCloses));
  }

  /** @throws {RangeError} for what is no time */
  isOpen(nowMs: number): boolean {
    const { fromMs, untilMs } = this.#known;
    if (!(nowMs >= fromMs && nowMs < untilMs)) this.#locate(nowMs);
    return this.#isOpen;
  }

  /** Local date and time, such as `2026-03-09 09:30`, for verdicts. */
  text(nowMs: number): string {
    if (!(Math.abs(nowMs) < 8.64e15)) return String(nowMs);
    return new Date(this.#local.at(nowMs)).toISOString().slice(0, 16).replace('T', ' ');
  }

  #locate(nowMs: number): void {
    const today = Math.floor(this.#local.at(nowMs) / DAY_MS) * DAY_MS;
    // None is longer than a day: what concerns today began today or yesterday.
    const spans = [...this.#spansOf(today - DAY_MS), ...this.#spansOf(today)];
    const edges = spans.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]);
    edges.push(this.#local.firstAt(today), this.#local.firstAt(today + DAY_MS));
    const fromMs = Math.max(...edges.filter((edge) => edge <= nowMs));
    const untilMs = Math.min(...edges.filter((edge) => edge > nowMs));
    this.#isOpen = spans.some((span) => nowMs >= span.fromMs && nowMs < span.untilMs);
    this.#known = { fromMs, untilMs };
  }

  /** The sessions that begin on a day, given as local midnight. */
  #spansOf(day: number): Span[] {
    const moment = new Date(day);
    const id = moment.toISOString().slice(0, 10);
    const weekday = WEEKDAYS[moment.getUTCDay()];
    if (this.#holidays.has(id) || weekday === undefined) return [];
    const early = this.#earlyCloses.get(id);
    return this.#sessions
      .filter(({ days }) => days.includes(weekday))
      .map((session) => endOf(session, early))
      .filter(({ from, end }) => end > from)
      .map(({ from, end }) => ({
        fromMs: this.#local.firstAt(day + from),
        untilMs: this.#local.firstAt(day + end),
      }));
  }
}

/** Of a session, from the midnight before it; an early close that is not later than its beginning is on the next day, if the session is. */
function endOf({ from, to }: z.output<typeof sessionSchema>, early: string | undefined) {
  const fromMs = timeOfDayMs(from);
  const crosses = timeOfDayMs(to) <= fromMs;
  const end = crosses ? timeOfDayMs(to) + DAY_MS : timeOfDayMs(to);
  if (early === undefined) return { from: fromMs, end };
  const close = crosses && timeOfDayMs(early) <= fromMs ? timeOfDayMs(early) + DAY_MS : timeOfDayMs(early);
  return { from: fromMs, end: Math.min(end, close) };
}

function isDate(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
