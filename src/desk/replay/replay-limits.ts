import type { RiskLimitsInput } from '../../risk/risk-limits.ts';

/**
 * Risk limits on record, without those whose gate needs what no record of a verdict has: value at risk is taken from the
 * returns of many bars.
 */
export function limitsToAskAgain(limits: unknown): RiskLimitsInput {
  const { valueAtRisk: _, ...others } = limits as RiskLimitsInput;
  return others;
}
