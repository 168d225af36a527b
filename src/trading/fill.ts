import type { Decimal } from '../core/decimal.ts';
import type { Lots } from '../core/units.ts';

/** What was paid to trade. */
export interface Fee {
  /** Positive: paid. Negative: a rebate. */
  readonly amount: Decimal;
  readonly currency: string;
}

/** One execution, as the venue reported it. */
export interface Fill {
  /** The venue's id; the same id is the same fill, however often it is reported. */
  readonly executionId: string;
  readonly quantity: Lots;
  /** Exact: a venue may execute between two ticks. */
  readonly price: Decimal;
  readonly fee: Fee;
  readonly liquidity: 'maker' | 'taker';
}

/** Whether it can be: whole lots, more than none, at a price above 0. */
export const isSound = ({ quantity, price }: Fill): boolean =>
  Number.isSafeInteger(quantity) && quantity > 0 && price.gt('0');
