import { type Decimal, ZERO } from '../core/decimal.ts';
import {
  type Lots,
  type Ticks,
  type Units,
  abs,
  add,
  lots,
  max,
  neg,
  notional,
  positionValue,
  sub,
  ticks,
  units,
} from '../core/units.ts';
import type { Booking } from './booking.ts';
import type { SavedCell } from './saved-book.ts';
import type { Instrument } from './instrument.ts';
import type { Side } from './order-intent.ts';

/** The last good price of an instrument. */
export interface Mark {
  readonly price: Ticks;
  readonly monotonicMs: number;
}

/** Position and working quantities of one account in one instrument. */
export interface CellView {
  readonly instrument: Instrument;
  /** Signed. */
  readonly pos: Lots;
  /** What working and unknown orders may still buy. */
  readonly buy: Lots;
  /** What working and unknown orders may still sell. */
  readonly sell: Lots;
  /** Exposure at worst case and last good mark; NaN without a mark. */
  readonly worst: Units;
  /** Value of the position at the last good mark; NaN without a mark. */
  readonly value: Units;
  /** What the open position cost, signed. */
  readonly cost: Decimal;
  readonly realised: Decimal;
  readonly fees: Decimal;
}

/** The largest |position| that any order of fills can lead to. */
export const worstQty = (pos: Lots, buy: Lots, sell: Lots): Lots =>
  max(abs(add(pos, buy)), abs(sub(pos, sell)));

/** Exit: even if all that works on its side fills, the position does not cross zero. */
export const isExit = (
  side: Side,
  qty: Lots,
  { pos, buy, sell }: Pick<CellView, 'pos' | 'buy' | 'sell'>,
): boolean => (side === 'sell' ? add(sell, qty) <= pos : add(buy, qty) <= neg(pos));

/** What of the position an order of this side could still reduce. */
export const exitRoom = (side: Side, { pos, buy, sell }: Pick<CellView, 'pos' | 'buy' | 'sell'>): Lots =>
  max(side === 'sell' ? sub(pos, sell) : sub(neg(pos), buy), lots(0));

const NO_MARK = ticks(NaN);

/** The writable cell. Only the Book has it. */
export class Cell implements CellView {
  readonly instrument: Instrument;
  pos = lots(0);
  buy = lots(0);
  sell = lots(0);
  worst = units(0);
  value = units(0);
  cost = ZERO;
  realised = ZERO;
  fees = ZERO;
  /** When the mark was received; minus infinity without one. */
  markMonotonicMs = -Infinity;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  snapshot(): SavedCell {
    const { instrument, pos, cost, realised, fees } = this;
    return { instrument, pos, cost, realised, fees };
  }

  get active(): boolean {
    return this.pos !== 0 || this.buy > 0 || this.sell > 0;
  }

  /** Adds to what working orders of a side may still do; negative to take away. */
  moveLeaves(side: Side, by: Lots): void {
    if (side === 'buy') this.buy = add(this.buy, by);
    else this.sell = add(this.sell, by);
  }

  price(mark: Mark | undefined): void {
    const { grid } = this.instrument;
    const price = mark?.price ?? NO_MARK;
    this.markMonotonicMs = mark?.monotonicMs ?? -Infinity;
    const quantity = worstQty(this.pos, this.buy, this.sell);
    this.worst = quantity === 0 ? units(0) : notional(grid, quantity, price);
    this.value = this.pos === 0 ? units(0) : positionValue(grid, this.pos, price);
  }

  /** Makes what has been worked out. */
  take({ pos, cost, realised }: Pick<Booking, 'pos' | 'cost' | 'realised'>): void {
    this.pos = pos;
    this.cost = cost;
    this.realised = realised;
  }
}
