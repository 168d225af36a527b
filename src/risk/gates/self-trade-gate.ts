import { toText } from '../../core/increment.ts';
import type { BookReader } from '../../trading/book-reader.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate } from '../risk-gate.ts';
import { firstCrossing, reachOf } from './self-crossing.ts';

/**
 * Denies an entry that would trade with a live order of our own. Where the mode of self-trade prevention is to give way,
 * the desk has cleared the way before: what still stands there, denies.
 */
export function selfTradeGate(book: Pick<BookReader, 'workingOn'>): RiskGate {
  const measure = (order: PricedOrder) => {
    const { tick } = order.instrument.grid;
    const measured = toText(order.worst, tick);
    const row = firstCrossing(book, order);
    if (row === undefined) return { measured };
    return { measured, limit: toText(reachOf(row), tick), note: row.order.clientOrderId };
  };
  return {
    name: 'self-trade',
    appliesTo: 'entries',
    measure,
    check(order) {
      if (firstCrossing(book, order) === undefined) return undefined;
      return deny('self-trade', 'SELF_TRADE', measure(order));
    },
  };
}
