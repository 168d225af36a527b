import { toGrid } from '../../core/increment.ts';
import type { BookedOrder } from '../../trading/order-event.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { OrderSign, OrderTracker, SentOrder } from './order-tracker.ts';

/** What an order says, but for its id. */
interface Content {
  readonly order: BookedOrder;
  /** As it was asked for, in lots. */
  readonly asked: number;
  readonly atMs: number;
}

/** So many are remembered before entries are denied. */
export const MOST_CONTENTS = 65_536;

/**
 * The content of orders that went out a while ago. What was rejected, or never left, does not count. None is forgotten
 * before its time: when there are too many, the window is full, and it is for the gate to let no more in.
 */
export class ContentWindow implements OrderTracker {
  #windowMs = 0;
  /** By client order id, as they came. */
  readonly #contents = new Map<string, Content>();
  /** The same, by a number that equal contents have in common. */
  readonly #alike = new Map<number, Content[]>();

  extend(windowMs: number): void {
    this.#windowMs = Math.max(this.#windowMs, windowMs);
  }

  /** The youngest other order of the same content. */
  find(order: PricedOrder): { readonly clientOrderId: string; readonly atMs: number } | undefined {
    const alike = this.#alike.get(keyOf(order.qty, order.worst));
    if (alike === undefined) return undefined;
    let found: Content | undefined;
    for (const content of alike)
      if (isSame(content, order) && !(found !== undefined && found.atMs > content.atMs)) found = content;
    return found && { clientOrderId: found.order.clientOrderId, atMs: found.atMs };
  }

  /** Whether it holds all that it may, the oldest being younger than the longest window. */
  isFull(nowMs: number): boolean {
    if (this.#contents.size < MOST_CONTENTS) return false;
    const [oldest] = this.#contents.values();
    return !(oldest !== undefined && nowMs - oldest.atMs >= this.#windowMs);
  }

  kept(order: SentOrder): void {
    this.#expire(order.decidedMonotonicMs);
    const content = { order, asked: askedLots(order), atMs: order.decidedMonotonicMs };
    this.#contents.set(order.clientOrderId, content);
    const key = keyOf(content.asked, order.worst);
    const alike = this.#alike.get(key);
    if (alike === undefined) this.#alike.set(key, [content]);
    else alike.push(content);
  }

  happened({ type, clientOrderId }: OrderSign): void {
    if (type === 'abandoned' || type === 'rejected' || type === 'absent') this.#forget(clientOrderId);
  }

  /** How many are remembered. */
  get size(): number {
    return this.#contents.size;
  }

  #expire(nowMs: number): void {
    for (const [clientOrderId, { atMs }] of this.#contents) {
      if (!(nowMs - atMs >= this.#windowMs)) return;
      this.#forget(clientOrderId);
    }
  }

  #forget(clientOrderId: string): void {
    const content = this.#contents.get(clientOrderId);
    if (content === undefined) return;
    this.#contents.delete(clientOrderId);
    const key = keyOf(content.asked, content.order.worst);
    const others = (this.#alike.get(key) ?? []).filter((other) => other !== content);
    if (others.length > 0) this.#alike.set(key, others);
    else this.#alike.delete(key);
  }
}

/** Cheaper than a text of it all, which every decision would have to make. */
const keyOf = (quantity: number, worst: number): number => (Math.imul(quantity, 31) + worst) | 0;

const isSame = ({ order, asked }: Content, other: PricedOrder): boolean =>
  asked === other.qty &&
  order.worst === other.worst &&
  order.side === other.side &&
  order.strategyId === other.strategyId &&
  order.accountId === other.accountId &&
  order.instrument.instrumentId === other.instrument.instrumentId &&
  order.clientOrderId !== other.clientOrderId;

/** Before it was reduced: the same order asked for again would be reduced to something else. */
function askedLots({ intent, instrument, qty }: BookedOrder): number {
  const { quantity } = intent;
  const asked = typeof quantity === 'string' ? toGrid(quantity, instrument.grid.step, 'down') : NaN;
  return asked > 0 ? asked : qty;
}
