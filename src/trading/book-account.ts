import { type Decimal, ZERO } from '../core/decimal.ts';
import { ExactSum } from '../core/exact-sum.ts';
import {
  type Lots,
  type Units,
  add,
  max,
  neg,
  positionValue,
  sub,
  units,
  unitsFloor,
} from '../core/units.ts';
import type { Booking } from './booking.ts';
import type { AccountView } from './account-view.ts';
import { Cell, type Mark } from './book-cell.ts';
import type { Share } from './book-share.ts';
import { StrategyBooks } from './strategy-books.ts';
import type { BookedOrder } from './order-event.ts';
import type { SavedAccount, StrategyOpen } from './saved-book.ts';
import type { Instrument } from './instrument.ts';

export type { AccountView } from './account-view.ts';

/** The writable account. Only the Book has it. Sums are kept by exact integer deltas. */
export class Account implements AccountView {
  readonly accountId: string;
  readonly currency: string;
  cash: Decimal;
  fees = ZERO;
  adjusted = ZERO;
  flows: Decimal;
  dayOpen: Units;
  highWater: Units;
  #cashUnits: Units;
  readonly #gross = new ExactSum();
  readonly #value = new ExactSum();
  #unpriced = 0;
  readonly #claimed = new ExactSum();
  /** Orders whose claims cannot be counted: they are not in the sum. */
  #countless = 0;
  readonly #costs = new ExactSum();
  /** Cells whose cost is beyond what can be counted. */
  #costless = 0;
  #count = 0;
  /** Not later than the oldest mark of what is active. */
  #oldestMarkMs = Infinity;
  readonly #cells = new Map<string, Cell>();
  readonly #strategies = new StrategyBooks();

  constructor(accountId: string, currency: string, balance: Decimal) {
    this.accountId = accountId;
    this.currency = currency;
    this.cash = balance;
    this.flows = balance;
    this.#cashUnits = unitsFloor(balance);
    this.dayOpen = exactOrUnknown(this.#cashUnits);
    this.highWater = this.dayOpen;
  }

  /** The account as it was when the snapshot was taken, but for what works and for marks. */
  static restore(was: SavedAccount): Account {
    const account = new Account(was.accountId, was.currency, was.cash);
    account.fees = was.fees;
    account.flows = was.flows;
    account.adjusted = was.adjusted;
    account.dayOpen = exactOrUnknown(was.dayOpen);
    account.highWater = exactOrUnknown(was.highWater);
    for (const one of was.cells) account.#take(Cell.restore(one));
    account.#strategies.restore(was.strategies ?? []);
    return account;
  }

  snapshot(): SavedAccount {
    const { accountId, currency, cash, fees, flows, adjusted, dayOpen, highWater } = this;
    const cells = Array.from(this.#cells.values(), (cell) => cell.snapshot());
    const strategies = this.#strategies.snapshot();
    return { accountId, currency, cash, fees, flows, adjusted, dayOpen, highWater, cells, strategies };
  }

  get count(): number {
    return this.#count;
  }

  get gross(): Units {
    return units(this.#unpriced > 0 ? NaN : this.#gross.value);
  }

  get claimed(): Units {
    return units(this.#countless > 0 ? NaN : this.#claimed.value);
  }

  get freeCash(): Units {
    return exactOrUnknown(this.#cashUnits - this.claimed);
  }

  get capital(): Units {
    return add(units(this.#costless > 0 ? NaN : this.#costs.value), this.claimed);
  }

  get equity(): Units {
    return exactOrUnknown(this.#unpriced > 0 ? NaN : this.#cashUnits + this.#value.value);
  }

  get dayPnl(): Units {
    return sub(this.equity, this.dayOpen);
  }

  get drawdownFraction(): number {
    const { equity, highWater } = this;
    if (highWater > 0) return Math.max(0, (highWater - equity) / highWater);
    return equity >= highWater ? 0 : NaN;
  }

  cell(instrumentId: string): Cell | undefined {
    return this.#cells.get(instrumentId);
  }

  cells(): Iterable<Cell> {
    return this.#cells.values();
  }

  /** The cell, or one that is empty and not part of the account. */
  cellOf(instrument: Instrument): Cell {
    return this.#cells.get(instrument.instrumentId) ?? new Cell(instrument);
  }

  openCell(instrument: Instrument): Cell {
    return this.#cells.get(instrument.instrumentId) ?? this.#take(new Cell(instrument));
  }

  strategyPnl(strategyId: string): Units {
    return this.#strategies.pnl(strategyId);
  }

  strategyDayPnl(strategyId: string): Units {
    return this.#strategies.dayPnl(strategyId);
  }

  strategies(): Iterable<string> {
    return this.#strategies.ids();
  }

  /** What an order may still fill moves by `by`, and what it may still cost from `claim` to `claims`. */
  moveLeaves(order: BookedOrder, by: Lots, claim: Units, claims: Units, mark: Mark | undefined): void {
    const cell = this.openCell(order.instrument);
    const share = this.openShare(cell, order.strategyId);
    if (cell.mark !== mark) this.update(cell, mark);
    const { worst, active, isKnown } = cell;
    cell.moveLeaves(order.side, share, by);
    cell.priceWorst();
    // The value stays: most of what `update` does need not be done for each decision.
    if (isKnown && cell.isKnown) this.#gross.add(cell.worst - worst);
    else this.#reweigh(cell, worst, isKnown);
    if (cell.active !== active) this.#activate(cell);
    this.moveClaim(claim, claims);
  }

  /** What an order may still cost was `from` and is `to`. */
  moveClaim(from: Units, to: Units): void {
    if (Number.isSafeInteger(from) && Number.isSafeInteger(to)) {
      this.#claimed.add(to - from);
      return;
    }
    if (Number.isSafeInteger(from)) this.#claimed.add(0 - from);
    else this.#countless -= 1;
    if (Number.isSafeInteger(to)) this.#claimed.add(to);
    else this.#countless += 1;
  }

  openShare(cell: Cell, strategyId: string): Share {
    return cell.share(strategyId) ?? this.#strategies.open(cell, strategyId);
  }

  /** Runs a change of a cell and carries its effect into the sums. */
  update(cell: Cell, mark: Mark | undefined, change?: () => void): void {
    this.#weigh(cell, -1);
    if (change !== undefined) {
      this.#weighCost(cell, -1);
      change();
      this.#weighCost(cell, 1);
    }
    cell.price(mark);
    this.#weigh(cell, 1);
  }

  oldestMarkAgeMs(monotonicMs: number, limitMs: number): number {
    if (!(monotonicMs - this.#oldestMarkMs <= limitMs)) {
      this.#oldestMarkMs = Infinity;
      for (const cell of this.#cells.values()) this.#noteMark(cell);
    }
    return this.#oldestMarkMs === Infinity ? 0 : monotonicMs - this.#oldestMarkMs;
  }

  addCash(amount: Decimal): void {
    this.cash = this.cash.plus(amount);
    this.#cashUnits = unitsFloor(this.cash);
  }

  /** A deposit (positive) or withdrawal: neither a profit of the day nor a change of the drawdown. */
  flow(amount: Decimal): void {
    const before = this.equity;
    this.addCash(amount);
    this.flows = this.flows.plus(amount);
    this.dayOpen = add(this.dayOpen, neg(unitsFloor(amount.neg())));
    const after = this.equity;
    // Scaled, not shifted: 20 % below the mark stays 20 %.
    this.highWater = before > 0 ? units(Math.ceil((this.highWater / before) * after)) : after;
  }

  /** The high-water mark rises on good marks only, and every mark the account is valued at is one. */
  raiseHighWater(equity = this.equity): void {
    // Phrased so that a mark that is NaN, after a flow at unknown equity, gives way to the first equity that is known.
    if (!(equity <= this.highWater) && Number.isSafeInteger(equity)) this.highWater = equity;
  }

  /** What the strategies have earned, for the roll; a day whose end is unknown goes on for them. */
  strategyOpens(): StrategyOpen[] {
    return this.#strategies.opens();
  }

  /**
   * Opens a day with what was written down. What cannot be counts as the highest there was: no loss is forgiven.
   *
   * @param strategies what they had earned; `undefined` where that was not written down
   */
  openDay(equity: Units, strategies: readonly StrategyOpen[] | undefined): void {
    const isPossible = Number.isSafeInteger(equity) || Number.isNaN(equity);
    this.dayOpen = isPossible ? equity : max(this.dayOpen, this.highWater);
    this.#strategies.openDay(strategies);
  }

  /**
   * Whether a change of cash, and of a position, leaves position, cash, cost and equity in the range in which they are
   * exact. What has left it before, or is unknown, stops no fact.
   */
  bears(cash: Decimal, booking?: Booking, mark?: Mark): boolean {
    const after = unitsFloor(this.cash.plus(cash));
    if (!stays(this.#cashUnits, after)) return false;
    if (booking === undefined) return stays(this.equity, this.equity - this.#cashUnits + after);
    const { instrument, pos, cost } = booking;
    const cell = this.cellOf(instrument);
    if (!stays(cell.pos, pos) || (isLarge(cost) && !stays(unitsFloor(cell.cost), unitsFloor(cost))))
      return false;
    if (mark === undefined) return true;
    const value = pos === 0 ? 0 : positionValue(instrument.grid, pos, mark.price);
    return stays(this.equity, this.equity - this.#cashUnits - cell.value + after + value);
  }

  #take(cell: Cell): Cell {
    this.#cells.set(cell.instrument.instrumentId, cell);
    this.#strategies.take(cell);
    cell.price(undefined);
    this.#weigh(cell, 1);
    this.#weighCost(cell, 1);
    return cell;
  }

  #weigh(cell: Cell, sign: 1 | -1): void {
    if (!cell.active) return;
    this.#count += sign;
    if (sign === 1) this.#noteMark(cell);
    if (cell.isKnown) {
      this.#gross.add(sign * cell.worst);
      this.#value.add(sign * cell.value);
    } else {
      this.#unpriced += sign;
    }
  }

  /** Exposure that was, or has become, more than can be counted. */
  #reweigh(cell: Cell, worst: Units, wasKnown: boolean): void {
    if (wasKnown === cell.isKnown) return;
    this.#gross.add(wasKnown ? 0 - worst : cell.worst);
    this.#value.add(wasKnown ? 0 - cell.value : cell.value);
    this.#unpriced += wasKnown ? 1 : -1;
  }

  /** It has begun, or ceased, to be part of the account. */
  #activate(cell: Cell): void {
    this.#count += cell.active ? 1 : -1;
    this.#noteMark(cell);
  }

  #weighCost({ costUnits }: Cell, sign: 1 | -1): void {
    if (Number.isSafeInteger(costUnits)) this.#costs.add(sign * costUnits);
    else this.#costless += sign;
  }

  #noteMark(cell: Cell): void {
    if (cell.active) this.#oldestMarkMs = Math.min(this.#oldestMarkMs, cell.markMonotonicMs);
  }
}

const exactOrUnknown = (amount: number): Units => units(Number.isSafeInteger(amount) ? amount : NaN);

const stays = (before: number, after: number): boolean =>
  !Number.isSafeInteger(before) || Number.isSafeInteger(after);

/** Whether units of it might not be exact: for what is less than a billion nobody need count. */
const isLarge = ({ e }: Decimal): boolean => e >= 9;
