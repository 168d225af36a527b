import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

/**
 * At most `maxPositions` instruments with a position or a working order. One that is counted already costs nothing; an
 * account over the limit takes exits only.
 */
export function positionCountGate(maxPositions: number): RiskGate {
  const measure = (_order: PricedOrder, view: RiskView) => ({
    measured: countWith(view),
    limit: maxPositions,
  });
  return {
    name: 'position-count',
    appliesTo: 'entries',
    measure,
    check(order, view) {
      if (countWith(view) <= maxPositions) return undefined;
      return deny('position-count', 'POSITION_COUNT_LIMIT', measure(order, view));
    },
  };
}

function countWith({ row, cell }: RiskView): number {
  const counted = cell !== undefined && (cell.pos !== 0 || cell.buy > 0 || cell.sell > 0);
  return row.count + (counted ? 0 : 1);
}
