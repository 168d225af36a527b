import { type Decimal, ZERO, roundHalfEven } from '../core/decimal.ts';
import { type Lots, abs, add, exactMoney, lots, sub } from '../core/units.ts';
import type { Fill } from './fill.ts';
import type { Side } from './order-intent.ts';
import type { Adjustment, SavedCell } from './saved-book.ts';

/** Places after the point to which released cost is rounded, half-even; the remainder stays with the position. */
export const LEDGER_PLACES = 12;

type Position = Pick<SavedCell, 'instrument' | 'pos' | 'cost' | 'realised' | 'dust'>;

/** A position after a trade that has been worked out, but not made. */
export interface Booking extends Position {
  readonly dust: Decimal;
  /** What it does to the cash, before the fee. */
  readonly paid: Decimal;
}

/**
 * Works out what a trade makes of a position, its cost and its realised profit. A spot trade moves cash by its price, one
 * on margin by what it realises.
 */
export function bookingOf(
  { instrument, pos, cost, realised, dust = ZERO }: Position,
  side: Side,
  { quantity, price }: Pick<Fill, 'quantity' | 'price'>,
): Booking {
  const sign = side === 'buy' ? quantity : lots(0 - quantity);
  const bought = exactMoney(instrument.grid, quantity, price);
  const money = side === 'buy' ? bought : bought.neg();
  const lot = lotOf(instrument);
  // Most of the time nothing is beyond whole lots.
  const traded = dust.eq('0')
    ? trade(count(pos), { cost, realised }, count(sign), money, lot.times(price))
    : trade(heldOf(instrument, pos, dust), { cost, realised }, lot.times(String(sign)), money, price);
  const paid = instrument.kind === 'linear' ? traded.realised.minus(realised) : money.neg();
  return { instrument, pos: add(pos, sign), dust, ...traded, paid };
}

/** What was paid or taken in the base itself. */
export interface BaseFee {
  readonly booking: Booking;
  /** What it was worth, in quote currency. */
  readonly worth: Decimal;
}

/** Works out what a fee in the base makes of a position: it leaves it at the price of its fill, and for no cash. */
export function baseFeeOf(booking: Booking, amount: Decimal, price: Decimal): BaseFee {
  const { instrument, pos, cost, realised, dust } = booking;
  const worth = roundHalfEven(amount.times(price), LEDGER_PLACES);
  const held = heldOf(instrument, pos, dust);
  const traded = trade(held, { cost, realised }, amount.neg(), worth.neg(), price);
  return { booking: { ...booking, ...traded, ...wholeLots(instrument, held.minus(amount)) }, worth };
}

interface Traded {
  readonly cost: Decimal;
  readonly realised: Decimal;
}

/**
 * @param held signed, in the same units as `size`
 * @param size signed: positive is bought
 * @param money what all of it costs, signed as `size`
 * @param per what one unit of it costs
 */
function trade(
  held: Decimal,
  { cost, realised }: Traded,
  size: Decimal,
  money: Decimal,
  per: Decimal,
): Traded {
  const isAgainst = (held.gt('0') && size.lt('0')) || (held.lt('0') && size.gt('0'));
  if (!isAgainst) return { cost: cost.plus(money), realised };
  const [there, traded] = [held.abs(), size.abs()];
  if (traded.gte(there)) {
    // All of it is closed, and what is left of the trade opens.
    const opens = held.plus(size).times(per);
    return { cost: opens, realised: realised.minus(money.minus(opens)).minus(cost) };
  }
  const released = roundHalfEven(cost.times(traded).div(there), LEDGER_PLACES);
  return { cost: cost.minus(released), realised: realised.minus(money).minus(released) };
}

const count = (n: number): Decimal => ZERO.plus(String(n));

/** Units of the base in one lot. */
const lotOf = ({ grid }: Position['instrument']): Decimal => grid.step.value.times(grid.multiplier);

/** All that is held, in units of the base. */
export const heldOf = (instrument: Position['instrument'], pos: Lots, dust: Decimal): Decimal =>
  lotOf(instrument).times(String(pos)).plus(dust);

/** Whole lots, rounded down, and what is left: 0 or more, less than a lot. */
function wholeLots(instrument: Position['instrument'], held: Decimal): Pick<Booking, 'pos' | 'dust'> {
  const lot = lotOf(instrument);
  let pos = lots(Number(held.div(lot).round(0, 0).toFixed()));
  if (!Number.isSafeInteger(pos)) return { pos, dust: ZERO }; // is not booked
  let dust = held.minus(lot.times(String(pos)));
  // The quotient is cut off, and rounded in its last place.
  while (dust.lt('0')) [pos, dust] = [sub(pos, lots(1)), dust.plus(lot)];
  while (dust.gte(lot)) [pos, dust] = [add(pos, lots(1)), dust.minus(lot)];
  return { pos, dust };
}

/** Works out an adjustment as a trade at its price. */
export const adjustmentOf = (
  position: Position,
  { qty, price }: NonNullable<Adjustment['position']>,
): Booking => bookingOf(position, qty > 0 ? 'buy' : 'sell', { quantity: abs(qty), price });
