import type { BookedOrder, HeldOrder, OrderEvent } from '../../trading/order-event.ts';
import type { OrderTracker } from './order-tracker.ts';

/** All that is counted of orders, kept when limits change. */
export class OrderActivity implements OrderTracker {
  readonly #trackers: readonly OrderTracker[] = [];

  kept(order: HeldOrder): void {
    for (const tracker of this.#trackers) tracker.kept(order);
  }

  happened(event: OrderEvent, order: BookedOrder): void {
    for (const tracker of this.#trackers) tracker.happened(event, order);
  }
}
