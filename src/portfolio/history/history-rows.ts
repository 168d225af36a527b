import type { OrderState } from '../../trading/order-life-cycle.ts';
import type { Side, TimeInForce } from '../../trading/order-intent.ts';

/*
 * What a trading history is made of. Money, prices and quantities are plain decimals as text, exact. Times are wall time in
 * milliseconds since the Unix epoch, those of the events.
 */

/** An order as the last event of it left it. What only its submission says is missing where that was never seen. */
export interface HistoryOrder {
  readonly clientOrderId: string;
  readonly intentId: string;
  readonly accountId: string;
  readonly strategyId: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly state: OrderState;
  readonly type?: 'limit' | 'market' | undefined;
  readonly timeInForce?: TimeInForce | undefined;
  readonly postOnly?: boolean | undefined;
  readonly reduceOnly?: boolean | undefined;
  readonly isExit?: boolean | undefined;
  /** What the strategy asked for, in units of the base, as the next ones. */
  readonly requestedQuantity?: string | undefined;
  /** What went out, or what it was amended to. */
  readonly quantity?: string | undefined;
  readonly worstPrice?: string | undefined;
  readonly cumulativeQuantity: string;
  readonly leavesQuantity: string;
  /** Sum of quantity times price of the fills that were seen: over `cumulativeQuantity` the average price. */
  readonly filledValue: string;
  readonly venueOrderId?: string | undefined;
  /** Of the limits that it was decided under. */
  readonly limitsHash?: string | undefined;
  /** Why it was rejected, abandoned, or is unknown; of the last event that said so. */
  readonly reason?: string | undefined;
  /** Of the first event of it that was seen. */
  readonly atMs: number;
  readonly updatedMs: number;
}

/** One execution. */
export interface HistoryFill {
  readonly clientOrderId: string;
  /** The venue's. */
  readonly executionId: string;
  readonly accountId: string;
  readonly strategyId: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  /** Positive: paid. */
  readonly feeAmount: string;
  readonly feeCurrency: string;
  readonly liquidity: 'maker' | 'taker';
  readonly atMs: number;
  /** Grows with everything that is written of the account. */
  readonly seq: number;
}

/** A position once something had changed it. Money is in the quote currency of the instrument. */
export interface HistoryPosition {
  readonly accountId: string;
  readonly instrumentId: string;
  /** Signed, in units of the base. */
  readonly quantity: string;
  readonly quote: string;
  /** Average price paid or received. Missing when flat. */
  readonly averagePrice?: string | undefined;
  /** What the open position cost, signed. */
  readonly cost: string;
  /** Before fees. */
  readonly realised: string;
  /** Negative: rebates. */
  readonly fees: string;
  /** Received less paid. */
  readonly funding: string;
  /** When it was changed last: the time of the event, but never before a change of the account that came before it. */
  readonly atMs: number;
  readonly seq: number;
}

/** What moves cash: `opening` balance, `trade` without its fee, `fee`, deposit or withdrawal (`flow`), `funding`, `adjustment` by a person; `carried`: what was before the history was pruned. */
export type LedgerKind = 'opening' | 'trade' | 'fee' | 'flow' | 'funding' | 'adjustment' | 'carried';

/** One movement of cash. All of an account and a currency add up to its balance, to the last digit. */
export interface LedgerEntry {
  readonly accountId: string;
  readonly currency: string;
  readonly seq: number;
  /** The time of the event, but never before a change of the account that came before it. */
  readonly atMs: number;
  readonly kind: LedgerKind;
  /** Signed: positive is received. */
  readonly amount: string;
  /** Of the account in the currency, after it. */
  readonly balance: string;
  /** The order of a trade or a fee; the id of a flow, a funding or an adjustment. */
  readonly reference?: string | undefined;
  readonly instrumentId?: string | undefined;
}

/** What an account has of a currency. */
export interface HistoryBalance {
  readonly accountId: string;
  readonly currency: string;
  readonly amount: string;
}

/** What is known of an account. */
export interface HistoryAccount {
  readonly accountId: string;
  /** Missing while its opening has not been seen. */
  readonly currency?: string | undefined;
  readonly openedMs?: number | undefined;
  readonly dayId?: string | undefined;
  readonly updatedMs: number;
  /** Whether nothing of it is known to be missing: no gap has been recorded. */
  readonly isComplete: boolean;
}

/** What an account was worth, as an event said. */
export interface EquitySample {
  readonly accountId: string;
  readonly atMs: number;
  /** Of the event. */
  readonly sampleId: string;
  readonly equity: string;
  /** Cash in the currency of the account, where the event says it. */
  readonly balance?: string | undefined;
  readonly highWater?: string | undefined;
  /** Below the high-water mark, as a fraction of it. */
  readonly drawdownFraction?: number | undefined;
}

/** The samples of one stretch of time as one point, so that neither a peak nor a fall is lost; of a single sample all four are the same. */
export interface EquityPoint {
  readonly accountId: string;
  /** Of the first and last sample in it. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly samples: number;
  readonly first: string;
  readonly last: string;
  readonly min: string;
  readonly max: string;
  /** Of the last sample that has one. */
  readonly balance?: string | undefined;
  /** Of the last sample that has one. */
  readonly highWater?: string | undefined;
  /** The deepest of them. */
  readonly drawdownFraction?: number | undefined;
}

/**
 * What a history knows that it does not know: `ORDER_UNKNOWN`, an order that was never submitted here; `ACCOUNT_UNKNOWN`, an
 * account whose opening was not seen; `FILLS_MISSING`, fills that the order counts and that were not seen;
 * `FEE_UNBOOKED`, a fee in a currency that the account cannot book; `ACCOUNT_REOPENED`, a journal that began anew;
 * `BEFORE_HORIZON`, an event from before what has been pruned.
 */
export type GapCode =
  | 'ORDER_UNKNOWN'
  | 'ACCOUNT_UNKNOWN'
  | 'FILLS_MISSING'
  | 'FEE_UNBOOKED'
  | 'ACCOUNT_REOPENED'
  | 'BEFORE_HORIZON';

/** Something that is missing, and the event that showed it. */
export interface HistoryGap {
  readonly accountId: string;
  readonly code: GapCode;
  readonly atMs: number;
  /** Source and id of the event. */
  readonly source: string;
  readonly eventId: string;
  readonly clientOrderId?: string | undefined;
  readonly detail: string;
}
