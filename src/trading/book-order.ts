import { type Lots, lots, max, sub } from '../core/units.ts';
import type { Side } from './order-intent.ts';
import type { BookedOrder } from './order-event.ts';
import { type OrderState, isOpen } from './order-life-cycle.ts';

/** One order as everybody may see it. */
export interface OrderView {
  readonly order: BookedOrder;
  readonly state: OrderState;
  /** What may still fill, and is held for it. */
  readonly leaves: Lots;
  /** What has been filled. */
  readonly cumulative: Lots;
  readonly side: Side;
}

/** The writable order. Only the Book has it. */
export class OrderRow implements OrderView {
  readonly order: BookedOrder;
  state: OrderState = 'submitting';
  leaves: Lots;
  cumulative = lots(0);
  /** What the venue's final report says was filled in all. */
  finalCumulative: Lots | undefined;
  readonly executionIds = new Set<string>();

  constructor(order: BookedOrder) {
    this.order = order;
    this.leaves = order.qty;
  }

  get side(): Side {
    return this.order.side;
  }

  /** What may still fill once `cumulative` has been, in the state `state`. */
  leavesAt(cumulative: Lots, state: OrderState): Lots {
    const none = lots(0);
    if (this.finalCumulative !== undefined) return max(sub(this.finalCumulative, cumulative), none);
    if (isOpen(state)) return max(sub(this.order.qty, cumulative), none);
    return max(sub(this.leaves, sub(cumulative, this.cumulative)), none);
  }
}
