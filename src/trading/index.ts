/**
 * The vocabulary of trading, and the one source of truth. An {@link OrderIntent} is priced by {@link priceOrder}; what it
 * becomes is counted in the {@link Book}; why it may not go is a {@link Denial}.
 *
 * @packageDocumentation
 */
export type { AmendOutcome, OrderChange } from './amend-outcome.ts';
export type { Bar } from './bar.ts';
export { Book, type BookDeps, type BookReader, type DayRolled } from './book.ts';
export type { Booked } from './book-facts.ts';
export type { AccountView } from './account-view.ts';
export { type Claimant, claimOf } from './claim.ts';
export type { CurrencyView } from './currency-ledger.ts';
export { type FxRate, type FxRates, type Marks, markedFxRates } from './fx-rates.ts';
export { RESERVED_STRATEGIES } from './attribution.ts';
export { ADJUSTMENT, EXTERNAL, FLATTEN, FUNDING, type ShareView, UNATTRIBUTED } from './book-share.ts';
export { LEDGER_PLACES } from './booking.ts';
export { type CellView, type Mark, exitRoom, isExit, worstQty } from './book-cell.ts';
export type { GateExplanation, Measurement } from './measurement.ts';
export type { OrderView } from './order-view.ts';
export { DENIAL_CATALOGUE, type Denial, type DenialCode, deny } from './denial.ts';
export type { Fee, Fill } from './fill.ts';
export { GateTally, type GateCount } from './gate-tally.ts';
export { type Instrument, type InstrumentOptions, defineInstrument } from './instrument.ts';
export { type BookSide, L2Book } from './l2-book.ts';
export type { BestQuote, BookDiff, BookSnapshot, MarketEvent, PublicTrade } from './market-event.ts';
export {
  type DataProblem,
  type DataProblemCode,
  type Level,
  type MarketView,
  type RecentMarks,
  type RecentSpread,
  isGood,
  midMark,
} from './market-view.ts';
export type { Amendment, AnomalyCode, Applied, BookedOrder, HeldOrder, OrderEvent } from './order-event.ts';
export {
  type OrderIntent,
  type OrderPrice,
  type Side,
  TIMES_IN_FORCE,
  type TimeInForce,
  sameIntent,
} from './order-intent.ts';
export { type OrderEventType, type OrderState, TRANSITIONS, isOpen, nextState } from './order-life-cycle.ts';
export type { OrderOutcome } from './order-outcome.ts';
export { type PricedOrder, priceOrder } from './price-order.ts';
export type {
  Adjustment,
  Flow,
  Funding,
  Money,
  SavedAccount,
  SavedBook,
  SavedCell,
  SavedCurrency,
  SavedOrder,
  SavedShare,
  StrategyOpen,
} from './saved-book.ts';
export type { Signal } from './signal.ts';
export type { Strategy, StrategyContext } from './strategy.ts';
