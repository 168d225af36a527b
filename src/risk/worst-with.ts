import { type Units, type Lots, add, lots, notional, ticks } from '../core/units.ts';
import { type Mark, worstQty } from '../trading/book-cell.ts';
import type { AccountView } from '../trading/account-view.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import type { ExposureCell } from './risk-gate.ts';

const NO_MARK = ticks(NaN);
const NONE = lots(0);

/** Worst-case exposure in the order's instrument, in the currency of the account, if `qty` of the order were added to what works. */
export function worstWith(
  account: AccountView,
  { side, instrument }: PricedOrder,
  cell: ExposureCell | undefined,
  mark: Mark | undefined,
  qty: Lots,
): Units {
  const { pos, buy, sell } = cell ?? { pos: NONE, buy: NONE, sell: NONE };
  const quantity = side === 'buy' ? worstQty(pos, add(buy, qty), sell) : worstQty(pos, buy, add(sell, qty));
  const worst = notional(instrument.grid, quantity, mark?.price ?? NO_MARK);
  return instrument.quote === account.currency ? worst : account.inOwnCurrency(instrument.quote, worst);
}
