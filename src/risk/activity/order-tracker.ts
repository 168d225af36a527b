import type { BookedOrder, HeldOrder, OrderEvent } from '../../trading/order-event.ts';

/** Counts what orders do, for gates that look back. The guard feeds it; a verdict alone changes nothing. */
export interface OrderTracker {
  /** An order has passed both engines and is kept: it goes out. */
  kept(order: HeldOrder): void;
  /** Something happened to a kept order, and the Book took it. */
  happened(event: OrderEvent, order: BookedOrder): void;
}
