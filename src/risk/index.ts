/**
 * May this account carry this exposure? {@link RiskGuard} asks eight gates and holds what it approves; {@link KillSwitch}
 * restricts trading for the firm, a venue, an account, a strategy or an instrument, and remembers it.
 *
 * @packageDocumentation
 */
export { DrawdownMonitor, type DrawdownMonitorOptions } from './drawdown-monitor.ts';
export { type Clusters, correlationGate } from './gates/correlation-gate.ts';
export { dailyLossGate } from './gates/daily-loss-gate.ts';
export { type DataQualityLimits, dataQualityGate } from './gates/data-quality-gate.ts';
export { drawdownGate } from './gates/drawdown-gate.ts';
export { killSwitchGate } from './gates/kill-switch-gate.ts';
export { positionCountGate } from './gates/position-count-gate.ts';
export { positionSizeGate } from './gates/position-size-gate.ts';
export { totalExposureGate } from './gates/total-exposure-gate.ts';
export type { KillRecord } from './kill-record.ts';
export {
  KillSwitch,
  type KillSwitchDeps,
  type KillSwitchOptions,
  type TripOrder,
  type TripReport,
} from './kill-switch.ts';
export type { KillSwitchChange } from './kill-switch-change.ts';
export type { ReleaseOrder } from './release.ts';
export type { Reservation } from './reservation.ts';
export type { Restraint, RestrainOrder } from './restraint.ts';
export type { Reduction, RiskGate, RiskView } from './risk-gate.ts';
export { RiskGuard, type RiskGuardDeps } from './risk-guard.ts';
export type { RiskLimits, RiskLimitsInput } from './risk-limits.ts';
export type { ReserveVerdict, RiskVerdict } from './risk-verdict.ts';
export { FIRM, type Scope, type Scoped, type TradingState, inScope, scopeKey } from './trading-state.ts';
export type {
  CancelResult,
  CancelRound,
  CancelRule,
  UnprotectedPosition,
  WorkingOrders,
} from './working-orders.ts';
