import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import type { Ticks, Units } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';
import { type Sized, badInput, fitted, leverageField, shareOf } from './sized.ts';

const schema = z.strictObject({
  /** Annualised volatility that the position should have, as a fraction of equity: 0.1 is 10 %. */
  targetVolatility: z.number().gt(0).max(10),
  /** Returns in a year: 252 daily ones of a stock exchange, 365 of a market that never closes. */
  periodsPerYear: z.number().gt(0).max(1e9),
  /** Most that is invested, as a multiple of equity. */
  maxLeverage: leverageField,
});

/** @interface */
export type VolatilityTargetOptions = z.input<typeof schema>;

export interface VolatilityTargetInput {
  readonly instrument: Instrument;
  readonly equity: Units;
  readonly price: Ticks;
  /** Volatility of one period, as a fraction; or the returns to take it from, two at least, of which all must be known. */
  readonly sigma: number | ArrayLike<number>;
}

/**
 * Sizes a position for a volatility: `value = equity x target / (sigma x sqrt(periodsPerYear))` (Moskowitz, Ooi and
 * Pedersen, Time Series Momentum, 2012; Harvey et al., The Impact of Volatility Targeting, 2018). The budget is that value.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function volatilityTarget(options: VolatilityTargetOptions): (input: VolatilityTargetInput) => Sized {
  const parsed = parseOptions('volatilityTarget', schema, options);
  const { targetVolatility, periodsPerYear, maxLeverage } = parsed;
  return ({ instrument, equity, price, sigma }) => {
    const perPeriod = typeof sigma === 'number' ? sigma : sampleDeviation(sigma);
    const bad = badInput({ equity, price }, { sigma: perPeriod });
    if (bad !== undefined) return bad;
    const budget = shareOf(equity, targetVolatility / (perPeriod * Math.sqrt(periodsPerYear)));
    return fitted({ instrument, price, budget, riskPerUnit: price, cap: shareOf(equity, maxLeverage) });
  };
}

/** Sample standard deviation, in two passes; NaN of fewer than two returns, or when one is unknown. */
function sampleDeviation(returns: ArrayLike<number>): number {
  const n = returns.length;
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += returns[i] ?? NaN;
  let squares = 0;
  for (let i = 0; i < n; i += 1) squares += ((returns[i] ?? NaN) - sum / n) ** 2;
  return n < 2 ? NaN : Math.sqrt(squares / (n - 1));
}
