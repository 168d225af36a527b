import { type Decimal, ZERO } from '../core/decimal.ts';
import { type Units, add, max, neg, positionValue, sub, units, unitsFloor } from '../core/units.ts';
import type { Booking } from './booking.ts';
import { Cell, type CellView, type Mark } from './book-cell.ts';
import type { SavedAccount } from './saved-book.ts';
import type { Instrument } from './instrument.ts';

/**
 * What an account looks like to gates, ledgers and dashboards. Money in units is NaN while a held instrument has no mark,
 * and while it is beyond the range in which it is exact.
 */
export interface AccountView {
  readonly accountId: string;
  readonly currency: string;
  readonly cash: Decimal;
  readonly fees: Decimal;
  /** Deposits less withdrawals since the beginning. */
  readonly flows: Decimal;
  /** What persons have adjusted, at the prices that they gave. */
  readonly adjusted: Decimal;
  /** Worst-case exposure over all instruments, not netted. */
  readonly gross: Units;
  /** Instruments with a position, or with orders that could make one. */
  readonly count: number;
  readonly equity: Units;
  /** Equity at the roll of the day, shifted by deposits and withdrawals since. */
  readonly dayOpen: Units;
  readonly dayPnl: Units;
  /** Highest equity, scaled by deposits and withdrawals. */
  readonly highWater: Units;
  /** How far equity is below the high-water mark, as a fraction of it: 0 or more. */
  readonly drawdownFraction: number;
  /**
   * Age of the oldest mark among what is held or being ordered, milliseconds: `Infinity` without a mark, 0 when nothing
   * is held. An age within `limitMs` may be an upper bound, so that the marks need not be looked at for each order.
   */
  oldestMarkAgeMs(monotonicMs: number, limitMs: number): number;
  cell(instrumentId: string): CellView | undefined;
  cells(): Iterable<CellView>;
}

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
  #gross = 0;
  #value = 0;
  #unpriced = 0;
  #count = 0;
  /** Not later than the oldest mark of what is active. */
  #oldestMarkMs = Infinity;
  readonly #cells = new Map<string, Cell>();

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
    for (const { instrument, pos, cost, realised, fees } of was.cells) {
      const cell = account.openCell(instrument);
      account.update(cell, undefined, () => Object.assign(cell, { pos, cost, realised, fees }));
    }
    return account;
  }

  snapshot(): SavedAccount {
    const { accountId, currency, cash, fees, flows, adjusted, dayOpen, highWater } = this;
    const cells = Array.from(this.#cells.values(), (cell) => cell.snapshot());
    return { accountId, currency, cash, fees, flows, adjusted, dayOpen, highWater, cells };
  }

  get count(): number {
    return this.#count;
  }

  get gross(): Units {
    return units(this.#unpriced > 0 ? NaN : this.#gross);
  }

  get equity(): Units {
    return exactOrUnknown(this.#unpriced > 0 ? NaN : this.#cashUnits + this.#value);
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
    const present = this.#cells.get(instrument.instrumentId);
    if (present !== undefined) return present;
    const cell = new Cell(instrument);
    this.#cells.set(instrument.instrumentId, cell);
    return cell;
  }

  /** Runs a change of a cell and carries its effect into the sums. */
  update(cell: Cell, mark: Mark | undefined, change?: () => void): void {
    const wasExact = this.#gross <= Number.MAX_SAFE_INTEGER;
    this.#weigh(cell, -1);
    change?.();
    cell.price(mark);
    this.#weigh(cell, 1);
    // Beyond the exact range additions would drift: recount, also when it has just been left.
    if (!(wasExact && this.#gross <= Number.MAX_SAFE_INTEGER)) this.#recount();
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

  /** Opens a day with what was written down. What cannot be counts as the highest there was: no loss is forgiven. */
  openDay(equity: Units): void {
    const isPossible = Number.isSafeInteger(equity) || Number.isNaN(equity);
    this.dayOpen = isPossible ? equity : max(this.dayOpen, this.highWater);
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

  #weigh(cell: Cell, sign: 1 | -1): void {
    if (!cell.active) return;
    this.#count += sign;
    if (sign === 1) this.#noteMark(cell);
    if (Number.isSafeInteger(cell.worst) && Number.isSafeInteger(cell.value)) {
      this.#gross += sign * cell.worst;
      this.#value += sign * cell.value;
    } else {
      this.#unpriced += sign;
    }
  }

  #noteMark(cell: Cell): void {
    if (cell.active) this.#oldestMarkMs = Math.min(this.#oldestMarkMs, cell.markMonotonicMs);
  }

  #recount(): void {
    this.#gross = 0;
    this.#value = 0;
    this.#unpriced = 0;
    this.#count = 0;
    for (const cell of this.#cells.values()) this.#weigh(cell, 1);
  }
}

const exactOrUnknown = (amount: number): Units => units(Number.isSafeInteger(amount) ? amount : NaN);

const stays = (before: number, after: number): boolean =>
  !Number.isSafeInteger(before) || Number.isSafeInteger(after);

/** Whether units of it might not be exact: for what is less than a billion nobody need count. */
const isLarge = ({ e }: Decimal): boolean => e >= 9;
