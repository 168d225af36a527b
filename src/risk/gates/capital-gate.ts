import { moneyText } from '../../core/money-text.ts';
import { type Units, add, units } from '../../core/units.ts';
import type { AccountView } from '../../trading/account-view.ts';
import type { BookReader } from '../../trading/book-reader.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { orderCapital } from './order-cost.ts';

/** Whose capital is meant. */
export type CapitalOf = (account: AccountView) => Units;

export const ownCapital: CapitalOf = ({ capital }) => capital;

/** What all accounts employ together. Money of different currencies cannot be added: then nobody knows. */
export const capitalOfAll =
  (book: Pick<BookReader, 'accounts'>): CapitalOf =>
  ({ currency }) => {
    let total = units(0);
    for (const account of book.accounts())
      total = add(total, account.currency === currency ? account.capital : units(NaN));
    return total;
  };

/**
 * Capital employed: what positions cost or tie up, and what working and unknown orders may, this one included (SEC
 * 15c3-5(c)(1)(i)). What employs no more passes, unless the limit is 0.
 */
export function capitalGate(maxCapital: Units, capitalOf: CapitalOf = ownCapital): RiskGate {
  const after = (order: PricedOrder, view: RiskView): Units =>
    add(capitalOf(view.account), orderCapital(order, view));
  const measure = (order: PricedOrder, view: RiskView) => ({
    measured: moneyText(after(order, view)),
    limit: moneyText(maxCapital),
  });
  return {
    name: 'capital',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order, view) {
      if (maxCapital > 0 && (after(order, view) <= maxCapital || orderCapital(order, view) <= 0))
        return undefined;
      return deny('capital', 'CAPITAL_LIMIT', measure(order, view));
    },
  };
}
