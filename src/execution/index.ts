/**
 * Is this a sane order for this market now? {@link ExecutionPolicy} asks seven gates, and those that are configured. Entries
 * and exits have limits of their own: {@link ExecutionLimits}.
 *
 * @packageDocumentation
 */
export type { ExecutionGate, ExecutionView } from './execution-gate.ts';
export {
  type ExecutionLimits,
  type ExecutionLimitsInput,
  type LimitPair,
  parseExecutionLimits,
} from './execution-limits.ts';
export { type ExecutionFacts, ExecutionPolicy, type ExecutionPolicyDeps } from './execution-policy.ts';
export { type DepthLimits, depthGate } from './gates/depth-gate.ts';
export { idempotencyGate } from './gates/idempotency-gate.ts';
export { periodCollarGate } from './gates/period-collar-gate.ts';
export { type CollarLimits, priceCollarGate } from './gates/price-collar-gate.ts';
export {
  type SlippageLimits,
  type SlippageTerms,
  type StrategyBudget,
  slippageGate,
} from './gates/slippage-gate.ts';
export { spreadGate } from './gates/spread-gate.ts';
export { type SpreadMedianLimits, spreadMedianGate } from './gates/spread-median-gate.ts';
export { type TimeInForceLimits, timeInForceGate } from './gates/time-in-force-gate.ts';
export { volumeGate } from './gates/volume-gate.ts';
export type { SpentBy, SpentSlippage } from './spent-slippage.ts';
export type { ExecutionBasis } from './execution-basis.ts';
