import type { OrderEvent } from '../trading/order-event.ts';
import type { VenueOrder } from './venue-driver.ts';

/** What is under way with the venue: orders written down but not sent, sent but not answered, asked to be cancelled. */
export class InFlight {
  /** As they were decided. */
  readonly #unsent = new Map<string, VenueOrder>();
  readonly #placing = new Map<string, PromiseWithResolvers<void>>();
  readonly #cancelling = new Set<string>();

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

  note({ type, clientOrderId }: OrderEvent): void {
    if (type === 'cancelRequested') this.#cancelling.add(clientOrderId);
    else if (type === 'cancelFailed') this.#cancelling.delete(clientOrderId);
    else if (type === 'accepted' || type === 'rejected' || type === 'timedOut') this.#answered(clientOrderId);
  }

  /** The order has ended. */
  over(clientOrderId: string): void {
    this.#unsent.delete(clientOrderId);
    this.#cancelling.delete(clientOrderId);
    this.#answered(clientOrderId);
  }

  #answered(clientOrderId: string): void {
    this.#placing.get(clientOrderId)?.resolve();
    this.#placing.delete(clientOrderId);
  }
}
