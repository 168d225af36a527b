import type { VenueDriver, VenueEvent, VenueOrder } from 'portcullis/desk';
import type { KillPoint } from './kill-point.ts';

/** How long after the call a request counts as sent and not yet answered. */
const ON_THE_WAY_MS = 3;

/** A driver that names its steps: before a request, while it is on its way, with its answer, and around each event. */
export class SteppingDriver implements VenueDriver {
  readonly name: string;
  readonly #inner: VenueDriver;
  readonly #point: KillPoint;

  constructor(inner: VenueDriver, point: KillPoint) {
    this.#inner = inner;
    this.#point = point;
    this.name = inner.name;
  }

  place(order: VenueOrder, signal: AbortSignal): ReturnType<VenueDriver['place']> {
    return this.#through('place', () => this.#inner.place(order, signal));
  }

  amend(order: VenueOrder, signal: AbortSignal): ReturnType<NonNullable<VenueDriver['amend']>> {
    const { amend } = this.#inner;
    if (amend === undefined) return Promise.reject(new Error('the venue cannot amend'));
    return this.#through('amend', () => amend.call(this.#inner, order, signal));
  }

  cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    return this.#through('cancel', () => this.#inner.cancel(clientOrderId, signal));
  }

  lookup(clientOrderId: string, signal: AbortSignal): ReturnType<VenueDriver['lookup']> {
    return this.#through('lookup', () => this.#inner.lookup(clientOrderId, signal));
  }

  openOrders(signal: AbortSignal): ReturnType<VenueDriver['openOrders']> {
    return this.#through('open-orders', () => this.#inner.openOrders(signal));
  }

  fills(sinceMs: number, signal: AbortSignal): ReturnType<VenueDriver['fills']> {
    return this.#through('fills', () => this.#inner.fills(sinceMs, signal));
  }

  positions(signal: AbortSignal): ReturnType<VenueDriver['positions']> {
    return this.#through('positions', () => this.#inner.positions(signal));
  }

  balances(signal: AbortSignal): ReturnType<VenueDriver['balances']> {
    return this.#through('balances', () => this.#inner.balances(signal));
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    return this.#inner.onEvent((event) => {
      this.#point.at(`event.${event.type}.before`);
      listener(event);
      this.#point.at(`event.${event.type}.counted`);
    });
  }

  #through<T>(what: string, ask: () => Promise<T>): Promise<T> {
    this.#point.at(`venue.${what}.before`);
    const answer = ask();
    if (this.#point.isDue(`venue.${what}.sent`)) setTimeout(() => this.#point.die(), ON_THE_WAY_MS);
    return answer.then((value) => {
      this.#point.at(`venue.${what}.answered`);
      return value;
    });
  }
}
