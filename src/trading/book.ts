import { type DecimalInput, decimal } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { type Principal, requirePerson } from '../core/principal.ts';
import type { DayId } from '../core/trading-day.ts';
import { type Lots, type Units, add, lots, max, neg, sub } from '../core/units.ts';
import { Account, type AccountView } from './book-account.ts';
import type { CellView, Mark } from './book-cell.ts';
import { OrderRow, type OrderView } from './book-order.ts';
import type { Fill } from './fill.ts';
import { type MarketView, isGood } from './market-view.ts';
import type { Applied, BookedOrder, OrderEvent } from './order-event.ts';
import { isOpen, nextState } from './order-life-cycle.ts';

/** What everybody but the desk sees of the Book. */
export interface BookReader {
  account(accountId: string): AccountView | undefined;
  accounts(): Iterable<AccountView>;
  cell(accountId: string, instrumentId: string): CellView | undefined;
  order(clientOrderId: string): OrderView | undefined;
  orders(): Iterable<OrderView>;
  /** The last view, good or not. */
  view(instrumentId: string): MarketView | undefined;
  /** The last good mark. */
  markOf(instrumentId: string): Mark | undefined;
}

/** The roll of a trading day, with the facts that a journal cannot derive. */
export interface DayRolled {
  readonly dayId: DayId;
  readonly atMs: number;
  readonly accounts: readonly {
    readonly accountId: string;
    readonly dayOpen: Units;
    readonly highWater: Units;
  }[];
}

/**
 * The one source of truth: positions, working orders, marks, cash. Everything is counted in the tick in which it
 * arrives. One writer, the guard and its desk; everybody else is handed a `BookReader`.
 */
export class Book implements BookReader {
  readonly #accounts = new Map<string, Account>();
  readonly #orders = new Map<string, OrderRow>();
  readonly #views = new Map<string, MarketView>();
  readonly #marks = new Map<string, Mark>();
  /** Executions by account and instrument: venues count them per instrument, and both sides of a trade share its id. */
  readonly #executions = new Set<string>();
  #dayId: DayId = '';

  /** @throws {PortcullisError} `OPTION_INVALID` when the account exists */
  openAccount(accountId: string, currency: string, balance: DecimalInput): void {
    if (this.#accounts.has(accountId)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `accountId: expected a new account, got ${accountId} again`,
      );
    }
    this.#accounts.set(accountId, new Account(accountId, currency, decimal(balance, 'balance')));
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
    return this.#orders.values();
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
      if (cell?.active !== true) continue;
      account.update(cell, mark);
      account.raiseHighWater();
    }
  }

  /** Holds an order's quantity on its side. Synchronous; the order is not yet known by id. */
  hold(order: BookedOrder): void {
    this.#moveLeaves(order, order.qty);
  }

  /**
   * Makes a held order known by id: from here on only events end its hold.
   *
   * @throws {PortcullisError} `RESERVATION_SPENT` when an order of this id has been kept before
   */
  keep(order: BookedOrder): void {
    if (this.#orders.has(order.clientOrderId)) {
      throw new PortcullisError(
        'RESERVATION_SPENT',
        `clientOrderId: expected a new order, got ${order.clientOrderId} again`,
      );
    }
    this.#orders.set(order.clientOrderId, new OrderRow(order));
  }

  /** Gives up a hold that was never kept. */
  drop(order: BookedOrder): void {
    this.#moveLeaves(order, neg(order.qty));
  }

  apply(event: OrderEvent): Applied {
    const row = this.#orders.get(event.clientOrderId);
    if (row === undefined) return { anomaly: 'ORDER_UNKNOWN' };
    if (event.type === 'filled') return this.#fill(row, event.fill);
    const next = nextState(row.state, event.type);
    if (next === undefined) return { anomaly: 'ILLEGAL_TRANSITION' };
    const before = row.state;
    row.state = next;
    switch (event.type) {
      case 'abandoned':
      case 'rejected':
      case 'absent':
        this.#setLeaves(row, lots(0));
        return 'applied';
      case 'accepted':
        if (before !== 'rejected') return 'applied';
        this.#setLeaves(row, row.leavesAt(row.cumulative, next));
        return { anomaly: 'RESURRECTED' };
      case 'cancelled':
      case 'expired':
        return this.#final(row, event.cumulative);
      default:
        return 'applied';
    }
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

  /** The facts of a day's end: equity at the last good marks becomes the open of the new day. Writes nothing. */
  planRoll(dayId: DayId, atMs: number): DayRolled {
    const accounts = [...this.#accounts.values()].map(({ accountId, equity, dayOpen, highWater }) => ({
      accountId,
      // Unknown equity: the highest there was, so that no loss is forgiven.
      dayOpen: Number.isNaN(equity) ? max(dayOpen, highWater) : equity,
      highWater,
    }));
    return { dayId, atMs, accounts };
  }

  /** Starts a day. Never backwards: a day that has been rolled to, or an earlier one, changes nothing. */
  roll(day: DayRolled): void {
    if (!(day.dayId > this.#dayId)) return;
    this.#dayId = day.dayId;
    for (const { accountId, dayOpen, highWater } of day.accounts) {
      const account = this.#require(accountId);
      account.dayOpen = dayOpen;
      this.stampHighWater(accountId, highWater);
    }
  }

  /** Takes over a recorded high-water mark if it is higher. */
  stampHighWater(accountId: string, highWater: Units): void {
    this.#require(accountId).raiseHighWater(highWater);
  }

  #fill(row: OrderRow, fill: Fill): Applied {
    if (row.executionIds.has(fill.executionId)) return 'duplicate';
    if (!(Number.isSafeInteger(fill.quantity) && fill.quantity > 0 && fill.price.gt('0')))
      return { anomaly: 'FILL_INVALID' };
    const { order } = row;
    const execution = `${order.accountId} ${order.instrument.instrumentId} ${fill.executionId}`;
    const reused = this.#executions.has(execution);
    row.executionIds.add(fill.executionId);
    this.#executions.add(execution);

    const account = this.#require(order.accountId);
    const cell = account.openCell(order.instrument);
    const before = row.state;
    const legal = nextState(before, 'filled');
    const cumulative = add(row.cumulative, fill.quantity);
    const leaves = row.leavesAt(cumulative, legal ?? before);
    account.update(cell, this.#markFor(order), () => {
      account.addCash(cell.book(order.side, fill));
      cell.moveLeaves(order.side, sub(leaves, row.leaves));
    });
    row.leaves = leaves;
    row.cumulative = cumulative;
    row.state =
      legal !== undefined && isOpen(legal) && cumulative >= order.qty ? 'filled' : (legal ?? before);
    const feeTaken = fill.fee.currency === account.currency || fill.fee.amount.eq('0');
    if (feeTaken) {
      cell.fees = cell.fees.plus(fill.fee.amount);
      account.fees = account.fees.plus(fill.fee.amount);
      account.addCash(fill.fee.amount.neg());
    }
    account.raiseHighWater();

    if (reused) return { anomaly: 'EXECUTION_ID_REUSED' };
    if (legal === undefined) return { anomaly: 'ILLEGAL_TRANSITION' };
    if (cumulative > order.qty) return { anomaly: 'OVERFILL' };
    if (row.finalCumulative !== undefined && cumulative > row.finalCumulative)
      return { anomaly: 'VENUE_CONTRADICTION' };
    if (before === 'rejected') return { anomaly: 'RESURRECTED' };
    if (!feeTaken) return { anomaly: 'FEE_CURRENCY_UNSUPPORTED' };
    return 'applied';
  }

  /** The venue's last word: the hold shrinks to the fills that are still to arrive. Without a quantity it stays. */
  #final(row: OrderRow, cumulative: Lots | undefined): Applied {
    if (cumulative === undefined) return 'applied';
    if (!(Number.isSafeInteger(cumulative) && cumulative >= 0)) return { anomaly: 'VENUE_CONTRADICTION' };
    const contradicts =
      cumulative < row.cumulative ||
      cumulative > row.order.qty ||
      (row.finalCumulative !== undefined && cumulative !== row.finalCumulative);
    row.finalCumulative =
      row.finalCumulative === undefined || cumulative > row.finalCumulative
        ? cumulative
        : row.finalCumulative;
    this.#setLeaves(row, row.leavesAt(row.cumulative, row.state));
    return contradicts ? { anomaly: 'VENUE_CONTRADICTION' } : 'applied';
  }

  #setLeaves(row: OrderRow, leaves: Lots): void {
    if (leaves !== row.leaves) this.#moveLeaves(row.order, sub(leaves, row.leaves));
    row.leaves = leaves;
  }

  #moveLeaves(order: BookedOrder, by: Lots): void {
    const account = this.#require(order.accountId);
    const cell = account.openCell(order.instrument);
    account.update(cell, this.#markFor(order), () => {
      cell.moveLeaves(order.side, by);
    });
  }

  #markFor(order: BookedOrder): Mark | undefined {
    return this.#marks.get(order.instrument.instrumentId);
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
