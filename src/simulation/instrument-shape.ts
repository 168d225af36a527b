import { z } from 'zod';
import { type DecimalInput, decimal, decimalText } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { type Increment, toGrid } from '../core/increment.ts';
import type { Instrument } from '../trading/instrument.ts';

/** Kept as plain text, so that the settings can be written down as they are. */
export const amountSchema = z
  .custom<DecimalInput>(
    (value) => decimalText(value) !== undefined,
    'expected a plain decimal as string, bigint or Decimal',
  )
  .transform((value) => decimal(value).toFixed());

/** How one instrument of a simulated market trades. */
export const instrumentShape = {
  /** In quote currency, a multiple of the tick. */
  startPrice: amountSchema.prefault('50000'),
  /** Expected return of a day. */
  dailyDriftFraction: z.number().min(-10).max(10).default(0),
  /** Standard deviation of a day's return in the normal regime; calm is half, wild more than twice as much. */
  dailyVolatilityFraction: z.number().min(0).max(10).default(0.03),
  /** Usual spread. */
  spreadBps: z.number().positive().max(5_000).default(1),
  /** Price levels on each side. */
  levels: z.int().min(2).max(200).default(10),
  /** Usual quantity at a level, in units of the base. */
  levelQuantity: amountSchema.prefault('2'),
  /** Usual quantity of a trade, in units of the base. */
  tradeQuantity: amountSchema.prefault('0.3'),
  /** Mean number of takers in a step of a normal hour. */
  tradesPerStep: z.number().min(0).max(20).default(0.6),
};

interface Amounts {
  readonly startPrice: string;
  readonly levelQuantity: string;
  readonly tradeQuantity: string;
}

/** The amounts of an instrument on its grid. */
export interface InstrumentSizes {
  readonly startTicks: number;
  readonly levelLots: number;
  readonly tradeLots: number;
}

/**
 * @param component name for the message, such as `SimulatedMarket`
 * @throws {PortcullisError} `OPTION_INVALID` for an amount that is not a positive multiple of tick or step
 */
export function instrumentSizes(component: string, amounts: Amounts, { grid }: Instrument): InstrumentSizes {
  const onGrid = (field: keyof Amounts, by: Increment): number => {
    const text = amounts[field];
    const count = toGrid(text, by, 'exact');
    if (count > 0) return count;
    throw new PortcullisError(
      'OPTION_INVALID',
      `${component}: ${field}: expected a positive multiple of ${by.value.toFixed()}, got ${text}`,
    );
  };
  return {
    startTicks: onGrid('startPrice', grid.tick),
    levelLots: onGrid('levelQuantity', grid.step),
    tradeLots: onGrid('tradeQuantity', grid.step),
  };
}
