import type { BookedOrder, HeldOrder, OrderEvent } from '../../trading/order-event.ts';

/** An order that was sent, and when it was decided, by the monotonic clock of now. */
export type SentOrder = BookedOrder & Pick<HeldOrder, 'decidedMonotonicMs'>;

/** What became of an order, as far as anybody counts it. */
export type OrderSign = Pick<OrderEvent, 'type' | 'clientOrderId'>;

/**
 * Counts what orders do, for gates that look back. The guard feeds it; a verdict alone changes nothing. What was sent before
 * a restart may be told after something that is younger.
 */
export interface OrderTracker {
  /** An order has passed both engines and is kept: it goes out. */
  kept(order: SentOrder): void;
  /** Something happened to a kept order, and the Book took it. */
  happened(sign: OrderSign, order: BookedOrder, monotonicMs: number): void;
}
