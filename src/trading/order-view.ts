import type { Lots } from '../core/units.ts';
import type { Amendment, BookedOrder } from './order-event.ts';
import type { Side } from './order-intent.ts';
import type { OrderState } from './order-life-cycle.ts';

/** One order as everybody may see it. */
export interface OrderView {
  readonly order: BookedOrder;
  readonly state: OrderState;
  /** What may still fill, and is held for it. */
  readonly leaves: Lots;
  /** What has been filled. */
  readonly cumulative: Lots;
  /** What the venue's final report says was filled in all. */
  readonly finalCumulative: Lots | undefined;
  /** What it was asked to become, while nobody knows whether it did. */
  readonly amendment: Amendment | undefined;
  readonly side: Side;
}
