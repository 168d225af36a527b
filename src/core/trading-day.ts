import { z } from 'zod';
import { DAY_MS, HOUR_MS, LocalTime, zoneSchema } from './local-time.ts';
import { parseOptions } from './options.ts';

/** Calendar day on which a trading day ends, as `YYYY-MM-DD`. */
export type DayId = string;

const schema = z.strictObject({
  /** IANA time zone. */
  zone: zoneSchema.default('UTC'),
  /** Local hour at which the day rolls, 0 to 23. */
  rollHour: z.int().min(0).max(23).default(0),
});

/** @interface */
export type TradingDayOptions = z.input<typeof schema>;

/** Clocks are set back by less. */
const LONGEST_JUMP_MS = 3 * HOUR_MS;

/**
 * Trading days from a zone and a roll hour. Days of 23 and 25 hours exist, and others. A roll hour that the clock jumps over
 * rolls at the jump; one that it repeats rolls the first time. The boundary is cached, so asking is cheap.
 */
export class TradingDay {
  readonly #rollHour: number;
  readonly #local: LocalTime;
  #fromMs = Infinity;
  #untilMs = -Infinity;
  #day: DayId = '';

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: TradingDayOptions = {}) {
    const { zone, rollHour } = parseOptions('TradingDay', schema, options);
    this.#rollHour = rollHour;
    this.#local = new LocalTime(zone);
  }

  dayOf(nowMs: number): DayId {
    this.#locate(nowMs);
    return this.#day;
  }

  /** Wall time at which the day of `nowMs` ends. */
  nextRollMs(nowMs: number): number {
    this.#locate(nowMs);
    return this.#untilMs;
  }

  #locate(nowMs: number): void {
    if (nowMs >= this.#fromMs && nowMs < this.#untilMs) return;
    this.#day = this.#compute(nowMs);
    this.#fromMs = this.#edge(nowMs, -1);
    this.#untilMs = this.#edge(nowMs, 1);
  }

  /** First millisecond of this day (direction -1), or of the next one (direction 1): doubles outwards, then halves. */
  #edge(nowMs: number, direction: 1 | -1): number {
    // Days begin at whole milliseconds; halving between fractions would not end.
    let inside = Math.floor(nowMs);
    let outside = inside;
    for (let stepMs = HOUR_MS; this.#compute(outside) === this.#day; stepMs *= 2) {
      inside = outside;
      outside += direction * stepMs;
    }
    while (Math.abs(outside - inside) > 1) {
      const middle = Math.floor((inside + outside) / 2);
      if (this.#compute(middle) === this.#day) inside = middle;
      else outside = middle;
    }
    return direction === 1 ? outside : inside;
  }

  #compute(ms: number): DayId {
    const shiftMs = this.#rollHour === 0 ? 0 : DAY_MS - this.#rollHour * HOUR_MS;
    return new Date(this.#furthest(ms) + shiftMs).toISOString().slice(0, 10);
  }

  /**
   * The furthest that the local clock has come: where it is set back behind midnight or the roll hour, the day that has begun
   * goes on. As milliseconds of a clock that is never set.
   */
  #furthest(ms: number): number {
    const now = this.#local.at(ms);
    let before = ms - LONGEST_JUMP_MS;
    const offsetMs = this.#local.at(before) - before;
    if (offsetMs <= now - ms) return now;
    let after = ms;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#local.at(middle) - middle >= offsetMs) before = middle;
      else after = middle;
    }
    return Math.max(now, this.#local.at(before));
  }
}
