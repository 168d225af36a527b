import { ZERO } from '../core/decimal.ts';
import { type Lots, type Units, sub } from '../core/units.ts';
import type { Account } from './book-account.ts';
import type { Mark } from './book-cell.ts';
import { bookingOf } from './booking.ts';
import type { Fill } from './fill.ts';
import type { BookedOrder } from './order-event.ts';

/** A fill that has been worked out, but not made. */
export interface PlannedFill {
  /** Whether its fee can be booked: one in another currency cannot. */
  readonly feeTaken: boolean;
  /** Makes it; what its order may still fill moves by `moved`, and what it may still cost from `claim` to `claims`, in the same step. */
  take(moved: Lots, claim: Units, claims: Units): void;
}

/** Works out what a fill does to its account; `undefined` when money would leave the range in which it is exact. */
export function planFill(
  account: Account,
  { instrument, side, strategyId }: Pick<BookedOrder, 'instrument' | 'side' | 'strategyId'>,
  fill: Fill,
  mark: Mark | undefined,
): PlannedFill | undefined {
  const { fee } = fill;
  const feeTaken = fee.currency === account.currency || fee.amount.eq('0');
  const paidFee = feeTaken ? fee.amount : ZERO;
  const booking = bookingOf(account.cellOf(instrument), side, fill);
  const cash = booking.paid.minus(paidFee);
  if (!account.bears(cash, booking, mark)) return undefined;
  return {
    feeTaken,
    take(moved, claim, claims) {
      const cell = account.openCell(instrument);
      const share = account.openShare(cell, strategyId);
      account.update(cell, mark, () => {
        share.take(sub(booking.pos, cell.pos), cash);
        cell.take(booking);
        cell.moveLeaves(side, share, moved);
      });
      account.moveClaim(claim, claims);
      cell.fees = cell.fees.plus(paidFee);
      account.fees = account.fees.plus(paidFee);
      account.addCash(cash);
      account.raiseHighWater();
    },
  };
}
