import type { BookReader } from '../trading/book.ts';
import type { OrderEvent } from '../trading/order-event.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import type { VenueOrder } from './venue-driver.ts';

/** What is under way with the venue: orders written down but not sent, sent but not answered, asked to be cancelled. */
export class InFlight {
  /** As they were decided. */
  readonly #unsent = new Map<string, VenueOrder>();
  readonly #placing = new Map<string, PromiseWithResolvers<void>>();
  readonly #cancelling = new Set<string>();
  readonly #book: BookReader;
  #wake: () => void = () => undefined;

  constructor(book: BookReader) {
    this.#book = book;
  }

  add(order: VenueOrder): void {
    this.#unsent.set(order.clientOrderId, order);
  }

  /** The order to send. It is given out once. */
  take(clientOrderId: string): VenueOrder | undefined {
    const order = this.#unsent.get(clientOrderId);
    this.#unsent.delete(clientOrderId);
    if (order !== undefined) this.#placing.set(clientOrderId, Promise.withResolvers());
    return order;
  }

  isUnsent(clientOrderId: string): boolean {
    return this.#unsent.has(clientOrderId);
  }

  /** Resolves when the venue has answered for a sent order, or its time for that is over. */
  placed(clientOrderId: string): Promise<void> | undefined {
    return this.#placing.get(clientOrderId)?.promise;
  }

  /** Whether a cancel was asked for and has not failed. */
  isCancelling(clientOrderId: string): boolean {
    return this.#cancelling.has(clientOrderId);
  }

  /** Takes note of an event on both sides of its being counted. */
  around<T>(event: OrderEvent, count: () => T): T {
    const { type, clientOrderId } = event;
    // Before: counting it may trip, and a trip cancels.
    if (type === 'cancelRequested') this.#cancelling.add(clientOrderId);
    else if (type === 'cancelFailed') this.#cancelling.delete(clientOrderId);
    else if (type === 'accepted' || type === 'rejected' || type === 'timedOut') this.#answered(clientOrderId);
    const result = count();
    const order = this.#book.order(clientOrderId);
    if (order !== undefined && !isOpen(order.state)) this.#over(clientOrderId);
    this.#wake();
    return result;
  }

  /** Resolves when no order works any more. The unknown ones are not waited for. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        if (![...this.#book.orders()].some(({ state }) => isOpen(state) && state !== 'unknown')) resolve();
      };
      this.#wake();
    });
  }

  #over(clientOrderId: string): void {
    this.#unsent.delete(clientOrderId);
    this.#cancelling.delete(clientOrderId);
    this.#answered(clientOrderId);
  }

  #answered(clientOrderId: string): void {
    this.#placing.get(clientOrderId)?.resolve();
    this.#placing.delete(clientOrderId);
  }
}
