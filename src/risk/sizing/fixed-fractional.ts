import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import { type Ticks, type Units, abs, sub } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';
import { type Sized, badInput, fitted, leverageField, shareField, shareOf } from './sized.ts';

const schema = z.strictObject({
  /** What of equity is lost when the stop is hit. */
  riskFraction: shareField,
  /** Most that is invested, as a multiple of equity. */
  maxLeverage: leverageField,
});

/** @interface */
export type FixedFractionalOptions = z.input<typeof schema>;

export interface FixedFractionalInput {
  readonly instrument: Instrument;
  readonly equity: Units;
  readonly entry: Ticks;
  /** Below the entry of a long position, above that of a short one. Slippage beyond it is not counted. */
  readonly stop: Ticks;
}

/**
 * Sizes a trade so that a stop costs a fixed fraction of equity: `quantity = equity x riskFraction / |entry - stop|`
 * (Vince, Portfolio Management Formulas, 1990; Tharp, Trade Your Way to Financial Freedom, "percent risk").
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function fixedFractional(options: FixedFractionalOptions): (input: FixedFractionalInput) => Sized {
  const { riskFraction, maxLeverage } = parseOptions('fixedFractional', schema, options);
  return ({ instrument, equity, entry, stop }) => {
    const riskPerUnit = abs(sub(entry, stop));
    // A stop at the entry is none.
    const bad = badInput({ equity, entry, stop }) ?? badInput({ stop: riskPerUnit });
    if (bad !== undefined) return bad;
    const budget = shareOf(equity, riskFraction);
    return fitted({ instrument, price: entry, budget, riskPerUnit, cap: shareOf(equity, maxLeverage) });
  };
}
