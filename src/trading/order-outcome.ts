import type { Denial } from './denial.ts';
import type { OrderState } from './order-life-cycle.ts';
import type { Lots } from '../core/units.ts';

/** What became of a submit. Never an error: everything that can be expected is a value. */
export type OrderOutcome =
  /** Nothing left the process. */
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  /** The same intent was submitted before; nothing was sent this time. */
  | { readonly kind: 'duplicate'; readonly clientOrderId: string; readonly state: OrderState }
  | {
      readonly kind: 'accepted';
      readonly clientOrderId: string;
      readonly quantity: Lots;
      /** Why less than asked was sent. */
      readonly reduced?: Denial;
    }
  /** The venue said no. */
  | { readonly kind: 'rejected'; readonly clientOrderId: string; readonly reason: string }
  /** Sent, and nobody knows. Its quantity stays held until the venue says more. */
  | { readonly kind: 'unknown'; readonly clientOrderId: string; readonly reason: string };
