import { type Decimal, ZERO } from '../core/decimal.ts';
import { RecentMap } from '../core/recent-map.ts';
import { type Lots, type Units, add, max, neg, sub, units, unitsFloor } from '../core/units.ts';
import { AccountSums } from './account-sums.ts';
import type { AccountView } from './account-view.ts';
import { Cell, type Mark } from './book-cell.ts';
import type { Share } from './book-share.ts';
import type { CurrencyLedger } from './currency-ledger.ts';
import { CurrencyLedgers } from './currency-ledgers.ts';
import type { FxRates } from './fx-rates.ts';
import type { Instrument } from './instrument.ts';
import type { BookedOrder } from './order-event.ts';
import type { Money, SavedAccount, StrategyOpen } from './saved-book.ts';
import { StrategyBooks } from './strategy-books.ts';

export type { AccountView } from './account-view.ts';

/** The writable account. Only the Book has it. Sums are kept by exact integer deltas. */
export class Account implements AccountView {
  readonly accountId: string;
  readonly currency: string;
  flows: Decimal;
  dayOpen: Units;
  highWater: Units;
  readonly ledgers: CurrencyLedgers;
  cellCount = 0;
  readonly #sums = new AccountSums();
  /** Not later than the oldest mark of what is active, and the oldest rate of what is there. */
  #oldestMarkMs = Infinity;
  readonly #cells = new RecentMap<Cell>();
  readonly #strategies = new StrategyBooks();

  constructor(accountId: string, currency: string, balance: Decimal, rates?: FxRates) {
    this.accountId = accountId;
    this.currency = currency;
    this.ledgers = new CurrencyLedgers(currency, rates);
    this.ledgers.own.addCash(balance);
    this.flows = balance;
    this.dayOpen = exactOrUnknown(this.ledgers.own.cashUnits);
    this.highWater = this.dayOpen;
  }

  /** The account as it was when the snapshot was taken, but for what works and for marks. */
  static restore(was: SavedAccount, rates?: FxRates): Account {
    const account = new Account(was.accountId, was.currency, ZERO, rates);
    account.ledgers.own.restore(was);
    account.flows = was.flows;
    account.dayOpen = exactOrUnknown(was.dayOpen);
    account.highWater = exactOrUnknown(was.highWater);
    for (const one of was.currencies ?? []) account.ledgers.open(one.currency).restore(one);
    account.ledgers.restorePaid(was.feesPaid ?? [{ currency: was.currency, amount: was.fees }]);
    for (const one of was.cells) account.#take(Cell.restore(one, account.ledgers.open(one.instrument.quote)));
    account.#strategies.restore(was.strategies ?? []);
    account.#oldestMarkMs = -Infinity; // to be looked for
    return account;
  }

  snapshot(): SavedAccount {
    const { accountId, currency, cash, fees, flows, adjusted, dayOpen, highWater } = this;
    return {
      accountId,
      currency,
      cash,
      fees,
      flows,
      adjusted,
      dayOpen,
      highWater,
      cells: Array.from(this.#cells.values(), (cell) => cell.snapshot()),
      strategies: this.#strategies.snapshot(),
      currencies: Array.from(this.ledgers.foreign(), (ledger) => ledger.snapshot()),
      feesPaid: this.ledgers.feesPaid(),
    };
  }

  get cash(): Decimal {
    return this.ledgers.own.cash;
  }

  get fees(): Decimal {
    return this.ledgers.own.fees;
  }

  get adjusted(): Decimal {
    return this.ledgers.own.adjusted;
  }

  get count(): number {
    return this.#sums.count;
  }

  get gross(): Units {
    return this.#sums.gross;
  }

  get margin(): Units {
    return this.#sums.margin;
  }

  get claimed(): Units {
    return this.ledgers.claimed;
  }

  get freeCash(): Units {
    return exactOrUnknown(this.ledgers.cashUnits - this.claimed - this.#sums.margin - this.#sums.losses);
  }

  get capital(): Units {
    return add(add(this.#sums.costs, this.#sums.margin), this.claimed);
  }

  get equity(): Units {
    const { gross, value } = this.#sums;
    return exactOrUnknown(Number.isNaN(gross) ? NaN : this.ledgers.cashUnits + value);
  }

  get dayPnl(): Units {
    return sub(this.equity, this.dayOpen);
  }

  get drawdownFraction(): number {
    const { equity, highWater } = this;
    if (highWater > 0) return Math.max(0, (highWater - equity) / highWater);
    return equity >= highWater ? 0 : NaN;
  }

  currencies(): Iterable<CurrencyLedger> {
    return this.ledgers.all();
  }

  feesPaid(): readonly Money[] {
    return this.ledgers.feesPaid();
  }

  inOwnCurrency(currency: string, amount: Units): Units {
    return currency === this.currency ? amount : this.ledgers.of(currency).up(amount);
  }

  rateMonotonicMs(currency: string): number {
    const { isOwn, rate } = this.ledgers.of(currency);
    return isOwn ? Infinity : (rate?.monotonicMs ?? -Infinity);
  }

  cell(instrumentId: string): Cell | undefined {
    return this.#cells.get(instrumentId);
  }

  cells(): Iterable<Cell> {
    return this.#cells.values();
  }

  /** The cell, or one that is empty and not part of the account. */
  cellOf(instrument: Instrument): Cell {
    return (
      this.#cells.get(instrument.instrumentId) ?? new Cell(instrument, this.ledgers.of(instrument.quote))
    );
  }

  openCell(instrument: Instrument): Cell {
    const present = this.#cells.get(instrument.instrumentId);
    return present ?? this.#take(new Cell(instrument, this.ledgers.open(instrument.quote)));
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

  openShare(cell: Cell, strategyId: string): Share {
    return cell.share(strategyId) ?? this.#strategies.open(cell, strategyId);
  }

  /** What an order may still fill moves by `by`, and what it may still cost from `claim` to `claims`. */
  moveLeaves(cell: Cell, order: BookedOrder, by: Lots, claim: Units, claims: Units): void {
    const share = this.openShare(cell, order.strategyId);
    // The value stays: most of what `update` does need not be done for each decision.
    const { worst, margin, active } = cell;
    cell.moveLeaves(order.side, share, by);
    cell.priceWorst();
    this.#sums.moveWorst(cell, worst, margin, active);
    if (!active) this.#noteMark(cell);
    if (claim !== claims) cell.ledger.claims.move(claim, claims);
  }

  /** Values a cell at a mark. */
  mark(cell: Cell, mark: Mark | undefined): void {
    const { worst, value, margin } = cell;
    cell.price(mark);
    this.#sums.moveMarked(cell, worst, value, margin);
    this.#noteMark(cell);
  }

  /** Runs a change of a cell and carries its effect into the sums. */
  update(cell: Cell, mark: Mark | undefined, change: () => void): void {
    this.#sums.take(cell);
    change();
    cell.price(mark);
    this.#sums.put(cell);
    this.#noteMark(cell);
  }

  /** Asks for the rates anew, and values by them. Whether there is another. */
  refreshRates(): boolean {
    if (!this.ledgers.isMixed) return false;
    let isAnother = false;
    for (const ledger of this.ledgers.foreign()) {
      const rate = this.ledgers.rate(ledger);
      if (rate === ledger.rate) continue;
      const cells = [...this.#cells.values()].filter((cell) => cell.ledger === ledger);
      for (const cell of cells) this.#sums.take(cell);
      ledger.setRate(rate);
      for (const cell of cells) {
        cell.reprice();
        this.#sums.put(cell);
      }
      this.#oldestMarkMs = -Infinity; // to be looked for
      isAnother = true;
    }
    return isAnother;
  }

  oldestMarkAgeMs(monotonicMs: number, limitMs: number): number {
    if (!(monotonicMs - this.#oldestMarkMs <= limitMs)) {
      this.#oldestMarkMs = Infinity;
      for (const cell of this.#cells.values()) this.#noteMark(cell);
      for (const ledger of this.ledgers.foreign()) this.#noteRate(ledger);
    }
    return this.#oldestMarkMs === Infinity ? 0 : monotonicMs - this.#oldestMarkMs;
  }

  addCash(amount: Decimal, ledger = this.ledgers.own): void {
    ledger.addCash(amount);
    this.#noteRate(ledger);
  }

  /**
   * A deposit (positive) or withdrawal: neither a profit of the day nor a change of the drawdown.
   *
   * @param highWater what it was written down to have become; default: scaled now
   */
  flow(amount: Decimal, highWater?: Units): void {
    const before = this.equity;
    this.addCash(amount);
    this.flows = this.flows.plus(amount);
    this.dayOpen = add(this.dayOpen, neg(unitsFloor(amount.neg())));
    const after = this.equity;
    // Scaled, not shifted: 20 % below the mark stays 20 %.
    const scaled = before > 0 ? units(Math.ceil((this.highWater / before) * after)) : after;
    this.highWater = highWater ?? scaled;
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

  #take(cell: Cell): Cell {
    this.#cells.set(cell.instrument.instrumentId, cell);
    this.cellCount += 1;
    this.#strategies.take(cell);
    cell.price(undefined);
    this.#sums.put(cell);
    this.#noteMark(cell);
    return cell;
  }

  #noteMark(cell: Cell): void {
    if (cell.active) this.#oldestMarkMs = Math.min(this.#oldestMarkMs, cell.markMonotonicMs);
  }

  #noteRate(ledger: CurrencyLedger): void {
    this.#oldestMarkMs = Math.min(this.#oldestMarkMs, ledger.rateMs);
  }
}

const exactOrUnknown = (amount: number): Units => units(Number.isSafeInteger(amount) ? amount : NaN);
