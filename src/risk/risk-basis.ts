import type { Clusters } from './gates/correlation-gate.ts';
import type { RiskLimits } from './risk-limits.ts';

/** What a verdict of a guard depends on besides the order, the Book, the kill switch and the clock. */
export interface RiskBasis {
  /** The limits in force; while they are being changed, the new ones besides. */
  readonly limits: readonly RiskLimits[];
  /** The names of all gates, in the order in which they are asked. */
  readonly gates: readonly string[];
  /** Which instruments move together; `undefined`: all. */
  readonly clusters: Clusters | undefined;
}
