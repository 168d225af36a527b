import { type DecimalInput, decimal } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { type Principal, requirePerson } from '../core/principal.ts';
import { RecentMap } from '../core/recent-map.ts';
import type { DayId } from '../core/trading-day.ts';
import { type Lots, type Units, neg, sub, units } from '../core/units.ts';
import type { AccountView } from './account-view.ts';
import { Account } from './book-account.ts';
import { BookFacts, type Booked } from './book-facts.ts';
import type { BookDeps, BookReader, DayRolled } from './book-reader.ts';
import { claimOf } from './claim.ts';
import { planRoll } from './plan-roll.ts';
import { type PlannedFill, planFill } from './plan-fill.ts';
import type { CellView, Mark } from './book-cell.ts';
import type { OrderRow } from './book-order.ts';
import type { OrderView } from './order-view.ts';
import type { FxRates } from './fx-rates.ts';
import type { Adjustment, Flow, Funding, SavedBook, SavedOrder } from './saved-book.ts';
import { type Fill, isSound } from './fill.ts';
import { type MarketView, isGood } from './market-view.ts';
import type { Applied, BookedOrder, OrderEvent } from './order-event.ts';
import { OrderIndex } from './order-index.ts';
import type { Side } from './order-intent.ts';

export type { BookDeps, BookReader, DayRolled } from './book-reader.ts';

const NONE = units(0);

/**
 * The one source of truth: positions, working orders, marks, cash. Everything is counted in the tick in which it
 * arrives. One writer, the guard and its desk; everybody else is handed a `BookReader`.
 */
export class Book implements BookReader {
  readonly #accounts = new RecentMap<Account>();
  readonly #orders = new OrderIndex();
  readonly #views = new Map<string, MarketView>();
  readonly #marks = new Map<string, Mark>();
  readonly #facts = new BookFacts();
  readonly #rates: FxRates | undefined;
  #dayId: DayId = '';

  constructor(deps: BookDeps = {}) {
    this.#rates = deps.fxRates?.(this);
  }

  /** @throws {PortcullisError} `OPTION_INVALID` when the account exists */
  openAccount(accountId: string, currency: string, balance: DecimalInput): void {
    if (this.#accounts.has(accountId)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `accountId: expected a new account, got ${accountId} again`,
      );
    }
    this.#accounts.set(accountId, new Account(accountId, currency, decimal(balance, 'balance'), this.#rates));
  }

  account(accountId: string): AccountView | undefined {
    return this.#accounts.get(accountId);
  }

  accounts(): Iterable<AccountView> {
    return this.#accounts.values();
  }

  cell(accountId: string, instrumentId: string): CellView | undefined {
    return this.#accounts.get(accountId)?.cell(instrumentId);
  }

  order(clientOrderId: string): OrderView | undefined {
    return this.#orders.get(clientOrderId);
  }

  orders(): Iterable<OrderView> {
    return this.#orders.all();
  }

  liveOrders(): Iterable<OrderView> {
    return this.#orders.live();
  }

  workingOn(instrumentId: string, side: Side): Iterable<OrderView> {
    return this.#orders.liveOn(instrumentId, side);
  }

  view(instrumentId: string): MarketView | undefined {
    return this.#views.get(instrumentId);
  }

  markOf(instrumentId: string): Mark | undefined {
    return this.#marks.get(instrumentId);
  }

  /** Takes a view. Only a good one moves marks, profit and high-water marks. */
  mark(view: MarketView): void {
    this.#views.set(view.instrumentId, view);
    if (!isGood(view)) return;
    const mark: Mark = { price: view.mark, monotonicMs: view.receivedMonotonicMs };
    this.#marks.set(view.instrumentId, mark);
    for (const account of this.#accounts.values()) {
      const cell = account.cell(view.instrumentId);
      if (cell !== undefined) account.mark(cell, mark); // one that is flat may be made of shares that are not
      if (account.refreshRates() || cell?.active === true) account.raiseHighWater();
    }
  }

  /** Values by the rates of now. Every mark does it as well. */
  refreshRates(): void {
    for (const account of this.#accounts.values()) if (account.refreshRates()) account.raiseHighWater();
  }

  /** Holds an order's quantity on its side. Synchronous; the order is not yet known by id. */
  hold(order: BookedOrder): void {
    this.#moveLeaves(order, order.qty, NONE, claimOf(order, order.qty));
  }

  /**
   * Makes a held order known by id: from here on only events end its hold.
   *
   * @throws {PortcullisError} `RESERVATION_SPENT` when an order of this id has been kept before
   */
  keep(order: BookedOrder): void {
    this.#orders.add(order, this.#dayId);
  }

  /** Gives up a hold that was never kept. */
  drop(order: BookedOrder): void {
    this.#moveLeaves(order, neg(order.qty), claimOf(order, order.qty), NONE);
  }

  apply(event: OrderEvent): Applied {
    const row = this.#orders.get(event.clientOrderId);
    if (row === undefined) return { anomaly: 'ORDER_UNKNOWN' };
    if (event.type === 'filled') return this.#fill(row, event.fill);
    const { leaves, claim } = row;
    const applied = row.apply(event);
    // What cannot happen, or comes too late to mean anything, leaves no trace.
    if (typeof applied === 'object' && applied.anomaly === 'ILLEGAL_TRANSITION') return applied;
    this.#orders.touch(row, this.#dayId);
    const [moved, claims] = [sub(row.leaves, leaves), row.claim];
    if (moved !== 0 || !Object.is(claim, claims)) this.#moveLeaves(row.order, moved, claim, claims);
    return applied;
  }

  /**
   * Books a fill of an order that we never sent, as an order of its own under the strategy `external`. The same execution
   * of an account and instrument is booked once.
   */
  external(order: BookedOrder, fill: Fill, atMs: number): Applied {
    if (this.#orders.hasExecution(order, fill.executionId)) return 'duplicate';
    if (this.#plan(order, fill) === undefined) return { anomaly: 'FILL_INVALID' };
    this.hold(order);
    this.keep(order);
    return this.apply({ type: 'filled', clientOrderId: order.clientOrderId, atMs, fill });
  }

  /**
   * What a person has found to be true, and no order explains: a corporate action, a transfer. The position moves at
   * `price`, without cash; cash moves by `cash`. It counts as profit or loss. The same adjustment counts once.
   *
   * @returns `unsafe` for what would make money leave the range in which it is exact: it leaves no trace
   * @throws {PortcullisError} `ACCOUNT_UNKNOWN`
   */
  adjust(adjustment: Adjustment): Booked {
    const { accountId, position } = adjustment;
    const mark = position && this.#marks.get(position.instrument.instrumentId);
    return this.#facts.adjust(this.#require(accountId), adjustment, mark);
  }

  /**
   * Books funding of what is held on margin. The same one counts once.
   *
   * @returns `unsafe` as `adjust`
   * @throws {PortcullisError} `ACCOUNT_UNKNOWN`
   */
  fund(funding: Funding): Booked {
    return this.#facts.fund(this.#require(funding.accountId), funding);
  }

  /** The Book as it is now. The orders may be read through later: they stay as they are now. */
  snapshot(): SavedBook {
    return {
      dayId: this.#dayId,
      ...this.#facts.snapshot(),
      accounts: Array.from(this.#accounts.values(), (account) => account.snapshot()),
      orders: this.#orders.snapshot(),
    };
  }

  /** Makes an empty Book what another was when the snapshot was taken. */
  restore(saved: SavedBook): void {
    const { dayId, accounts, orders } = saved;
    this.#dayId = dayId;
    this.#facts.restore(saved);
    for (const was of accounts) {
      const account = Account.restore(was, this.#rates);
      this.#accounts.set(was.accountId, account);
      // It follows the marks of before as well.
      for (const cell of account.cells()) account.mark(cell, this.#marks.get(cell.instrument.instrumentId));
    }
    for (const was of orders) this.revive(was);
  }

  /** Takes back an order that was retired, since something happened to it after all. */
  revive(was: SavedOrder): void {
    const { order, leaves, claim } = this.#orders.restore(was);
    if (leaves !== 0) this.#moveLeaves(order, leaves, NONE, claim);
  }

  /** The orders that are over and to which nothing has happened since before a trading day. */
  finishedBefore(dayId: DayId): SavedOrder[] {
    return Array.from(this.#orders.finishedBefore(dayId), (row) => row.snapshot());
  }

  /** Forgets them. Whoever may still be asked about them has to have kept them. */
  retire(dayId: DayId): void {
    for (const row of this.#orders.finishedBefore(dayId)) this.#orders.remove(row);
  }

  /**
   * A deposit (positive) or withdrawal. Without positive, known equity the high-water mark cannot be scaled, so it takes
   * a person, and the mark starts anew.
   *
   * @throws {PortcullisError} `ACCOUNT_UNKNOWN`, `PRINCIPAL_REQUIRED`, `NUMBER_INVALID`
   */
  flow(accountId: string, amount: DecimalInput, by: Principal, reason: string): void {
    const account = this.#require(accountId);
    const exact = decimal(amount, 'amount');
    if (!(account.equity > 0)) requirePerson(by, reason, 'flow without positive equity');
    account.flow(exact);
  }

  /**
   * The same, once.
   *
   * @param highWater what the high-water mark was written down to have become: without marks it cannot be worked out again
   * @returns `unsafe` as `adjust`
   * @throws {PortcullisError} `ACCOUNT_UNKNOWN`
   */
  flowOnce(flow: Flow, highWater?: Units): Booked {
    return this.#facts.flow(this.#require(flow.accountId), flow, highWater);
  }

  /** The facts of a day's end: equity at the last good marks becomes the open of the new day. Writes nothing. */
  planRoll(dayId: DayId, atMs: number): DayRolled {
    return planRoll(dayId, atMs, this.#accounts.values());
  }

  /** Starts a day. Never backwards: a day that has been rolled to, or an earlier one, changes nothing. */
  roll(day: DayRolled): void {
    if (!(day.dayId > this.#dayId)) return;
    this.#dayId = day.dayId;
    for (const { accountId, dayOpen, highWater, strategies } of day.accounts) {
      this.#require(accountId).openDay(dayOpen, strategies);
      this.stampHighWater(accountId, highWater);
    }
  }

  /** Takes over a recorded high-water mark if it is higher. */
  stampHighWater(accountId: string, highWater: Units): void {
    this.#require(accountId).raiseHighWater(highWater);
  }

  #fill(row: OrderRow, fill: Fill): Applied {
    const { order } = row;
    if (row.hasExecution(fill.executionId)) return 'duplicate';
    const planned = this.#plan(order, fill);
    if (planned === undefined) return { anomaly: 'FILL_INVALID' };
    const { leaves, claim } = row;
    const applied = row.fill(fill);
    this.#orders.touch(row, this.#dayId);
    const reused = this.#orders.hasExecution(order, fill.executionId);
    this.#orders.addExecution(order, fill.executionId);
    planned.take(sub(row.leaves, leaves), claim, row.claim);
    if (reused) return { anomaly: 'EXECUTION_ID_REUSED' };
    return applied === 'applied' && !planned.feeTaken ? { anomaly: 'FEE_CURRENCY_UNSUPPORTED' } : applied;
  }

  /** Nothing for a fill that cannot be. */
  #plan(order: BookedOrder, fill: Fill): PlannedFill | undefined {
    if (!isSound(fill) || !Number.isSafeInteger(order.worst)) return undefined;
    return planFill(this.#require(order.accountId), order, fill, this.markOf(order.instrument.instrumentId));
  }

  #moveLeaves(order: BookedOrder, by: Lots, claim: Units, claims: Units): void {
    const account = this.#require(order.accountId);
    const cell = account.openCell(order.instrument);
    if (cell.mark === undefined) account.mark(cell, this.markOf(order.instrument.instrumentId)); // else it has followed every mark
    account.moveLeaves(cell, order, by, claim, claims);
  }

  #require(accountId: string): Account {
    const account = this.#accounts.get(accountId);
    if (account !== undefined) return account;
    throw new PortcullisError(
      'ACCOUNT_UNKNOWN',
      `accountId: expected a configured account, got ${accountId}`,
    );
  }
}
