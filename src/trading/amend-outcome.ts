import type { DecimalInput } from '../core/decimal.ts';
import type { Denial } from './denial.ts';
import type { OrderState } from './order-life-cycle.ts';

/** What an open limit order is to become. What is left out stays. */
export interface OrderChange {
  /** In all, what has been filled included. */
  readonly quantity?: DecimalInput;
  readonly limit?: DecimalInput;
}

/** What became of an amendment. */
export type AmendOutcome =
  /** Nothing left the process; the order is as it was. */
  | { readonly kind: 'denied'; readonly clientOrderId: string; readonly denials: readonly Denial[] }
  | { readonly kind: 'amended'; readonly clientOrderId: string }
  /** The venue said no; the order is as it was. */
  | { readonly kind: 'rejected'; readonly clientOrderId: string; readonly reason: string }
  /** Sent, and nobody knows: the larger of the two is held until the venue says which it is. */
  | { readonly kind: 'unknown'; readonly clientOrderId: string; readonly reason: string }
  | { readonly kind: 'finished'; readonly clientOrderId: string; readonly state: OrderState }
  | { readonly kind: 'not-found'; readonly clientOrderId: string };
