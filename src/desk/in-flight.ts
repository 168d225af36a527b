import { type Clock, onDispose } from '../core/clock.ts';
import type { BookReader } from '../trading/book.ts';
import type { OrderEvent } from '../trading/order-event.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import type { VenueOrder } from './venue/venue-driver.ts';

/** For how long a cancel that the venue has taken counts: an order that is open after that is asked to go again. */
const CANCEL_MS = 5_000;

/** What is under way with the venue: orders written down but not sent, sent but not answered, asked to be cancelled. */
export class InFlight {
  /** As they were decided. */
  readonly #unsent = new Map<string, VenueOrder>();
  readonly #placing = new Map<string, PromiseWithResolvers<void>>();
  /** Since when, on the monotonic clock. */
  readonly #cancelling = new Map<string, number>();
  readonly #book: Pick<BookReader, 'order'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #amending = new Set<string>();
  /** Cancels that the venue has not answered. */
  readonly #asked = new Set<Promise<unknown>>();
  readonly #quiet = new Set<() => void>();

  constructor(book: Pick<BookReader, 'order'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#book = book;
    this.#clock = clock;
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
    return onDispose(() => {
      this.#amending.delete(clientOrderId);
      this.#noteQuiet();
    });
  }

  /** A request to the venue that is waited for. */
  asked<T>(request: Promise<T>): Promise<T> {
    const over = (): void => {
      this.#asked.delete(request);
      this.#noteQuiet();
    };
    this.#asked.add(request);
    request.then(over, over);
    return request;
  }

  /** Resolves when nothing is under way; never, when the wait is given up before. */
  quiet(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#quiet.add(resolve);
      signal.addEventListener('abort', () => this.#quiet.delete(resolve), { once: true });
      this.#noteQuiet();
    });
  }

  isAmending(clientOrderId: string): boolean {
    return this.#amending.has(clientOrderId);
  }

  /** Whether a cancel was asked for a moment ago and has not failed. */
  isCancelling(clientOrderId: string): boolean {
    const sinceMs = this.#cancelling.get(clientOrderId) ?? NaN;
    return this.#clock.monotonicMs() - sinceMs < CANCEL_MS;
  }

  /** A cancel is being asked for. */
  cancelling(clientOrderId: string): void {
    if (isOpen(this.#book.order(clientOrderId)?.state ?? 'rejected'))
      this.#cancelling.set(clientOrderId, this.#clock.monotonicMs());
  }

  /** It has failed. */
  cancelFailed(clientOrderId: string): void {
    this.#cancelling.delete(clientOrderId);
  }

  /** Whether the event says that an order exists of which that was not known. */
  turnsUp({ type, clientOrderId }: OrderEvent): boolean {
    const state = this.#book.order(clientOrderId)?.state;
    return type === 'accepted' && (state === 'unknown' || state === 'rejected');
  }

  /** Takes note of an event on both sides of its being counted. */
  around<T>(event: OrderEvent, count: () => T): T {
    const { type, clientOrderId } = event;
    // Before: counting it may trip, and a trip cancels.
    if (type === 'cancelRequested') this.cancelling(clientOrderId);
    else if (type === 'cancelFailed') this.cancelFailed(clientOrderId);
    else if (type === 'accepted' || type === 'rejected' || type === 'timedOut') this.#answered(clientOrderId);
    // What it was asked before it knew the order it may have forgotten.
    if (this.turnsUp(event)) this.cancelFailed(clientOrderId);
    const result = count();
    const order = this.#book.order(clientOrderId);
    if (order !== undefined && !isOpen(order.state)) this.#over(clientOrderId);
    this.#noteQuiet();
    return result;
  }

  #noteQuiet(): void {
    const isQuiet = [this.#unsent, this.#placing, this.#amending, this.#asked].every(
      ({ size }) => size === 0,
    );
    if (!isQuiet) return;
    for (const tell of this.#quiet) tell();
    this.#quiet.clear();
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
