import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import type { Ticks, Units } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';
import {
  type Sized,
  badInput,
  distanceInTicks,
  fitted,
  leverageField,
  shareField,
  shareOf,
} from './sized.ts';

const schema = z.strictObject({
  /** What of equity is lost when the price moves by `multiple` average true ranges. */
  riskFraction: shareField,
  /** How many average true ranges away the stop is. */
  multiple: z.number().gt(0).max(100).default(2),
  /** Most that is invested, as a multiple of equity. */
  maxLeverage: leverageField,
});

/** @interface */
export type AtrRiskOptions = z.input<typeof schema>;

export interface AtrRiskInput {
  readonly instrument: Instrument;
  readonly equity: Units;
  readonly price: Ticks;
  /** Average true range in quote currency, as the indicator gives it. */
  readonly atr: number;
}

/**
 * Sizes a trade by the range in which the price moves: `quantity = equity x riskFraction / (multiple x ATR)`, the distance
 * rounded up to the tick (the unit of the Turtle system: Faith, Way of the Turtle, 2007; ATR: Wilder, New Concepts in
 * Technical Trading Systems, 1978).
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function atrRisk(options: AtrRiskOptions): (input: AtrRiskInput) => Sized {
  const { riskFraction, multiple, maxLeverage } = parseOptions('atrRisk', schema, options);
  return ({ instrument, equity, price, atr }) => {
    const bad = badInput({ equity, price }, { atr });
    if (bad !== undefined) return bad;
    return fitted({
      instrument,
      price,
      budget: shareOf(equity, riskFraction),
      riskPerUnit: distanceInTicks(instrument, multiple * atr),
      cap: shareOf(equity, maxLeverage),
    });
  };
}
