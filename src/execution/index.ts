/**
 * Is this a sane order for this market now? {@link ExecutionPolicy} asks seven gates. Entries and exits have limits of their
 * own: {@link ExecutionLimits}.
 *
 * @packageDocumentation
 */
export type { ExecutionGate, ExecutionView } from './execution-gate.ts';
export type { ExecutionLimits, ExecutionLimitsInput, LimitPair } from './execution-limits.ts';
export { type ExecutionFacts, ExecutionPolicy, type ExecutionPolicyDeps } from './execution-policy.ts';
export { type DepthLimits, depthGate } from './gates/depth-gate.ts';
export { idempotencyGate } from './gates/idempotency-gate.ts';
export { type CollarLimits, priceCollarGate } from './gates/price-collar-gate.ts';
export { type SlippageLimits, type SlippageTerms, slippageGate } from './gates/slippage-gate.ts';
export { spreadGate } from './gates/spread-gate.ts';
export { type TimeInForceLimits, timeInForceGate } from './gates/time-in-force-gate.ts';
export { volumeGate } from './gates/volume-gate.ts';
