import type { HistoryChange, Standing, StandingQuery } from './history-change.ts';
import type {
  BalanceQuery,
  EquityQuery,
  FillQuery,
  GapQuery,
  LedgerQuery,
  OrderQuery,
  Page,
  PositionQuery,
} from './history-query.ts';
import type {
  EquityPoint,
  HistoryAccount,
  HistoryBalance,
  HistoryFill,
  HistoryGap,
  HistoryOrder,
  HistoryPosition,
  LedgerEntry,
} from './history-rows.ts';

/** What `prune` has removed. */
export interface PruneReport {
  readonly orders: number;
  readonly fills: number;
  readonly positionChanges: number;
  readonly entries: number;
  readonly samples: number;
}

/**
 * Orders, fills, positions, cash and equity as they were, for reading: told by the events of a bus, written by a
 * {@link HistoryProjector}, and made anew from them if need be. It decides nothing: the Book of the desk does.
 *
 * Every method rejects with `INPUT_INVALID` for a query that is none, or the cursor of another; and with `STORE_UNAVAILABLE` when
 * the database cannot be read or written, and after `close()`.
 */
export interface TradingHistory {
  /** Newest first, by when they were first seen. */
  orders(query?: OrderQuery): Promise<Page<HistoryOrder>>;
  order(clientOrderId: string): Promise<HistoryOrder | undefined>;
  /** Newest first. */
  fills(query?: FillQuery): Promise<Page<HistoryFill>>;
  /** By account and instrument; flat ones that were held before among them. */
  positions(query?: PositionQuery): Promise<readonly HistoryPosition[]>;
  /** By currency. */
  balances(query: BalanceQuery): Promise<readonly HistoryBalance[]>;
  /** Newest first. */
  ledger(query: LedgerQuery): Promise<Page<LedgerEntry>>;
  /** Oldest first. */
  equity(query: EquityQuery): Promise<readonly EquityPoint[]>;
  accounts(): Promise<readonly HistoryAccount[]>;
  /** What is known to be missing, newest first. */
  gaps(query?: GapQuery): Promise<Page<HistoryGap>>;
  /**
   * Removes what is older: orders that are over and have not changed since, fills of orders that are gone, entries and samples. What is
   * open, held and owned stays: a `carried` entry stands for the entries that are gone, and positions and equity are known from
   * then on. An event of before is not taken any more, but recorded as a gap. It works bit by bit: one that was interrupted has
   * removed some of it, and the next removes the rest.
   */
  prune(beforeMs: number): Promise<PruneReport>;
  /** For a projector: where an account stands. The account is read first. */
  standing(query: StandingQuery): Promise<Standing>;
  /** For a projector: `conflict` where a mark is known or the account has another revision, and nothing was written. */
  commit(change: HistoryChange): Promise<'written' | 'conflict'>;
  /** A second call is harmless. */
  close(): Promise<void>;
}
