import type { BookedOrder, OrderEvent } from '../../trading/order-event.ts';

/** What was sent, or happened to what was sent, before a restart. */
export interface PastMessage {
  readonly type: 'submitting' | OrderEvent['type'];
  /** As it was sent. */
  readonly order: BookedOrder;
  /** By the monotonic clock of now. */
  readonly monotonicMs: number;
}
