import { type Decimal, roundHalfEven } from '../core/decimal.ts';
import { type Lots, abs, add, exactMoney, lots, sub } from '../core/units.ts';
import type { Fill } from './fill.ts';
import type { Side } from './order-intent.ts';
import type { Adjustment, SavedCell } from './saved-book.ts';

/** Places after the point to which released cost is rounded, half-even; the remainder stays with the position. */
export const LEDGER_PLACES = 12;

type Position = Pick<SavedCell, 'instrument' | 'pos' | 'cost' | 'realised'>;

/** A position after a trade that has been worked out, but not made. */
export interface Booking extends Position {
  /** What it does to the cash, before the fee. */
  readonly paid: Decimal;
}

/** Works out what a trade makes of a position, its cost and its realised profit. */
export function bookingOf(
  { instrument, pos, cost, realised }: Position,
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
export const adjustmentOf = (
  position: Position,
  { qty, price }: NonNullable<Adjustment['position']>,
): Booking => bookingOf(position, qty > 0 ? 'buy' : 'sell', { quantity: abs(qty), price });
