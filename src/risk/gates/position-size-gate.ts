import { moneyText } from '../../core/money-text.ts';
import { type Units, add, sub } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { maySpan } from './growth.ts';

/**
 * Worst-case exposure in one instrument, of all accounts in the scope. What does not grow passes, so an account over its
 * limit can shrink.
 */
export function positionSizeGate(maxPositionNotional: Units): RiskGate {
  const measure = (order: PricedOrder, view: RiskView) => ({
    measured: moneyText(positionWith(order, view)),
    limit: moneyText(maxPositionNotional),
  });
  return {
    name: 'position-size',
    appliesTo: 'entries',
    measure,
    check(order, view) {
      if (maySpan(maxPositionNotional, positionWith(order, view), view)) return undefined;
      return deny('position-size', 'POSITION_SIZE_LIMIT', measure(order, view));
    },
  };
}

/** An account has one cell of an instrument, a wider scope may have more. */
function positionWith(
  { instrument }: PricedOrder,
  { row, account, worstBefore, worstAfter }: RiskView,
): Units {
  if (row === account) return worstAfter;
  let position = sub(worstAfter, worstBefore);
  for (const cell of row.cells())
    if (cell.instrument.instrumentId === instrument.instrumentId) position = add(position, cell.worst);
  return position;
}
