/**
 * The names that people use most. Everything else has a subpath of its own, such as `portcullis/risk`.
 *
 * @module portcullis
 * @packageDocumentation
 */
export { AuditLog, verifyAudit } from './audit/index.ts';
export {
  type Clock,
  type Decimal,
  ManualClock,
  PortcullisError,
  SystemClock,
  decimal,
  person,
} from './core/index.ts';
export {
  Journal,
  LimitControl,
  OrderDesk,
  PaperVenue,
  StrategyHost,
  Venue,
  type VenueDriver,
} from './desk/index.ts';
export { type ExecutionGate, ExecutionPolicy } from './execution/index.ts';
export { Atr, BollingerBands, Ema, Rsi } from './indicators/index.ts';
export { BarBuilder, type MarketFeed, MarketTracker, Recording } from './market-data/index.ts';
export { EquityCurve, statement } from './portfolio/index.ts';
export { ResilientFeed, ResilientFetcher } from './resilience/index.ts';
export { Correlations, DrawdownMonitor, KillSwitch, type RiskGate, RiskGuard } from './risk/index.ts';
export { BaseEnterpriseService } from './service/index.ts';
export { SimulatedMarket, SimulatedMarkets } from './simulation/index.ts';
export { type AppendLog, DataDirectory, type StateStore } from './storage/index.ts';
export { type Logger, MetricsRegistry, createLogger } from './telemetry/index.ts';
export {
  Book,
  type Denial,
  type Instrument,
  type MarketView,
  type OrderIntent,
  type OrderOutcome,
  type Signal,
  type Strategy,
  type StrategyContext,
  defineInstrument,
} from './trading/index.ts';
