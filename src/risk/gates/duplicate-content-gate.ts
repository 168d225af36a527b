import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { ContentWindow } from '../activity/content-window.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

/**
 * Denies what another order said that was sent less than `windowMs` ago (SEC 15c3-5(c)(1)(ii)): the same account,
 * strategy, instrument, side, quantity as asked for, and worst price. Exits are not exempt.
 */
export function duplicateContentGate(windowMs: number, contents: ContentWindow): RiskGate {
  const measure = (order: PricedOrder, { monotonicMs }: RiskView) => {
    const other = contents.find(order);
    return other === undefined
      ? { limit: windowMs }
      : { measured: monotonicMs - other.atMs, limit: windowMs, note: other.clientOrderId };
  };
  return {
    name: 'duplicate-content',
    appliesTo: 'all',
    overridable: true,
    measure,
    check(order, view) {
      const other = contents.find(order);
      if (other === undefined || view.monotonicMs - other.atMs >= windowMs) return undefined;
      return deny('duplicate-content', 'DUPLICATE_CONTENT', measure(order, view));
    },
  };
}
