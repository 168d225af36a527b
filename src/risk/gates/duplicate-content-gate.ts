import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import { type ContentWindow, MOST_CONTENTS } from '../activity/content-window.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

/**
 * Denies what another order said that was sent less than `windowMs` ago (SEC 15c3-5(c)(1)(ii)): the same account,
 * strategy, instrument, side, quantity as asked for, and worst price. Exits are not exempt. Where more orders are within
 * the window than can be remembered nobody can say, and entries are denied.
 */
export function duplicateContentGate(windowMs: number, contents: ContentWindow): RiskGate {
  const measure = (order: PricedOrder, { monotonicMs, isExit }: RiskView) => {
    const other = contents.find(order);
    if (other !== undefined && !(monotonicMs - other.atMs >= windowMs))
      return { measured: monotonicMs - other.atMs, limit: windowMs, note: other.clientOrderId };
    return { limit: windowMs, ...(!isExit && contents.isFull(monotonicMs) && { note: FULL }) };
  };
  return {
    name: 'duplicate-content',
    appliesTo: 'all',
    overridable: true,
    measure,
    check(order, view) {
      const other = contents.find(order);
      const isNew = other === undefined || view.monotonicMs - other.atMs >= windowMs;
      if (isNew && (view.isExit || !contents.isFull(view.monotonicMs))) return undefined;
      return deny('duplicate-content', 'DUPLICATE_CONTENT', measure(order, view));
    },
  };
}

const FULL = `window full: ${MOST_CONTENTS} orders in it`;
