import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import type { Ticks, Units } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';
import { type Sized, badInput, fitted, nothing, shareField, shareOf } from './sized.ts';

const schema = z.strictObject({
  /** Share of the Kelly fraction that is taken. Half gives three quarters of the growth at half the volatility. */
  kellyFraction: shareField.default(0.5),
  /** Most of equity that is invested, whatever the statistics say. */
  maxFraction: shareField.default(0.25),
});

/** @interface */
export type KellyOptions = z.input<typeof schema>;

export interface KellyInput {
  readonly instrument: Instrument;
  readonly equity: Units;
  readonly price: Ticks;
  /** Mean return of a trade or period in the direction of the trade, above the riskless rate, after costs. */
  readonly mean: number;
  /** Sample variance of the same returns. */
  readonly variance: number;
  /** How many returns both were taken from; 2 or more. */
  readonly sampleSize: number;
}

export type KellySized = Sized & {
  /** Share of equity after shrinkage and `kellyFraction`, before the cap; 0 without an edge. */
  readonly fraction: number;
};

/**
 * Sizes a position by a part of the Kelly fraction `mean / variance` (Thorp, The Kelly Criterion in Blackjack, Sports
 * Betting, and the Stock Market, 2006, section 7), with the mean shrunk towards 0 for what it owes to chance: the
 * positive-part rule `mean x max(0, 1 - (variance / n) / mean^2)`, since a mean squared exceeds the true one's by
 * `variance / n` on average (James and Stein, 1961; Efron and Morris, 1973; for Kelly bets Baker and McHale, 2013). A mean
 * within one standard error of 0 is no edge. The budget is the value of the position.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function kelly(options: KellyOptions = {}): (input: KellyInput) => KellySized {
  const { kellyFraction, maxFraction } = parseOptions('kelly', schema, options);
  return ({ instrument, equity, price, mean, variance, sampleSize }) => {
    const n = sampleSize >= 2 ? sampleSize : NaN;
    const bad = badInput({ equity, price }, { variance, sampleSize: n });
    if (bad !== undefined) return { ...bad, fraction: 0 };
    if (!Number.isFinite(mean)) return { ...nothing('input', shareOf(equity, 0), 'mean'), fraction: 0 };
    // The shrunk mean over the variance, multiplied out; it grows with the mean and with n, and falls with the variance.
    const full = mean > 0 ? mean / variance - 1 / (n * mean) : 0;
    if (!(full > 0)) return { ...nothing('edge', shareOf(equity, 0)), fraction: 0 };
    const fraction = kellyFraction * full;
    const sized = fitted({
      instrument,
      price,
      budget: shareOf(equity, fraction),
      riskPerUnit: price,
      cap: shareOf(equity, maxFraction),
    });
    return { ...sized, fraction };
  };
}
