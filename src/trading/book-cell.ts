import { type Decimal, ZERO } from '../core/decimal.ts';
import {
  type Lots,
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
import type { CurrencyLedger } from './currency-ledger.ts';
import type { SavedCell } from './saved-book.ts';
import type { Instrument } from './instrument.ts';
import type { Mark } from './mark.ts';
import type { Side } from './order-intent.ts';

export type { Mark } from './mark.ts';

/** Position and working quantities of one account in one instrument. */
export interface CellView {
  readonly instrument: Instrument;
  /** Signed. */
  readonly pos: Lots;
  /** What working and unknown orders may still buy. */
  readonly buy: Lots;
  /** What working and unknown orders may still sell. */
  readonly sell: Lots;
  /** Exposure at worst case and last good mark, in the currency of the account; NaN without a mark or a rate. */
  readonly worst: Units;
  /**
   * What the position adds to equity at the last good mark; NaN without a mark. For spot its value; for what is held on
   * margin the profit that is not realised. Dust is worth nothing here.
   */
  readonly value: Units;
  /** Initial margin of the worst case; 0 for spot. */
  readonly margin: Units;
  /** What the open position cost, signed, in quote currency. The next three are in it, too. */
  readonly cost: Decimal;
  readonly realised: Decimal;
  readonly fees: Decimal;
  /** What was received less what was paid as funding. */
  readonly funding: Decimal;
  /**
   * What is held beyond whole lots, in units of the base: 0 or more, less than a lot. Fees in the base leave it; `pos` is
   * rounded down, so that nobody sells more than there is.
   */
  readonly dust: Decimal;
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
const NONE = units(0);

/** The writable cell. Only the Book has it. */
export class Cell implements CellView {
  readonly instrument: Instrument;
  /** Of the quote currency. */
  readonly ledger: CurrencyLedger;
  /** Held on margin: cash moves by what is realised, and the value is what is not yet. */
  readonly isLinear: boolean;
  pos = lots(0);
  buy = lots(0);
  sell = lots(0);
  worst = NONE;
  value = NONE;
  margin = NONE;
  cost = ZERO;
  dust = ZERO;
  /** What the position cost, by absolute value, rounded up, in the currency of the account; nothing where it is held on margin. */
  costUnits = NONE;
  realised = ZERO;
  fees = ZERO;
  funding = ZERO;
  /** The last good one that it has been told of. */
  mark: Mark | undefined;
  /** The cost, rounded up, in quote currency: signed where it is held on margin, else its absolute value. */
  #costCeil = NONE;
  /** Few: strategies that share an account rarely share an instrument. */
  readonly #shares: Share[] = [];
  /** The one asked for last: mostly it is the next as well. */
  #last: Share | undefined;

  constructor(instrument: Instrument, ledger: CurrencyLedger) {
    this.instrument = instrument;
    this.ledger = ledger;
    this.isLinear = instrument.kind === 'linear';
  }

  /** The cell as it was, but for what works, with the shares that were saved. */
  static restore(was: SavedCell, ledger: CurrencyLedger): Cell {
    const { instrument, pos, cost, realised, fees, shares, dust = ZERO, funding = ZERO } = was;
    const cell = new Cell(instrument, ledger);
    cell.take({ pos, cost, realised, dust });
    cell.fees = fees;
    cell.funding = funding;
    // A Book of before shares were kept: what is held, and what it has earned so far, is nobody's.
    const earned = realised.minus(fees).minus(cost);
    for (const share of shares ?? [{ strategyId: UNATTRIBUTED, pos, cash: earned }]) {
      if (share.pos === 0 && share.cash.eq('0') && share.fees === undefined) continue;
      cell.openShare(share.strategyId).take(share.pos, share.cash, share.fees);
    }
    return cell;
  }

  snapshot(): SavedCell {
    const { instrument, pos, cost, realised, fees, dust, funding } = this;
    const traded = this.#shares.filter((share) => share.hasTraded).sort(byStrategy);
    const shares = traded.map((share) => share.snapshot());
    return {
      instrument,
      pos,
      cost,
      realised,
      fees,
      shares,
      ...(!dust.eq('0') && { dust }),
      ...(!funding.eq('0') && { funding }),
    };
  }

  get active(): boolean {
    return this.pos !== 0 || this.buy > 0 || this.sell > 0;
  }

  /** When mark and rate were received, the older of the two; minus infinity without one. */
  get markMonotonicMs(): number {
    const markMs = this.mark?.monotonicMs ?? -Infinity;
    return this.ledger.isOwn ? markMs : Math.min(markMs, this.ledger.rate?.monotonicMs ?? -Infinity);
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
    this.value = this.#valueAt(this.pos, this.#costCeil, mark);
    this.priceWorst();
  }

  /** The same at another rate. */
  reprice(): void {
    this.#recost();
    this.price(this.mark);
  }

  /** The same where only what works has changed. */
  priceWorst(): void {
    const quantity = worstQty(this.pos, this.buy, this.sell);
    const { instrument, ledger, mark } = this;
    this.worst =
      quantity === 0 ? NONE : ledger.up(notional(instrument.grid, quantity, mark?.price ?? NO_MARK));
    if (this.isLinear) this.margin = instrument.initialMargin.up(this.worst);
  }

  /** What a position would be worth, in the currency of the account. */
  valueOf(pos: Lots, cost: Decimal, mark: Mark): Units {
    return this.#valueAt(pos, unitsCeil(cost), mark);
  }

  #valueAt(pos: Lots, costCeil: Units, mark: Mark | undefined): Units {
    if (pos === 0) return NONE;
    const gross = positionValue(this.instrument.grid, pos, mark?.price ?? NO_MARK);
    return this.ledger.down(this.isLinear ? sub(gross, costCeil) : gross);
  }

  /** What a strategy has earned here at the last mark, in the currency of the account; NaN without one, while it holds something. */
  profitOf({ pos, cashUnits, feeUnits }: Share): Units {
    const value = pos === 0 ? NONE : positionValue(this.instrument.grid, pos, this.mark?.price ?? NO_MARK);
    return sub(this.ledger.down(add(cashUnits, value)), feeUnits);
  }

  /** Makes what has been worked out. */
  take({ pos, cost, realised, dust }: Pick<Booking, 'pos' | 'cost' | 'realised' | 'dust'>): void {
    this.pos = pos;
    this.cost = cost;
    this.dust = dust;
    this.realised = realised;
    this.#costCeil = unitsCeil(this.isLinear ? cost : cost.abs());
    this.#recost();
  }

  #recost(): void {
    this.costUnits = this.isLinear ? NONE : this.ledger.up(this.#costCeil);
  }
}
