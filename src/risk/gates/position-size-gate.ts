import { moneyText } from '../../core/money-text.ts';
import type { Units } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { maySpan } from './growth.ts';

/** Worst-case exposure in one instrument. What does not grow passes, so an account over its limit can shrink. */
export function positionSizeGate(maxPositionNotional: Units): RiskGate {
  const measure = (_order: PricedOrder, { worstAfter }: RiskView) => ({
    measured: moneyText(worstAfter),
    limit: moneyText(maxPositionNotional),
  });
  return {
    name: 'position-size',
    appliesTo: 'entries',
    measure,
    check(order, view) {
      if (maySpan(maxPositionNotional, view.worstAfter, view)) return undefined;
      return deny('position-size', 'POSITION_SIZE_LIMIT', measure(order, view));
    },
  };
}
