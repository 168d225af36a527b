import { PortcullisError } from '../core/errors.ts';
import type { HeldOrder } from '../trading/order-event.ts';

/** What a reservation does with the Book; the guard gives it. */
export interface Hold {
  keep(order: HeldOrder): void;
  drop(order: HeldOrder): void;
}

/**
 * The quantity of an approved order, held. Keep it, and only events end it; dispose of it without, and it never was.
 * Single use.
 */
export class Reservation implements Disposable {
  readonly order: HeldOrder;
  readonly #hold: Hold;
  #state: 'held' | 'kept' | 'dropped' = 'held';

  constructor(order: HeldOrder, hold: Hold) {
    this.order = order;
    this.#hold = hold;
  }

  /** @throws {PortcullisError} `RESERVATION_SPENT` */
  keep(): void {
    if (this.#state !== 'held') {
      throw new PortcullisError(
        'RESERVATION_SPENT',
        `reservation ${this.order.clientOrderId}: expected held, is ${this.#state}`,
      );
    }
    this.#hold.keep(this.order);
    this.#state = 'kept';
  }

  [Symbol.dispose](): void {
    if (this.#state !== 'held') return;
    this.#state = 'dropped';
    this.#hold.drop(this.order);
  }
}
