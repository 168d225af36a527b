import { type Decimal, ZERO, roundHalfEven } from '../core/decimal.ts';
import { type Lots, abs, add, exactMoney, lots, sub } from '../core/units.ts';
import type { Account } from './book-account.ts';
import type { Cell, Mark } from './book-cell.ts';
import type { Fill } from './fill.ts';
import type { Instrument } from './instrument.ts';
import type { BookedOrder } from './order-event.ts';
import type { Side } from './order-intent.ts';
import type { Adjustment } from './saved-book.ts';

/** Places after the point to which released cost is rounded, half-even; the remainder stays with the position. */
export const LEDGER_PLACES = 12;

/** A position after a trade that has been worked out, but not made. */
export interface Booking {
  readonly instrument: Instrument;
  readonly pos: Lots;
  readonly cost: Decimal;
  readonly realised: Decimal;
  /** What it does to the cash, before the fee. */
  readonly paid: Decimal;
}

/** Works out what a trade makes of a position, its cost and its realised profit. */
export function bookingOf(
  { instrument, pos, cost, realised }: Pick<Cell, 'instrument' | 'pos' | 'cost' | 'realised'>,
  side: Side,
  { quantity, price }: Pick<Fill, 'quantity' | 'price'>,
): Booking {
  const { grid } = instrument;
  const signed = (qty: Lots): Decimal => {
    const money = exactMoney(grid, qty, price);
    return side === 'buy' ? money : money.neg();
  };
  const against = side === 'buy' ? pos < 0 : pos > 0;
  const held = abs(pos);
  const closed = against ? (quantity < held ? quantity : held) : lots(0);
  let left = cost;
  let profit = realised;
  if (closed > 0) {
    const released = closed === held ? cost : share(cost, closed, held);
    profit = profit.minus(signed(closed)).minus(released);
    left = left.minus(released);
  }
  if (quantity > closed) left = left.plus(signed(sub(quantity, closed)));
  const after = side === 'buy' ? add(pos, quantity) : sub(pos, quantity);
  return { instrument, pos: after, cost: left, realised: profit, paid: signed(quantity).neg() };
}

const share = (cost: Decimal, part: Lots, whole: Lots): Decimal =>
  roundHalfEven(cost.times(String(part)).div(String(whole)), LEDGER_PLACES);

/** Works out an adjustment as a trade at its price. */
export const adjustmentOf = (cell: Cell, { qty, price }: NonNullable<Adjustment['position']>): Booking =>
  bookingOf(cell, qty > 0 ? 'buy' : 'sell', { quantity: abs(qty), price });

/** A fill that has been worked out, but not made. */
export interface PlannedFill {
  /** Whether its fee can be booked: one in another currency cannot. */
  readonly feeTaken: boolean;
  /** Makes it; what its order may still fill moves by `moved` in the same step. */
  take(moved: Lots): void;
}

/** Works out what a fill does to its account; `undefined` when money would leave the range in which it is exact. */
export function planFill(
  account: Account,
  { instrument, side }: Pick<BookedOrder, 'instrument' | 'side'>,
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
    take(moved) {
      const cell = account.openCell(instrument);
      account.update(cell, mark, () => {
        cell.take(booking);
        cell.moveLeaves(side, moved);
      });
      cell.fees = cell.fees.plus(paidFee);
      account.fees = account.fees.plus(paidFee);
      account.addCash(cash);
      account.raiseHighWater();
    },
  };
}
