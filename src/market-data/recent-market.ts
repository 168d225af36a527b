import type { Ticks } from '../core/units.ts';
import type { RecentMarks, RecentSpread } from '../trading/market-view.ts';
import { z } from 'zod';
import { RollingExtreme } from './rolling-extreme.ts';
import { RollingMedian } from './rolling-median.ts';

const MAX_SAMPLES = 3_600;

export const RecentMarketOptionsSchema = z
  .strictObject({
    sampleMs: z.int().min(1).default(1_000),
    spreadWindowMs: z.int().min(1).default(300_000),
    marksWindowMs: z.int().min(1).default(300_000),
  })
  .superRefine(({ sampleMs, ...windows }, context) => {
    for (const [name, windowMs] of Object.entries(windows)) {
      const samples = windowMs / sampleMs;
      if (Number.isInteger(samples) && samples <= MAX_SAMPLES) continue;
      const message = `expected a whole number of samples, 1 to ${MAX_SAMPLES}`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });

/**
 * - `sampleMs`: length of a sample. Default 1,000.
 * - `spreadWindowMs`: over which the median of the spread is taken, 1 to 3,600 samples. Default 300,000.
 * - `marksWindowMs`: over which the range of the marks is taken, 1 to 3,600 samples. Default 300,000.
 *
 * @interface
 */
export type RecentMarketOptions = z.input<typeof RecentMarketOptionsSchema>;

/**
 * What spread and mark of one instrument have been. Time is cut into samples of `sampleMs` by the monotonic clock. Of each
 * sample in which the market was good at least once, the last good spread counts as one, however many events came, and
 * all good marks widen the range. The sample of now counts once it is over, so that no moment is compared with itself.
 *
 * Within a sample an event costs a few comparisons. Once a sample it costs a binary search and a block move in each
 * direction, within as many numbers as the window has samples. A clock that steps back prolongs the sample of now; one that goes
 * back by a window or more makes it begin again from nothing.
 */
export class RecentMarket {
  readonly #options: z.output<typeof RecentMarketOptionsSchema>;
  readonly #spreadSamples: number;
  readonly #marksSamples: number;
  readonly #spreads: RollingMedian;
  readonly #lows = new RollingExtreme('lowest');
  readonly #highs = new RollingExtreme('highest');
  #spread: RecentSpread | undefined;
  #marks: RecentMarks | undefined;
  /** The sample of now, by its place in time, and its bounds. */
  #place = -Infinity;
  #fromMs = Infinity;
  #untilMs = -Infinity;
  /** What was good in it; NaN while nothing was. */
  #bid = NaN;
  #ask = NaN;
  #low = NaN;
  #high = NaN;

  constructor(options: z.output<typeof RecentMarketOptionsSchema>) {
    this.#options = options;
    this.#spreadSamples = options.spreadWindowMs / options.sampleMs;
    this.#marksSamples = options.marksWindowMs / options.sampleMs;
    this.#spreads = new RollingMedian(this.#spreadSamples);
  }

  /** The same object as long as nothing in it changes; so are the marks. */
  get spread(): RecentSpread | undefined {
    return this.#spread;
  }

  get marks(): RecentMarks | undefined {
    return this.#marks;
  }

  /** Moves on to now: a sample that is over begins to count, and old ones leave. */
  advance(nowMs: number): void {
    if (nowMs >= this.#fromMs && nowMs < this.#untilMs) return;
    const place = Math.floor(nowMs / this.#options.sampleMs);
    const back = this.#place - place;
    if (back > 0 && back < Math.max(this.#spreadSamples, this.#marksSamples)) return;
    if (back > 0) this.#forget();
    else this.#close();
    this.#begin(place);
    this.#expire();
    this.#publish();
  }

  /** A good market in the sample of now. */
  see(bid: Ticks, ask: Ticks, mark: Ticks): void {
    this.#bid = bid;
    this.#ask = ask;
    if (!(mark >= this.#low)) this.#low = mark; // NaN is no mark yet
    if (!(mark <= this.#high)) this.#high = mark;
  }

  #close(): void {
    if (Number.isNaN(this.#low)) return;
    this.#spreads.add(((this.#ask - this.#bid) * 20_000) / (this.#ask + this.#bid), this.#place);
    this.#lows.add(this.#low, this.#place);
    this.#highs.add(this.#high, this.#place);
  }

  #forget(): void {
    this.#spreads.clear();
    this.#lows.clear();
    this.#highs.clear();
  }

  #begin(place: number): void {
    const { sampleMs } = this.#options;
    this.#place = place;
    this.#fromMs = place * sampleMs;
    this.#untilMs = this.#fromMs + sampleMs;
    this.#low = NaN;
    this.#high = NaN;
  }

  /** Keeps the samples just before that of now, as many as a window has. */
  #expire(): void {
    this.#spreads.expire(this.#place - this.#spreadSamples);
    this.#lows.expire(this.#place - this.#marksSamples);
    this.#highs.expire(this.#place - this.#marksSamples);
  }

  #publish(): void {
    const { size: samples, median: medianBps } = this.#spreads;
    const { spreadWindowMs, marksWindowMs } = this.#options;
    const spread = this.#spread;
    if (samples === 0) this.#spread = undefined;
    else if (spread?.samples !== samples || spread.medianBps !== medianBps)
      this.#spread = { medianBps, samples, windowMs: spreadWindowMs };
    const low = this.#lows.value as Ticks;
    const high = this.#highs.value as Ticks;
    const marks = this.#marks;
    if (Number.isNaN(low)) this.#marks = undefined;
    else if (marks?.low !== low || marks.high !== high) this.#marks = { low, high, windowMs: marksWindowMs };
  }
}
