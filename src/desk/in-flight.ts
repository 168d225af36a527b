import { onDispose } from '../core/clock.ts';
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
  readonly #amending = new Set<string>();
  readonly #waiting = new Set<() => void>();

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

  /** Whether the venue need not know the order yet. */
  isUnderWay(clientOrderId: string): boolean {
    return this.#unsent.has(clientOrderId) || this.#placing.has(clientOrderId);
  }

  /** Until disposed, an amendment of the order is waited for. */
  amending(clientOrderId: string): Disposable {
    this.#amending.add(clientOrderId);
    return onDispose(() => this.#amending.delete(clientOrderId));
  }

  isAmending(clientOrderId: string): boolean {
    return this.#amending.has(clientOrderId);
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
    for (const look of this.#waiting) look();
    return result;
  }

  /** Resolves when what happens to orders has made something true. */
  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
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
