import { moneyText } from '../../core/money-text.ts';
import { type Lots, type Units, add, fit, lots, min, sub } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { maySpan } from './growth.ts';

/**
 * Worst-case exposure of the account over all instruments, not netted. Reduces an order to what fits; denies where
 * nothing does. What does not grow passes.
 */
export function totalExposureGate(maxTotalExposure: Units): RiskGate {
  const measure = (_order: PricedOrder, view: RiskView) => ({
    measured: moneyText(exposureWith(view)),
    limit: moneyText(maxTotalExposure),
  });
  return {
    name: 'total-exposure',
    appliesTo: 'entries',
    measure,
    check(order, view) {
      if (maySpan(maxTotalExposure, exposureWith(view), view)) return undefined;
      const because = deny('total-exposure', 'TOTAL_EXPOSURE_LIMIT', measure(order, view));
      const reduceTo = room(order, view, sub(maxTotalExposure, others(view)));
      return reduceTo > 0 ? { reduceTo, because } : because;
    },
  };
}

const others = ({ row, worstBefore }: RiskView): Units => sub(row.gross, worstBefore);

const exposureWith = (view: RiskView): Units => add(others(view), view.worstAfter);

/** The largest quantity, smaller than asked, that keeps the instrument's worst case within `money`; 0 or less if none. */
function room({ side, instrument }: PricedOrder, { cell, qty, mark }: RiskView, money: Units): Lots {
  const none = lots(0);
  if (mark === undefined) return none;
  const { pos, buy, sell } = cell ?? { pos: none, buy: none, sell: none };
  const most = fit(instrument.grid, money, mark.price);
  const left = side === 'buy' ? sub(most, add(pos, buy)) : add(sub(most, sell), pos);
  return min(left, sub(qty, lots(1)));
}
