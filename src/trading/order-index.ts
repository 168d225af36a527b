import type { DayId } from '../core/trading-day.ts';
import { PortcullisError } from '../core/errors.ts';
import { OrderRow } from './book-order.ts';
import type { SavedOrder } from './saved-book.ts';
import type { BookedOrder } from './order-event.ts';
import type { Side } from './order-intent.ts';

/** Every order by id, those that may still fill, and the executions that have been booked. Only the Book has it. */
export class OrderIndex {
  readonly #rows = new Map<string, OrderRow>();
  readonly #live = new Set<OrderRow>();
  /** The same, by side and instrument. */
  readonly #liveOn = { buy: new Map<string, Set<OrderRow>>(), sell: new Map<string, Set<OrderRow>>() };
  /** How many orders have it. By account and instrument: venues count executions per instrument, and both sides of a trade share the id. */
  readonly #executions = new Map<string, number>();
  #places = 0;

  get(clientOrderId: string): OrderRow | undefined {
    return this.#rows.get(clientOrderId);
  }

  all(): Iterable<OrderRow> {
    return this.#rows.values();
  }

  live(): Iterable<OrderRow> {
    return this.#live;
  }

  /** The live ones on one side of an instrument, oldest first. */
  liveOn(instrumentId: string, side: Side): Iterable<OrderRow> {
    return this.#liveOn[side].get(instrumentId) ?? NONE;
  }

  /** @throws {PortcullisError} `RESERVATION_SPENT` when an order of this id has been kept before */
  add(order: BookedOrder, dayId: DayId): void {
    if (this.#rows.has(order.clientOrderId)) {
      throw new PortcullisError(
        'RESERVATION_SPENT',
        `clientOrderId: expected a new order, got ${order.clientOrderId} again`,
      );
    }
    this.#take(new OrderRow(order, dayId, (this.#places += 1)));
  }

  /** Something has happened to the order. */
  touch(row: OrderRow, dayId: DayId): void {
    row.touch(dayId);
    if (row.isLive) {
      if (!this.#live.has(row)) this.#resurrect(row);
      return;
    }
    if (!this.#live.delete(row)) return;
    this.#liveOn[row.side].get(row.order.instrument.instrumentId)?.delete(row);
    // A snapshot has to be taken in one step: it finds those that are over, which are most, ready.
    row.snapshot();
  }

  hasExecution(order: BookedOrder, executionId: string): boolean {
    return this.#executions.has(key(order, executionId));
  }

  addExecution(order: BookedOrder, executionId: string): void {
    const id = key(order, executionId);
    this.#executions.set(id, (this.#executions.get(id) ?? 0) + 1);
  }

  /** The orders as they are now; reading them through may wait. */
  snapshot(): readonly SavedOrder[] {
    return [...this.#rows.values()].map((row) => row.snapshot());
  }

  restore(was: SavedOrder): OrderRow {
    const row = OrderRow.restore(was, (this.#places += 1));
    this.#take(row);
    for (const executionId of row.executionIds) this.addExecution(row.order, executionId);
    return row;
  }

  /** The orders that are over and to which nothing has happened since before a trading day. */
  *finishedBefore(dayId: DayId): Iterable<OrderRow> {
    for (const row of this.#rows.values()) if (!row.isLive && row.dayId < dayId) yield row;
  }

  remove({ order, executionIds }: OrderRow): void {
    this.#rows.delete(order.clientOrderId);
    for (const executionId of executionIds) {
      const id = key(order, executionId);
      const others = (this.#executions.get(id) ?? 1) - 1;
      if (others > 0) this.#executions.set(id, others);
      else this.#executions.delete(id);
    }
  }

  /** An order that was over lives again: it is as old as before. */
  #resurrect(row: OrderRow): void {
    insert(this.#live, row);
    insert(this.#liveSet(row), row);
  }

  #take(row: OrderRow): void {
    this.#rows.set(row.order.clientOrderId, row);
    if (!row.isLive) return;
    this.#live.add(row);
    this.#liveSet(row).add(row);
  }

  #liveSet({ order, side }: OrderRow): Set<OrderRow> {
    const { instrumentId } = order.instrument;
    const liveOn = this.#liveOn[side];
    const present = liveOn.get(instrumentId);
    if (present !== undefined) return present;
    const rows = new Set<OrderRow>();
    liveOn.set(instrumentId, rows);
    return rows;
  }
}

const NONE: readonly OrderRow[] = [];

/** Adds a row to others, which are sorted by age, at its place. */
function insert(rows: Set<OrderRow>, row: OrderRow): void {
  const sorted = [...rows, row].sort((a, b) => a.place - b.place);
  rows.clear();
  for (const one of sorted) rows.add(one);
}

const key = ({ accountId, instrument }: BookedOrder, executionId: string): string =>
  `${accountId} ${instrument.instrumentId} ${executionId}`;
