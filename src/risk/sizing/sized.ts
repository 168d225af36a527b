import { z } from 'zod';
import { type Lots, type Ticks, type Units, fit, lots, notionalDown, units } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';

/**
 * What decided a quantity: `risk` the budget, `cap` the most that may be invested, `maxQuantity` the instrument. With these
 * the quantity is 0: `minQuantity` and `minNotional`, which what was left is below; `edge`, none is left; `input`, something
 * that was passed in is no positive number.
 */
export type SizeBound = 'risk' | 'cap' | 'maxQuantity' | 'minQuantity' | 'minNotional' | 'edge' | 'input';

export interface Sized {
  /** On the grid of the instrument, rounded down; 0 for no trade. */
  readonly quantity: Lots;
  readonly bound: SizeBound;
  /** Money at risk, or invested where the sizing says so, that the quantity had to fit into. */
  readonly budget: Units;
  /** Which input, when `bound` is `input`. */
  readonly input?: string;
}

/** How much of equity may be invested at once; 1 without leverage. */
export const leverageField = z.number().gt(0).max(100).default(1);

/** A share of equity. */
export const shareField = z.number().gt(0).max(1);

/** Money for a share of equity, rounded down. */
export const shareOf = (equity: Units, share: number): Units =>
  units(Math.min(Math.floor(equity * share), Number.MAX_SAFE_INTEGER));

/**
 * The first input that is not what it should be, so that nothing is traded on it: money and prices are positive whole
 * numbers, statistics positive and finite.
 */
export function badInput(
  exact: Readonly<Record<string, Units | Ticks>>,
  statistics: Readonly<Record<string, number>> = {},
): Sized | undefined {
  for (const [input, value] of Object.entries(exact)) {
    if (!(value > 0 && Number.isSafeInteger(value))) return nothing('input', units(0), input);
  }
  for (const [input, value] of Object.entries(statistics)) {
    if (!(value > 0 && value < Infinity)) return nothing('input', units(0), input);
  }
  return undefined;
}

export const nothing = (bound: SizeBound, budget: Units, input?: string): Sized => ({
  quantity: lots(0),
  bound,
  budget,
  ...(input !== undefined && { input }),
});

export interface Fitting {
  readonly instrument: Instrument;
  readonly price: Ticks;
  readonly budget: Units;
  /** What a lot puts at risk, as a price: `quantity x riskPerUnit` fits into the budget, exactly. */
  readonly riskPerUnit: Ticks;
  /** What may be invested: `quantity x price` fits into it, exactly. */
  readonly cap: Units;
}

/** The largest quantity that fits into budget, cap and instrument. */
export function fitted({ instrument, price, budget, riskPerUnit, cap }: Fitting): Sized {
  const { grid, minQuantity, maxQuantity, minNotional } = instrument;
  let quantity = fit(grid, budget, riskPerUnit);
  let bound: SizeBound = 'risk';
  const most = fit(grid, cap, price);
  if (most < quantity) {
    quantity = most;
    bound = 'cap';
  }
  if (maxQuantity < quantity) {
    quantity = maxQuantity;
    bound = 'maxQuantity';
  }
  if (!(quantity >= minQuantity)) return nothing('minQuantity', budget);
  if (!(notionalDown(grid, quantity, price) >= minNotional)) return nothing('minNotional', budget);
  return { quantity, bound, budget };
}

/** A distance in price as whole ticks, rounded up, so that the risk never reads smaller; at least 1. */
export function distanceInTicks({ grid: { tick } }: Instrument, distance: number): Ticks {
  const count = Math.ceil((distance / tick.mantissa) * 10 ** tick.places);
  return Math.max(1, count) as Ticks;
}
