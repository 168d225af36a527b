import { type Lots, type Ticks, lots } from '../core/units.ts';
import type { Side } from '../trading/order-intent.ts';
import type { MatchOrder } from './match-event.ts';

/** An order of ours in the engine. */
export interface OpenOrder {
  /** As it is now. */
  order: MatchOrder;
  leaves: Lots;
  cumulative: Lots;
  /** Number of fills so far. */
  fills: number;
  /** Displayed quantity of others that trades before us at our price. */
  ahead: Lots;
  /** Displayed quantity of others at our price when last looked at, less what has traded there since. */
  displayed: Lots;
}

export const openOrder = (order: MatchOrder): OpenOrder => ({
  order,
  leaves: order.quantity,
  cumulative: lots(0),
  fills: 0,
  ahead: lots(0),
  displayed: lots(0),
});

/** Our resting orders of one side, in price-time priority. */
export class RestingOrders {
  readonly #orders: OpenOrder[] = [];
  /** 1 when a higher price is better. */
  readonly #direction: 1 | -1;

  constructor(side: Side) {
    this.#direction = side === 'buy' ? 1 : -1;
  }

  get first(): OpenOrder | undefined {
    return this.#orders[0];
  }

  [Symbol.iterator](): Iterator<OpenOrder> {
    return this.#orders.values();
  }

  /** Those that trade at `price` before or with it: better prices first, then the earlier. A copy. */
  upTo(price: Ticks): readonly OpenOrder[] {
    const end = this.#orders.findIndex((open) => this.betterBy(price, open.order.price) > 0);
    return end < 0 ? [...this.#orders] : this.#orders.slice(0, end);
  }

  add(open: OpenOrder): void {
    const at = this.#orders.findIndex((other) => this.betterBy(open.order.price, other.order.price) > 0);
    this.#orders.splice(at < 0 ? this.#orders.length : at, 0, open);
  }

  remove(open: OpenOrder): void {
    const at = this.#orders.indexOf(open);
    if (at >= 0) this.#orders.splice(at, 1);
  }

  /** Positive when `price` is better for this side's priority than `other`. */
  betterBy(price: Ticks, other: Ticks): number {
    return (price - other) * this.#direction;
  }
}
