/**
 * Events between the parts of a system and between its processes: CloudEvents with a schema per type, groups that share the
 * work, at least once and in order by key. Start with {@link EventBus} and {@link eventType}.
 *
 * @packageDocumentation
 */
export { type BusEvent, orderingKey } from './bus-event.ts';
export {
  type BusCloseReport,
  type BusStatus,
  type DeliveryContext,
  type EventBus,
  type EventHandler,
  type EventOf,
  type GroupStatus,
  type OverflowPolicy,
  type PublishOptions,
  type PublishReceipt,
  type Replay,
  type ReplayOptions,
  type ReplayReport,
  type StartPosition,
  type SubscribeOptions,
  type Subscription,
} from './event-bus.ts';
export {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterResult,
  type DeadLetters,
  type DeadReason,
  deadLetter,
} from './dead-letter.ts';
export { EmbeddedEventBus, type EmbeddedEventBusDeps } from './embedded/embedded-event-bus.ts';
export type { EmbeddedEventBusOptions } from './embedded/embedded-options.ts';
export type { EmbeddedStorage } from './embedded/embedded-storage.ts';
export { EventCatalogue, type ReadEvent } from './event-catalogue.ts';
export { type EventType, type EventTypeDefinition, type PreviousVersion, eventType } from './event-type.ts';
export {
  type IdempotentHandler,
  type IdempotentHandlerOptions,
  idempotentHandler,
} from './idempotent-handler.ts';
export { BackgroundPublisher, type PublisherDeps } from './background-publisher.ts';
export {
  ACCOUNT_ADJUSTED,
  ACCOUNT_DAY_ROLLED,
  ACCOUNT_FLOWED,
  ACCOUNT_FUNDED,
  ACCOUNT_OPENED,
} from './catalogue/account-events.ts';
export { DESK_ANOMALY_RAISED, DESK_RECONCILED } from './catalogue/desk-events.ts';
export {
  ORDER_ABANDONED,
  ORDER_ABSENT,
  ORDER_ACCEPTED,
  ORDER_AMENDED,
  ORDER_AMEND_FAILED,
  ORDER_AMEND_REQUESTED,
  ORDER_CANCELLED,
  ORDER_CANCEL_FAILED,
  ORDER_CANCEL_REQUESTED,
  ORDER_DENIED,
  ORDER_EVENTS,
  ORDER_EXECUTED,
  ORDER_EXPIRED,
  ORDER_REJECTED,
  ORDER_SUBMITTED,
  ORDER_UNKNOWN,
} from './catalogue/order-events.ts';
export { BACKTEST_COMPLETED, type BacktestCompleted } from './catalogue/backtest-events.ts';
export {
  BAR_CLOSED,
  type BarClosed,
  DATA_QUALITY_CHANGED,
  type DataQualityChanged,
  QUOTE_UPDATED,
  type QuoteUpdated,
  TRADE_PRINTED,
  type TradePrinted,
} from './catalogue/market-events.ts';
export { MODEL_UPDATED, type ModelUpdated } from './catalogue/model-events.ts';
export { PORTFOLIO_UPDATED, type PortfolioUpdated } from './catalogue/portfolio-events.ts';
export {
  RISK_ALERT_RAISED,
  type RiskAlertRaised,
  TRADING_STATE_CHANGED,
  type TradingStateChanged,
} from './catalogue/risk-events.ts';
export { SIGNAL_RAISED, type SignalRaised } from './catalogue/signal-events.ts';
export { SYSTEM_HEALTH_CHANGED, type SystemHealthChanged } from './catalogue/system-events.ts';
export { SpillQueue, type SpilledRecord } from './spill-queue.ts';
export { TRADING_EVENTS } from './catalogue/trading-events.ts';
