import { PortcullisError } from '../core/errors.ts';
import type { BookReader } from '../trading/book.ts';
import type { GateTally } from '../trading/gate-tally.ts';
import { type KeepingGate, isKeeping } from './activity/keeping-gate.ts';
import type { OrderActivity } from './activity/order-activity.ts';
import { controlGates } from './control-gates.ts';
import { type Clusters, correlationGate } from './gates/correlation-gate.ts';
import { dailyLossGate } from './gates/daily-loss-gate.ts';
import { dataQualityGate } from './gates/data-quality-gate.ts';
import { drawdownGate } from './gates/drawdown-gate.ts';
import { killSwitchGate } from './gates/kill-switch-gate.ts';
import { positionCountGate } from './gates/position-count-gate.ts';
import { positionSizeGate } from './gates/position-size-gate.ts';
import { totalExposureGate } from './gates/total-exposure-gate.ts';
import { gateFor as valueAtRiskGateFor } from './gates/value-at-risk-gate.ts';
import type { ReturnHistory } from './returns/return-history.ts';
import type { RiskGate } from './risk-gate.ts';
import type { RiskLimits } from './risk-limits.ts';
import { scopedGates } from './scoped-gates.ts';

export interface GateDeps {
  readonly book: BookReader;
  readonly activity: OrderActivity;
  readonly clusters: Clusters | undefined;
  readonly venueName: string | undefined;
  readonly returns: ReturnHistory | undefined;
  /** The user's own. */
  readonly gates: readonly RiskGate[];
}

/** Gates in the order in which they are asked, each with its place in the tally. */
export interface AskedGates {
  readonly gates: readonly RiskGate[];
  readonly slots: readonly number[];
}

export interface GateSet extends AskedGates {
  /** Those that are asked about exits. */
  readonly exits: AskedGates;
  /** Those that act when an order is kept. */
  readonly keeping: readonly KeepingGate[];
}

/**
 * The eight that are mandatory, the controls that are set, the scopes, the user's own.
 *
 * @throws {PortcullisError} `OPTION_INVALID` for a limit of value at risk without returns, or with too few
 */
export const gatesOf = (limits: RiskLimits, deps: GateDeps): RiskGate[] => [
  ...mandatoryGates(limits, deps.clusters),
  ...controlGates(limits, { ...deps, by: 'account' }),
  ...valueAtRiskGates(limits, deps.returns),
  ...limits.scopes.flatMap((scoped) => scopedGates(scoped, deps)),
  ...deps.gates,
];

function valueAtRiskGates({ valueAtRisk }: RiskLimits, returns: ReturnHistory | undefined): RiskGate[] {
  if (valueAtRisk === undefined) return [];
  if (returns !== undefined) return [valueAtRiskGateFor('RiskGuard: valueAtRisk', valueAtRisk, returns)];
  throw new PortcullisError(
    'OPTION_INVALID',
    'RiskGuard: valueAtRisk: expected `returns` in the deps, the history that it is taken from',
  );
}

export const gateSet = (gates: readonly RiskGate[], tally: GateTally): GateSet => ({
  ...asked(gates, tally),
  exits: asked(
    gates.filter(({ appliesTo }) => appliesTo !== 'entries'),
    tally,
  ),
  keeping: gates.filter(isKeeping),
});

const asked = (gates: readonly RiskGate[], tally: GateTally): AskedGates => ({
  gates,
  slots: tally.slots(gates.map(({ name }) => name)),
});

/** Cheap and absolute first, the one that reduces last. */
const mandatoryGates = (limits: RiskLimits, clusters: Clusters | undefined): RiskGate[] => [
  killSwitchGate(),
  dataQualityGate(limits),
  dailyLossGate(limits.maxDailyLoss),
  drawdownGate(limits.maxDrawdownFraction),
  positionCountGate(limits.maxPositions),
  positionSizeGate(limits.maxPositionNotional),
  correlationGate(limits.maxClusterExposure, clusters),
  totalExposureGate(limits.maxTotalExposure),
];
