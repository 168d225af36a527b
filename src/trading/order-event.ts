import type { Lots, Ticks } from '../core/units.ts';
import type { Denial } from './denial.ts';
import type { Fill } from './fill.ts';
import type { OrderEventType } from './order-life-cycle.ts';
import type { PricedOrder } from './price-order.ts';
import type { TimeInForce } from './order-intent.ts';

/** An order as the Book holds it: it knows entry from exit, and nothing is left open. */
export interface BookedOrder extends Omit<PricedOrder, 'view' | 'postOnly' | 'timeInForce'> {
  readonly isExit: boolean;
  readonly postOnly: boolean;
  readonly timeInForce: TimeInForce;
  /** On margin: the mark at which it was decided, so that what it may lose at once is held. Default: none is held. */
  readonly mark?: Ticks;
}

/** What an open order is to become. While nobody knows which of the two is in force, the larger is held. */
export interface Amendment {
  /** In all, fills included. */
  readonly qty: Lots;
  readonly worst: Ticks;
  readonly isExit: boolean;
  /** On margin: the mark at which it was decided; default that of the order. */
  readonly mark?: Ticks;
}

/** What `RiskGuard.reserve` holds, with the view it was decided on. */
export interface HeldOrder extends BookedOrder {
  readonly view: PricedOrder['view'];
  /** When it was decided, by the monotonic clock. */
  readonly decidedMonotonicMs: number;
}

interface Detail {
  readonly abandoned: { readonly because: Denial };
  readonly accepted: { readonly venueOrderId?: string };
  readonly rejected: { readonly reason: string };
  /** No answer: nothing is known, nothing is released. */
  readonly timedOut: { readonly reason: string };
  readonly filled: { readonly fill: Fill };
  readonly cancelRequested: object;
  /** `cumulative`: what the venue says was filled in all. Without it the hold stays until a lookup says it. */
  readonly cancelled: { readonly cumulative?: Lots };
  readonly expired: { readonly cumulative?: Lots };
  readonly cancelFailed: { readonly reason: string };
  /** Nothing more will come: the venue has not known it in several looks, or a named person has written it off. */
  readonly absent: object;
  readonly amendRequested: { readonly to: Amendment };
  /** What the order is now. */
  readonly amended: { readonly qty: Lots; readonly worst: Ticks };
  readonly amendFailed: { readonly reason: string };
}

/**
 * Something that happened to an order that has been kept.
 *
 * @useDeclaredType
 */
export type OrderEvent = {
  [T in OrderEventType]: {
    readonly type: T;
    readonly clientOrderId: string;
    readonly atMs: number;
  } & Detail[T];
}[OrderEventType];

/** What should not have happened. It is booked all the same if it is a fact, and told. */
export type AnomalyCode =
  | 'ORDER_UNKNOWN'
  | 'ILLEGAL_TRANSITION'
  | 'OVERFILL'
  /** Cannot be, or its money could not be counted exactly: the one fill that is not booked. */
  | 'FILL_INVALID'
  /** Worse than the worst price that the order allowed. */
  | 'FILL_PRICE'
  | 'EXECUTION_ID_REUSED'
  | 'RESURRECTED'
  | 'VENUE_CONTRADICTION'
  | 'FEE_CURRENCY_UNSUPPORTED';

export type Applied = 'applied' | 'duplicate' | { readonly anomaly: AnomalyCode };
