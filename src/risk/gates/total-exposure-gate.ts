import { moneyText } from '../../core/money-text.ts';
import { type Lots, type Ticks, type Units, add, fit, lots, min, notional, sub } from '../../core/units.ts';
import type { AccountView } from '../../trading/account-view.ts';
import { deny } from '../../trading/denial.ts';
import type { Instrument } from '../../trading/instrument.ts';
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
function room(order: PricedOrder, { account, cell, qty, mark }: RiskView, money: Units): Lots {
  if (mark === undefined) return NONE;
  const { side, instrument } = order;
  const { pos, buy, sell } = cell ?? FLAT;
  const most =
    instrument.quote === account.currency
      ? fit(instrument.grid, money, mark.price)
      : fitConverted(account, instrument, money, mark.price);
  const left = side === 'buy' ? sub(most, add(pos, buy)) : add(sub(most, sell), pos);
  return min(left, sub(qty, lots(1)));
}

const NONE = lots(0);
const FLAT = { pos: NONE, buy: NONE, sell: NONE };

/** As `fit`, for money of the account and an instrument that is quoted in another currency. */
function fitConverted(account: AccountView, { grid, quote }: Instrument, money: Units, price: Ticks): Lots {
  const fits = (quantity: Lots): boolean =>
    account.inOwnCurrency(quote, notional(grid, quantity, price)) <= money;
  if (!fits(NONE)) return NONE;
  let [inside, outside] = [NONE, lots(Number.MAX_SAFE_INTEGER)];
  while (outside - inside > 1) {
    const middle = lots(inside + Math.floor((outside - inside) / 2));
    if (fits(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}
