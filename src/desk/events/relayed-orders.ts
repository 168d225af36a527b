import { PortcullisError } from '../../core/errors.ts';
import type { DayId } from '../../core/trading-day.ts';
import { OrderRow } from '../../trading/book-order.ts';
import type { OrderView } from '../../trading/order-view.ts';
import type { SavedOrder } from '../../trading/saved-book.ts';
import type { InstrumentOf } from '../journal/journal-apply.ts';
import { readLoneOrder } from '../journal/journal-checkpoint-order.ts';
import { bookedOrder, externalOrder, orderEvent, readFill } from '../journal/journal-order.ts';
import type { JournalRecord } from '../journal/journal-record.ts';

/** The orders of a journal as they were at the record that was taken last: those that the Book had in memory then. */
export class RelayedOrders {
  readonly #instrumentOf: InstrumentOf;
  readonly #rows = new Map<string, OrderRow>();
  /** Changed since they were saved. */
  readonly #changed = new Set<string>();
  #dayId: DayId = '';

  constructor(instrumentOf: InstrumentOf) {
    this.#instrumentOf = instrumentOf;
  }

  /** The trading day of the record that was taken last. */
  get dayId(): DayId {
    return this.#dayId;
  }

  /** Puts other orders in the place of all. */
  restore(dayId: DayId, orders: Iterable<SavedOrder>): void {
    this.#dayId = dayId;
    this.#rows.clear();
    this.#changed.clear();
    for (const saved of orders) this.#rows.set(saved.order.clientOrderId, OrderRow.restore(saved, 0));
  }

  /** As `restore`, where a store has those of now: all of them count as changed. */
  goBack(dayId: DayId, orders: Iterable<SavedOrder>): void {
    const had = [...this.#rows.keys()];
    this.restore(dayId, orders);
    this.touchAll();
    for (const id of had) this.#changed.add(id);
  }

  /** All of them, as they are. */
  *all(): Generator<SavedOrder, void> {
    for (const row of this.#rows.values()) yield row.snapshot();
  }

  /**
   * Takes the next record.
   *
   * @returns the order that it is about, as it is then; `undefined` where it is about none
   * @throws {PortcullisError} `INPUT_INVALID`, `NUMBER_INVALID`, `INSTRUMENT_UNKNOWN`
   */
  take(record: JournalRecord): OrderView | undefined {
    switch (record.type) {
      case 'opened':
      case 'dayRolled':
        this.#dayId = record.dayId;
        return undefined;
      case 'adjusted':
      case 'flowed':
      case 'funded':
      case 'tenure':
        return undefined;
      case 'retired':
        this.#retire(record.before);
        return undefined;
      case 'revived':
        return this.#put(OrderRow.restore(readLoneOrder(record, this.#instrumentOf), 0));
      case 'submitting': {
        const order = bookedOrder(record, this.#instrumentOf(record.intent.instrumentId));
        return this.#put(new OrderRow(order, this.#dayId, 0));
      }
      case 'external': {
        const instrument = this.#instrumentOf(record.instrumentId);
        const row = new OrderRow(externalOrder(record, instrument), this.#dayId, 0);
        row.fill(readFill(record, instrument));
        return this.#put(row);
      }
      default: {
        const row = this.#rows.get(record.clientOrderId);
        if (row === undefined) {
          throw new PortcullisError(
            'INPUT_INVALID',
            `clientOrderId: expected an order submitted before, got ${record.clientOrderId}`,
          );
        }
        const event = orderEvent(record, row.order.instrument);
        if (event.type === 'filled') row.fill(event.fill);
        else row.apply(event);
        row.touch(this.#dayId);
        return this.#put(row);
      }
    }
  }

  /** Lets all of them count as changed: for a store that has none. */
  touchAll(): void {
    for (const id of this.#rows.keys()) this.#changed.add(id);
  }

  /** What has changed since the last save: orders as they are, and the ids of those that are gone. */
  changes(): { readonly orders: readonly SavedOrder[]; readonly gone: readonly string[] } {
    const orders: SavedOrder[] = [];
    const gone: string[] = [];
    for (const id of this.#changed) {
      const row = this.#rows.get(id);
      if (row === undefined) gone.push(id);
      else orders.push(row.snapshot());
    }
    return { orders, gone };
  }

  /** What has changed until now is saved. */
  saved(): void {
    this.#changed.clear();
  }

  #put(row: OrderRow): OrderRow {
    const { clientOrderId } = row.order;
    this.#rows.set(clientOrderId, row);
    this.#changed.add(clientOrderId);
    return row;
  }

  /** As the Book does it. */
  #retire(before: DayId): void {
    for (const [id, row] of this.#rows) {
      if (row.isLive || !(row.dayId < before)) continue;
      this.#rows.delete(id);
      this.#changed.add(id);
    }
  }
}
