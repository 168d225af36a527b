import type { ExecutionLimits } from './execution-limits.ts';

/** What a verdict of a policy depends on besides the order, the market, what was spent and the clock. */
export interface ExecutionBasis {
  /** The limits in force; while they are being changed, the new ones besides. */
  readonly limits: readonly ExecutionLimits[];
  /** The names of all gates, in the order in which they are asked. */
  readonly gates: readonly string[];
}
