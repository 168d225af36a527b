import type { Lots, Ticks } from '../core/units.ts';
import type { Fee } from '../trading/fill.ts';
import type { Side, TimeInForce } from '../trading/order-intent.ts';

/** An order as the matching engine takes it: always a limit order, on the grid. */
export interface MatchOrder {
  /** Chosen by the sender; an id is taken once, for ever. */
  readonly orderId: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly quantity: Lots;
  readonly price: Ticks;
  readonly postOnly: boolean;
  readonly timeInForce: TimeInForce;
}

export type RejectReason =
  | 'DUPLICATE_ORDER_ID'
  | 'INSTRUMENT_UNKNOWN'
  /** Not a positive whole number of steps. */
  | 'QUANTITY_INVALID'
  /** Not a positive whole number of ticks. */
  | 'PRICE_INVALID'
  /** Post-only and immediate at once. */
  | 'TIME_IN_FORCE_CONFLICT'
  /** No book has been seen yet. */
  | 'MARKET_UNAVAILABLE'
  /** Post-only, and it would have taken. */
  | 'WOULD_CROSS';

/** Why a change of an order was refused: the order is as it was. */
export type AmendRefusal =
  | 'QUANTITY_INVALID'
  | 'PRICE_INVALID'
  | 'WOULD_CROSS'
  /** The order was never taken, or is over. */
  | 'ORDER_NOT_WORKING'
  /** As much, or more, has been filled. */
  | 'QUANTITY_FILLED';

/** @inline */
interface About {
  readonly orderId: string;
}

/** What the matching engine says. Facts only, in the order in which they happened. */
export type MatchEvent =
  | (About & { readonly type: 'accepted' })
  | (About & { readonly type: 'rejected'; readonly reason: RejectReason })
  | (About & {
      readonly type: 'filled';
      /** The order's id and the number of the fill within the order: unique as long as order ids are. */
      readonly executionId: string;
      readonly side: Side;
      readonly quantity: Lots;
      readonly price: Ticks;
      readonly fee: Fee;
      readonly liquidity: 'maker' | 'taker';
    })
  /** Asked for, or what an IOC or FOK order left. `cumulative`: what was filled in all. */
  | (About & { readonly type: 'cancelled'; readonly cumulative: Lots })
  /** The order was never taken, or is over. */
  | (About & { readonly type: 'cancelRefused' })
  /** What the order asks for now, in all. */
  | (About & { readonly type: 'amended'; readonly quantity: Lots; readonly price: Ticks })
  | (About & { readonly type: 'amendRefused'; readonly reason: AmendRefusal });
