/**
 * May this account carry this exposure? {@link RiskGuard} asks eight gates and holds what it approves; {@link KillSwitch}
 * restricts trading for the firm, a venue, an account, a strategy or an instrument, and remembers it.
 *
 * @packageDocumentation
 */
export { type BuyingPowerOptions, buyingPowerGate } from './gates/buying-power-gate.ts';
export { type CapitalOf, capitalGate } from './gates/capital-gate.ts';
export { type Clusters, correlationGate } from './gates/correlation-gate.ts';
export { dailyLossGate } from './gates/daily-loss-gate.ts';
export { type DataQualityLimits, dataQualityGate } from './gates/data-quality-gate.ts';
export { drawdownGate } from './gates/drawdown-gate.ts';
export { killSwitchGate } from './gates/kill-switch-gate.ts';
export { orderQuantityGate } from './gates/order-quantity-gate.ts';
export { orderValueGate } from './gates/order-value-gate.ts';
export { type Permissions, permissionGate } from './gates/permission-gate.ts';
export { positionCountGate } from './gates/position-count-gate.ts';
export { positionSizeGate } from './gates/position-size-gate.ts';
export { restrictedGate } from './gates/restricted-gate.ts';
export { selfTradeGate } from './gates/self-trade-gate.ts';
export { totalExposureGate } from './gates/total-exposure-gate.ts';
export { tradingHoursGate } from './gates/trading-hours-gate.ts';
export { TradingHours, type TradingHoursOptions } from './gates/trading-hours.ts';
export {
  type ValueAtRiskGateDeps,
  type ValueAtRiskGateOptions,
  valueAtRiskGate,
} from './gates/value-at-risk-gate.ts';
export type { KillRecord } from './kill-record.ts';
export {
  KillSwitch,
  type KillSwitchDeps,
  type KillSwitchOptions,
  type TripOrder,
  type TripReport,
} from './kill-switch.ts';
export type { KillSwitchChange } from './kill-switch-change.ts';
export { KillSwitchPublisher, type KillSwitchPublisherDeps } from './kill-switch-publisher.ts';
export { DailyLossMonitor, type DailyLossMonitorOptions } from './monitors/daily-loss-monitor.ts';
export {
  DataOutageMonitor,
  type DataOutageMonitorDeps,
  type DataOutageMonitorOptions,
} from './monitors/data-outage-monitor.ts';
export { DeadManSwitch, type DeadManSwitchOptions } from './monitors/dead-man-switch.ts';
export {
  KillSwitchMetrics,
  type KillSwitchMetricsDeps,
  type KillSwitchMetricsOptions,
} from './kill-switch-metrics.ts';
export { DrawdownMonitor, type DrawdownMonitorOptions } from './monitors/drawdown-monitor.ts';
export type { Monitor } from './monitors/monitor.ts';
export {
  RejectionMonitor,
  type RejectionMonitorOptions,
  type SentOrder,
} from './monitors/rejection-monitor.ts';
export {
  UnknownOrdersMonitor,
  type UnknownOrdersMonitorDeps,
  type UnknownOrdersMonitorOptions,
} from './monitors/unknown-orders-monitor.ts';
export { Watch, type WatchDeps, type WatchOptions } from './monitors/watch.ts';
export {
  type OverrideOptions,
  OverrideRegister,
  type OverrideRegisterDeps,
  type SpentOverride,
} from './overrides/override-register.ts';
export { type OverrideTerms, type SignedOverride, signOverride } from './overrides/override.ts';
export type { ReleaseOrder } from './release.ts';
export type { Reservation } from './reservation.ts';
export type { ConditionalRestraint, Restraint, RestrainOrder, RestrainUnlessOrder } from './restraint.ts';
export { Correlations, type CorrelationsDeps, type CorrelationsOptions } from './returns/correlations.ts';
export {
  type BarOutcome,
  ReturnHistory,
  type ReturnHistoryDeps,
  type ReturnHistoryOptions,
  type ReturnListener,
} from './returns/return-history.ts';
export { type ValueAtRisk, type ValueAtRiskOptions, valueAtRisk } from './returns/value-at-risk.ts';
export type { PastMessage } from './activity/past-message.ts';
export type { ExposureCell, ExposureRow, Reduction, RiskGate, RiskView } from './risk-gate.ts';
export {
  type DecidedOrder,
  RiskAlertPublisher,
  type RiskAlertPublisherDeps,
  type RiskAlertPublisherOptions,
} from './risk-alert-publisher.ts';
export { type GuardKillSwitch, RiskGuard, type RiskGuardDeps } from './risk-guard.ts';
export { type RiskLimits, type RiskLimitsInput, parseRiskLimits } from './risk-limits.ts';
export type { ReserveVerdict, RiskVerdict } from './risk-verdict.ts';
export { type AtrRiskInput, type AtrRiskOptions, atrRisk } from './sizing/atr-risk.ts';
export {
  type FixedFractionalInput,
  type FixedFractionalOptions,
  fixedFractional,
} from './sizing/fixed-fractional.ts';
export { type KellyInput, type KellyOptions, type KellySized, kelly } from './sizing/kelly.ts';
export type { SizeBound, Sized } from './sizing/sized.ts';
export {
  type VolatilityTargetInput,
  type VolatilityTargetOptions,
  volatilityTarget,
} from './sizing/volatility-target.ts';
export { FIRM, type Scope, type Scoped, type TradingState, inScope, scopeKey } from './trading-state.ts';
export type {
  CancelResult,
  CancelRound,
  CancelRule,
  UnprotectedPosition,
  WorkingOrders,
} from './working-orders.ts';
export { SharedKillSwitch } from './shared/shared-kill-switch.ts';
export type { SharedLinkState } from './shared/shared-link.ts';
export type {
  SharedKillSwitchDeps,
  SharedKillSwitchOptions,
  SharedKillSwitchStatus,
} from './shared/shared-options.ts';
export {
  SharedKillSwitchMetrics,
  type SharedKillSwitchMetricsDeps,
} from './shared/shared-kill-switch-metrics.ts';
export type { SelfTradeMode } from './order-controls.ts';
export type { RiskBasis } from './risk-basis.ts';
