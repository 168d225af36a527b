import type { Side, TimeInForce } from '../trading/order-intent.ts';

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

/** @inline */
interface About {
  readonly clientOrderId: string;
}

/** What a venue tells without being asked. Decimals are plain text. */
export type VenueEvent =
  | (About & { readonly type: 'accepted'; readonly venueOrderId?: string })
  | (About & { readonly type: 'rejected'; readonly reason: string })
  | (About & {
      readonly type: 'filled';
      /** Unique at the venue: the same id is the same fill. */
      readonly executionId: string;
      readonly quantity: string;
      readonly price: string;
      /** Positive: paid. Negative: a rebate. */
      readonly fee: { readonly amount: string; readonly currency: string };
      readonly liquidity: 'maker' | 'taker';
    })
  /** `cumulative`: what was filled in all. Without it the desk keeps the rest held until a look-up says it. */
  | (About & { readonly type: 'cancelled'; readonly cumulative?: string })
  | (About & { readonly type: 'expired'; readonly cumulative?: string });

/**
 * What the author of an adapter writes. A driver only carries: it never retries an order, never invents an answer.
 * Whoever holds a driver can trade with it, so create it inside `new Venue(...)` and keep no reference.
 */
export interface VenueDriver {
  readonly name: string;
  /** Sends the order once. Resolves with the venue's own word; rejects or never settles when there is none. */
  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply>;
  /** Asks to cancel. Resolves when the venue has taken the request; the end of the order arrives as an event. */
  cancel(clientOrderId: string, signal: AbortSignal): Promise<void>;
  onEvent(listener: (event: VenueEvent) => void): Disposable;
}
