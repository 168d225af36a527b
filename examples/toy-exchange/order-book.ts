export type Side = 'buy' | 'sell';

/** An order, or a quote of the market maker, that waits for the other side. */
export interface Resting {
  readonly orderId: string;
  /** `undefined` for a quote of the market maker. */
  readonly accountId: string | undefined;
  readonly side: Side;
  readonly price: bigint;
  leaves: bigint;
}

/** A part of an incoming order and whom it meets, at the price of whoever rests. */
export interface Match {
  readonly resting: Resting;
  readonly quantity: bigint;
}

export const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');

/** The book of one instrument in price-time priority: best price first, and at a price whoever came first. */
export class OrderBook {
  readonly #sides: Record<Side, Resting[]> = { buy: [], sell: [] };
  readonly #byId = new Map<string, Resting>();

  side(side: Side): readonly Resting[] {
    return this.#sides[side];
  }

  get(orderId: string): Resting | undefined {
    return this.#byId.get(orderId);
  }

  /** Queues behind all that rests at its price or better. */
  add(order: Resting): void {
    const queue = this.#sides[order.side];
    const before = queue.findIndex((other) => better(order.side, order.price, other.price));
    queue.splice(before === -1 ? queue.length : before, 0, order);
    this.#byId.set(order.orderId, order);
  }

  remove(orderId: string): void {
    const order = this.#byId.get(orderId);
    if (order === undefined) return;
    this.#byId.delete(orderId);
    const queue = this.#sides[order.side];
    queue.splice(queue.indexOf(order), 1);
  }

  /** Takes from what an order still waits for; an order without a rest leaves the book. */
  reduce(orderId: string, quantity: bigint): void {
    const order = this.#byId.get(orderId);
    if (order === undefined) return;
    order.leaves -= quantity;
    if (order.leaves <= 0n) this.remove(orderId);
  }

  /** Whom an order of this side, limit and quantity would meet now. Changes nothing. */
  matches(side: Side, limit: bigint, quantity: bigint, counts: (other: Resting) => boolean = all): Match[] {
    const found: Match[] = [];
    let left = quantity;
    for (const resting of this.#sides[opposite(side)]) {
      if (left === 0n || better(side, resting.price, limit)) break;
      if (!counts(resting)) continue;
      const taken = resting.leaves < left ? resting.leaves : left;
      found.push({ resting, quantity: taken });
      left -= taken;
    }
    return found;
  }
}

const all = (): boolean => true;

/** Whether `a` stands before `b` on this side. For an incoming order: whether `a` is beyond its limit `b`. */
const better = (side: Side, a: bigint, b: bigint): boolean => (side === 'buy' ? a > b : a < b);
