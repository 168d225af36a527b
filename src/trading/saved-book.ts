import type { Decimal } from '../core/decimal.ts';
import type { DayId } from '../core/trading-day.ts';
import type { Lots, Ticks, Units } from '../core/units.ts';
import type { OrderView } from './order-view.ts';
import type { Instrument } from './instrument.ts';

/** One order as it was at one moment. */
export interface SavedOrder extends Omit<OrderView, 'side'> {
  /** The trading day on which something last happened to it. */
  readonly dayId: DayId;
  readonly executionIds: readonly string[];
  /** The worst of the prices that it had before it was changed: a fill that comes late may still have it. */
  readonly formerWorst?: Ticks;
}

/** One position as it was at one moment. What works is not in it: that is the orders' sum. */
export interface SavedCell {
  readonly instrument: Instrument;
  /** Signed. */
  readonly pos: Lots;
  readonly cost: Decimal;
  readonly realised: Decimal;
  readonly fees: Decimal;
  /** What each strategy has of it. A Book saved before they were kept has none: then all is `unattributed`. */
  readonly shares?: readonly SavedShare[];
  /** Beyond whole lots, in units of the base; default 0. */
  readonly dust?: Decimal;
  /** Default 0. */
  readonly funding?: Decimal;
}

/** What one strategy had of a position. */
export interface SavedShare {
  readonly strategyId: string;
  /** Signed. */
  readonly pos: Lots;
  /** What it was paid less what it paid, fees taken off. */
  readonly cash: Decimal;
  /** In the currency of the account, where that is another; default 0. */
  readonly fees?: Decimal;
}

/** What a strategy had earned when the trading day began. */
export interface StrategyOpen {
  readonly strategyId: string;
  readonly pnl: Units;
}

/** An amount of a currency. */
export interface Money {
  readonly currency: string;
  readonly amount: Decimal;
}

/** What an account had in a currency that is not its own. */
export interface SavedCurrency {
  readonly currency: string;
  readonly cash: Decimal;
  readonly fees: Decimal;
  readonly adjusted: Decimal;
}

/** One account as it was at one moment. */
export interface SavedAccount {
  readonly accountId: string;
  readonly currency: string;
  readonly cash: Decimal;
  readonly fees: Decimal;
  readonly flows: Decimal;
  readonly adjusted: Decimal;
  readonly dayOpen: Units;
  readonly highWater: Units;
  readonly cells: readonly SavedCell[];
  /** Those that are not 0. */
  readonly strategies?: readonly StrategyOpen[];
  /** What it has in currencies that are not its own. */
  readonly currencies?: readonly SavedCurrency[];
  /** Fees by the currency that they were paid in. */
  readonly feesPaid?: readonly Money[];
}

/** A whole Book as it was at one moment, but for marks and views, which a restart has to see anew. */
export interface SavedBook {
  readonly dayId: DayId;
  /** Ids of the adjustments that have been made. */
  readonly adjustments: readonly string[];
  /** Ids of the deposits and withdrawals. */
  readonly flows?: readonly string[];
  /** Ids of the fundings. */
  readonly fundings?: readonly string[];
  readonly accounts: readonly SavedAccount[];
  /** Oldest first. */
  readonly orders: Iterable<SavedOrder>;
}

/** What a person has found to be true, and no order explains. */
export interface Adjustment {
  /** The same id is the same adjustment, however often it is made. */
  readonly adjustmentId: string;
  readonly accountId: string;
  /** Moves the position by `qty` lots (signed), as if traded at `price`, but without cash. */
  readonly position?: { readonly instrument: Instrument; readonly qty: Lots; readonly price: Decimal };
  /** Added to the cash. */
  readonly cash: Decimal;
}

/** A deposit or a withdrawal. */
export interface Flow {
  /** The same id is the same flow, however often it is made. */
  readonly flowId: string;
  readonly accountId: string;
  /** Positive: a deposit. In the currency of the account. */
  readonly amount: Decimal;
}

/** Funding of what is held on margin, as the venue settled it. */
export interface Funding {
  /** The same id is the same funding, however often it is reported. */
  readonly fundingId: string;
  readonly accountId: string;
  readonly instrument: Instrument;
  /** Positive: received. In the quote currency of the instrument. */
  readonly amount: Decimal;
}
