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
  unitsCeil,
} from '../core/units.ts';
import type { Booking } from './booking.ts';
import { Share, type ShareView, UNATTRIBUTED, byStrategy } from './book-share.ts';
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
  /** What a strategy has of it; `undefined` when it never had anything. */
  share(strategyId: string): ShareView | undefined;
  /** What each strategy has of it: those that have, or have traded, something. */
  shares(): Iterable<ShareView>;
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
  /** What the position cost, by absolute value, rounded up. */
  costUnits = units(0);
  realised = ZERO;
  fees = ZERO;
  /** The last good one that it has been told of. */
  mark: Mark | undefined;
  /** Few: strategies that share an account rarely share an instrument. */
  readonly #shares: Share[] = [];
  /** The one asked for last: mostly it is the next as well. */
  #last: Share | undefined;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  /** The cell as it was, but for what works, with the shares that were saved. */
  static restore({ instrument, pos, cost, realised, fees, shares }: SavedCell): Cell {
    const cell = new Cell(instrument);
    cell.take({ pos, cost, realised });
    cell.fees = fees;
    // A Book of before shares were kept: what is held, and what it has earned so far, is nobody's.
    const earned = realised.minus(fees).minus(cost);
    const saved = shares ?? [{ strategyId: UNATTRIBUTED, pos, cash: earned }];
    for (const was of saved) {
      if (was.pos !== 0 || !was.cash.eq('0')) cell.openShare(was.strategyId).take(was.pos, was.cash);
    }
    return cell;
  }

  snapshot(): SavedCell {
    const { instrument, pos, cost, realised, fees } = this;
    const traded = this.#shares.filter((share) => share.hasTraded).sort(byStrategy);
    const shares = traded.map((share) => share.snapshot());
    return { instrument, pos, cost, realised, fees, shares };
  }

  /** Whether exposure and value can be counted. */
  get isKnown(): boolean {
    return Number.isSafeInteger(this.worst) && Number.isSafeInteger(this.value);
  }

  get active(): boolean {
    return this.pos !== 0 || this.buy > 0 || this.sell > 0;
  }

  /** When the mark was received; minus infinity without one. */
  get markMonotonicMs(): number {
    return this.mark?.monotonicMs ?? -Infinity;
  }

  share(strategyId: string): Share | undefined {
    if (this.#last?.strategyId === strategyId) return this.#last;
    for (const share of this.#shares) if (share.strategyId === strategyId) return (this.#last = share);
    return undefined;
  }

  *shares(): Iterable<Share> {
    for (const share of this.#shares) if (!share.isEmpty) yield share;
  }

  openShare(strategyId: string): Share {
    const present = this.share(strategyId);
    if (present !== undefined) return present;
    const share = new Share(strategyId);
    this.#shares.push(share);
    return share;
  }

  /** Adds to what working orders of a side may still do; negative to take away. */
  moveLeaves(side: Side, share: Share, by: Lots): void {
    if (side === 'buy') this.buy = add(this.buy, by);
    else this.sell = add(this.sell, by);
    share.moveLeaves(side, by);
  }

  price(mark: Mark | undefined): void {
    this.mark = mark;
    this.value =
      this.pos === 0 ? units(0) : positionValue(this.instrument.grid, this.pos, mark?.price ?? NO_MARK);
    this.priceWorst();
  }

  /** The same where only what works has changed. */
  priceWorst(): void {
    const quantity = worstQty(this.pos, this.buy, this.sell);
    this.worst =
      quantity === 0 ? units(0) : notional(this.instrument.grid, quantity, this.mark?.price ?? NO_MARK);
  }

  /** What a strategy has earned here at the last mark; NaN without one, while it holds something. */
  profitOf({ pos, cashUnits }: ShareView): Units {
    if (pos === 0) return cashUnits;
    return add(cashUnits, positionValue(this.instrument.grid, pos, this.mark?.price ?? NO_MARK));
  }

  /** Makes what has been worked out. */
  take({ pos, cost, realised }: Pick<Booking, 'pos' | 'cost' | 'realised'>): void {
    this.pos = pos;
    this.cost = cost;
    this.costUnits = unitsCeil(cost.abs());
    this.realised = realised;
  }
}
