import { deny } from '../../trading/denial.ts';
import type { RiskGate } from '../risk-gate.ts';

/** Stops entries once equity is `maxDrawdownFraction` below its highest. */
export const drawdownGate = (maxDrawdownFraction: number): RiskGate => ({
  name: 'drawdown',
  appliesTo: 'entries',
  check(_order, { account: { drawdownFraction } }) {
    if (drawdownFraction < maxDrawdownFraction) return undefined;
    return deny('drawdown', 'DRAWDOWN_LIMIT', { measured: drawdownFraction, limit: maxDrawdownFraction });
  },
});
