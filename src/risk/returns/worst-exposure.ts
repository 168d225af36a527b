import { type Lots, type Units, add, neg, sub } from '../../core/units.ts';
import type { CellView } from '../../trading/book-cell.ts';
import type { Side } from '../../trading/order-intent.ts';

type Quantities = Pick<CellView, 'pos' | 'buy' | 'sell'>;

/**
 * Worst-case exposure with the sign of the side on which it is: long if what may be bought leads to the larger position
 * (or to one as large), short otherwise.
 */
export const signedWorst = ({ pos, buy, sell }: Quantities, worst: Units): Units =>
  // |pos + buy| >= |pos - sell|, since pos + buy is never less than pos - sell.
  pos + buy + (pos - sell) >= 0 ? worst : neg(worst);

/** The same with an order, whose worst-case exposure `worstAfter` includes it. */
export function signedWorstWith(
  { pos, buy, sell }: Quantities,
  side: Side,
  qty: Lots,
  worstAfter: Units,
): Units {
  const long = side === 'buy' ? add(add(pos, buy), qty) : add(pos, buy);
  const short = side === 'sell' ? sub(sub(pos, sell), qty) : sub(pos, sell);
  return add(long, short) >= 0 ? worstAfter : neg(worstAfter);
}
