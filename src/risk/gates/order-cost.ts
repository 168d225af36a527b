import { type Ticks, type Units, max, notional, sub, ticks, units } from '../../core/units.ts';
import { claimOf } from '../../trading/claim.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskView } from '../risk-gate.ts';

/** What an order is judged at. */
type Facts = Pick<RiskView, 'qty' | 'mark' | 'account' | 'worstBefore' | 'worstAfter'>;

const NO_MARK = ticks(NaN);
const NONE = units(0);

/** At its worst price or the mark, whichever is more, in the currency of the account, rounded up. */
export function orderValue(order: PricedOrder, view: Facts): Units {
  return valueAt(order, view, max(order.worst, view.mark?.price ?? NO_MARK));
}

/**
 * Capital that an order employs, in the currency of the account, rounded up: what a purchase may cost at its worst price;
 * on margin what the margin of the instrument grows by. 0 when it employs no more.
 */
export function orderCapital(order: PricedOrder, view: Facts): Units {
  const { instrument } = order;
  if (instrument.kind === 'spot') return inOwn(order, view, claimOf(order, view.qty));
  const { initialMargin } = instrument;
  return max(sub(initialMargin.up(view.worstAfter), initialMargin.up(view.worstBefore)), NONE);
}

/** What an order takes from free cash: its capital, and on margin what it would have lost at once at its worst price. */
export function orderCost(order: PricedOrder, view: Facts): Units {
  const capital = orderCapital(order, view);
  if (order.instrument.kind === 'spot') return capital;
  const mark = view.mark?.price ?? NO_MARK;
  const beyond = order.side === 'buy' ? sub(order.worst, mark) : sub(mark, order.worst);
  return units(capital + valueAt(order, view, max(beyond, ticks(0))));
}

const valueAt = (order: PricedOrder, view: Facts, price: Ticks): Units =>
  inOwn(order, view, notional(order.instrument.grid, view.qty, price));

const inOwn = ({ instrument }: PricedOrder, { account }: Facts, amount: Units): Units =>
  instrument.quote === account.currency ? amount : account.inOwnCurrency(instrument.quote, amount);
