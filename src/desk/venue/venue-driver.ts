import type { Side, TimeInForce } from '../../trading/order-intent.ts';

/** An order as a venue takes it. Always a limit order: a market order has been given its worst price. */
export interface VenueOrder {
  readonly clientOrderId: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly side: Side;
  /** Plain decimal, a multiple of the instrument's step. */
  readonly quantity: string;
  /** Plain decimal, a multiple of the instrument's tick. */
  readonly price: string;
  readonly postOnly: boolean;
  readonly timeInForce: TimeInForce;
}

/** The venue's answer to an order. Anything else (an error, no answer) means that nobody knows. */
export type PlaceReply =
  | { readonly status: 'accepted'; readonly venueOrderId?: string }
  | { readonly status: 'rejected'; readonly reason: string };

/** The venue's answer to a change of an order. Anything else means that nobody knows which of the two is in force. */
export type AmendReply =
  { readonly status: 'amended' } | { readonly status: 'rejected'; readonly reason: string };

/** @inline */
interface Execution {
  /** Unique per account and instrument at the venue: the same id is the same fill. */
  readonly executionId: string;
  readonly quantity: string;
  readonly price: string;
  /** Positive: paid. Negative: a rebate. */
  readonly fee: { readonly amount: string; readonly currency: string };
  readonly liquidity: 'maker' | 'taker';
}

/** @inline */
interface About {
  readonly clientOrderId: string;
}

/** What a venue tells without being asked. Decimals are plain text. */
export type VenueEvent =
  | (About & { readonly type: 'accepted'; readonly venueOrderId?: string })
  | (About & { readonly type: 'rejected'; readonly reason: string })
  | (About & Execution & { readonly type: 'filled' })
  /** The change is in force: what the order is now. */
  | (About & { readonly type: 'amended'; readonly quantity: string; readonly price: string })
  /** `cumulative`: what was filled in all. Without it the desk keeps the rest held until a look-up says it. */
  | (About & { readonly type: 'cancelled'; readonly cumulative?: string })
  | (About & { readonly type: 'expired'; readonly cumulative?: string })
  /** Events may be missed from now on. */
  | { readonly type: 'disconnected'; readonly reason: string }
  /** Events arrive again; what was missed has to be asked for. */
  | { readonly type: 'connected' };

/** An order as the venue has it, open or over. */
export interface VenueOrderReport {
  /** Absent for an order that was not placed with an id of ours. */
  readonly clientOrderId?: string;
  readonly venueOrderId?: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly side: Side;
  /** What it asks for in all, as it is now. */
  readonly quantity: string;
  readonly price: string;
  /** What has been filled in all. */
  readonly cumulative: string;
  readonly state: 'working' | 'filled' | 'cancelled' | 'expired' | 'rejected';
  /** Why it was rejected. */
  readonly reason?: string;
}

/** A fill as the venue has it. */
export interface VenueFill extends Execution {
  /** Absent when the order was not placed with an id of ours. */
  readonly clientOrderId?: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly side: Side;
  /** Wall time of the venue, milliseconds since the Unix epoch. */
  readonly atMs: number;
}

export interface VenuePosition {
  readonly accountId: string;
  readonly instrumentId: string;
  /** Signed: negative is short. */
  readonly quantity: string;
}

export interface VenueBalance {
  readonly accountId: string;
  readonly currency: string;
  readonly amount: string;
}

/**
 * What the author of an adapter writes. A driver only carries: it never retries an order, never invents an answer.
 * Whoever holds a driver can trade with it, so create it inside `new Venue(...)` and keep no reference.
 *
 * The questions (`lookup` to `balances`) may be asked at any time and repeated at will; each answers from the venue's
 * own records at the time of the answer, or rejects. An empty answer is a statement, never a failure.
 */
export interface VenueDriver {
  readonly name: string;
  /** Sends the order once. Resolves with the venue's own word; rejects or never settles when there is none. */
  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply>;
  /**
   * Asks to change the open order of this id to the quantity (in all, fills included) and price given. Left out where
   * the venue cannot. What is filled in the meantime counts: an amend never makes more fill than `quantity` in all.
   */
  amend?(order: VenueOrder, signal: AbortSignal): Promise<AmendReply>;
  /** Asks to cancel. Resolves when the venue has taken the request; the end of the order arrives as an event. */
  cancel(clientOrderId: string, signal: AbortSignal): Promise<void>;
  /** The order, open or over; `undefined` when the venue does not know the id (now: it may still be on its way). */
  lookup(clientOrderId: string, signal: AbortSignal): Promise<VenueOrderReport | undefined>;
  /** Everything that may still fill, whoever placed it. */
  openOrders(signal: AbortSignal): Promise<readonly VenueOrderReport[]>;
  /**
   * Every fill at or after `sinceMs`, whoever placed the order, oldest first.
   *
   * @param sinceMs wall time of the venue, milliseconds since the Unix epoch
   */
  fills(sinceMs: number, signal: AbortSignal): Promise<readonly VenueFill[]>;
  /** Every position that is not zero. */
  positions(signal: AbortSignal): Promise<readonly VenuePosition[]>;
  /** Cash. An account that is left out is not compared. */
  balances(signal: AbortSignal): Promise<readonly VenueBalance[]>;
  onEvent(listener: (event: VenueEvent) => void): Disposable;
}
