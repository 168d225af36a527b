/**
 * What has been earned and lost, read from the Book: the {@link statement} of an account, and its {@link EquityCurve};
 * and told by {@link PortfolioPublisher}. What was: {@link TradingHistory}, which a {@link HistoryProjector} writes from
 * the events of a bus.
 *
 * @packageDocumentation
 */
export { type Drawdown, EquityCurve, type EquityCurveOptions } from './equity-curve.ts';
export type {
  HistoryChange,
  HistoryMark,
  Standing,
  StandingAccount,
  StandingPosition,
  StandingQuery,
} from './history/history-change.ts';
export { HISTORY_EVENTS } from './history/history-events.ts';
export { HistoryProjector, type HistoryProjectorDeps, type Projected } from './history/history-projector.ts';
export type {
  BalanceQuery,
  EquityQuery,
  FillQuery,
  GapQuery,
  LedgerQuery,
  OrderQuery,
  Page,
  PositionQuery,
} from './history/history-query.ts';
export type {
  EquityPoint,
  EquitySample,
  GapCode,
  HistoryAccount,
  HistoryBalance,
  HistoryFill,
  HistoryGap,
  HistoryOrder,
  HistoryPosition,
  LedgerEntry,
  LedgerKind,
} from './history/history-rows.ts';
export type { HistoryDatabase, HistoryQuery, SqlAnswer } from './history/history-sql.ts';
export type { SqlRow, SqlValue } from './history/history-tables.ts';
export { SqlTradingHistory } from './history/sql-trading-history.ts';
export { SqliteTradingHistory, type SqliteTradingHistoryOptions } from './history/sqlite-trading-history.ts';
export type { PruneReport, TradingHistory } from './history/trading-history.ts';
export {
  PortfolioPublisher,
  type PortfolioPublisherDeps,
  type PortfolioPublisherOptions,
} from './portfolio-publisher.ts';
export {
  type AccountStatement,
  type CurrencyStatement,
  type PositionStatement,
  type ShareStatement,
  statement,
} from './statement.ts';
