import { z } from 'zod';
import { parseOptions } from '../core/options.ts';

const schema = z.strictObject({
  /** One sample per interval is kept, its last; milliseconds. */
  intervalMs: z.number().gt(0).default(60_000),
});

/** @interface */
export type EquityCurveOptions = z.input<typeof schema>;

/** The deepest fall of a curve, as a fraction of the highest value before it. */
export interface Drawdown {
  /** 0 to 1 and beyond if equity went below zero. Nothing is measured until equity has been above zero. */
  readonly fraction: number;
  readonly amount: number;
  readonly peakMs: number;
  readonly troughMs: number;
}

const NONE: Drawdown = { fraction: 0, amount: 0, peakMs: NaN, troughMs: NaN };

/** Less variation than this is the rounding of a division. */
const ROUNDING = 1e-14;

/**
 * Equity over time, in float64 for statistics. Drawdown and total return see every sample; the curve keeps the last of each
 * interval, and has none for an interval without a sample. Deposits and withdrawals look like profit and loss.
 */
export class EquityCurve {
  readonly #intervalMs: number;
  readonly #times: number[] = [];
  readonly #values: number[] = [];
  #first: number | undefined;
  #peak = -Infinity;
  #peakMs = NaN;
  #deepest = NONE;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: EquityCurveOptions = {}) {
    this.#intervalMs = parseOptions('EquityCurve', schema, options).intervalMs;
  }

  /** Takes a sample. Times must not decrease; a value that is unknown (NaN) is no sample. */
  add(timeMs: number, equity: number): void {
    if (!Number.isFinite(equity)) return;
    this.#first ??= equity;
    const last = this.#times.length - 1;
    const lastMs = this.#times[last] ?? -Infinity;
    if (Math.floor(timeMs / this.#intervalMs) === Math.floor(lastMs / this.#intervalMs)) {
      this.#times[last] = timeMs;
      this.#values[last] = equity;
    } else {
      this.#times.push(timeMs);
      this.#values.push(equity);
    }
    this.#measure(timeMs, equity);
  }

  get times(): readonly number[] {
    return this.#times;
  }

  get values(): readonly number[] {
    return this.#values;
  }

  get maxDrawdown(): Drawdown {
    return this.#deepest;
  }

  /** Last sample over the first, less one; NaN without a sample, or when the first is not above zero. */
  get totalReturn(): number {
    return rate(this.#first ?? NaN, this.#values.at(-1) ?? NaN);
  }

  /**
   * Mean over standard deviation (n - 1) of the returns per interval, times the square root of the intervals in a year. NaN
   * with less than three intervals, without any variation, or when equity was not above zero. Sharpe, "The Sharpe Ratio",
   * 1994, with a riskless return of 0.
   *
   * @param intervalsPerYear how many intervals a year has, such as 525,600 minutes
   */
  sharpe(intervalsPerYear: number): number {
    const returns = this.#values.slice(1).map((value, i) => rate(this.#values[i] ?? NaN, value));
    if (returns.length < 2) return NaN;
    const mean = returns.reduce((total, r) => total + r, 0) / returns.length;
    const variance = returns.reduce((total, r) => total + (r - mean) ** 2, 0) / (returns.length - 1);
    const deviation = Math.sqrt(variance);
    return deviation > ROUNDING ? (mean / deviation) * Math.sqrt(intervalsPerYear) : NaN;
  }

  #measure(timeMs: number, equity: number): void {
    if (equity > this.#peak) {
      this.#peak = equity;
      this.#peakMs = timeMs;
      return;
    }
    const amount = this.#peak - equity;
    const fraction = this.#peak > 0 ? amount / this.#peak : NaN;
    if (fraction > this.#deepest.fraction)
      this.#deepest = { fraction, amount, peakMs: this.#peakMs, troughMs: timeMs };
  }
}

const rate = (from: number, to: number): number => (from > 0 ? to / from - 1 : NaN);
