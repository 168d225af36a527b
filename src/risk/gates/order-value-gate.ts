import { moneyText } from '../../core/money-text.ts';
import type { Units } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { orderValue } from './order-cost.ts';

/** Value of one order at its worst price or the mark, whichever is more (RTS 6, article 15(1)(b)). */
export function orderValueGate(maxOrderValue: Units): RiskGate {
  const measure = (order: PricedOrder, view: RiskView) => ({
    measured: moneyText(orderValue(order, view)),
    limit: moneyText(maxOrderValue),
  });
  return {
    name: 'order-value',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order, view) {
      if (orderValue(order, view) <= maxOrderValue && maxOrderValue > 0) return undefined;
      return deny('order-value', 'ORDER_VALUE_LIMIT', measure(order, view));
    },
  };
}
