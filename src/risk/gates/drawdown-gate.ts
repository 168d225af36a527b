import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

/** Stops entries once equity is `maxDrawdownFraction` below its highest. */
export function drawdownGate(maxDrawdownFraction: number): RiskGate {
  const measure = (_order: PricedOrder, { row: { drawdownFraction } }: RiskView) => ({
    measured: drawdownFraction,
    limit: maxDrawdownFraction,
  });
  return {
    name: 'drawdown',
    appliesTo: 'entries',
    measure,
    check(order, view) {
      if (view.row.drawdownFraction < maxDrawdownFraction) return undefined;
      return deny('drawdown', 'DRAWDOWN_LIMIT', measure(order, view));
    },
  };
}
