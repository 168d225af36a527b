import { type Ticks, max, min } from '../../core/units.ts';
import type { BookReader } from '../../trading/book-reader.ts';
import { isOpen } from '../../trading/order-life-cycle.ts';
import type { OrderView } from '../../trading/order-view.ts';
import type { PricedOrder } from '../../trading/price-order.ts';

type Incoming = Pick<PricedOrder, 'side' | 'worst' | 'instrument'>;

/** Our own orders, of any account, that an order would trade with, oldest first. Whether one is on its way, unknown or being cancelled: it may be there. */
export function* selfCrossing(
  book: Pick<BookReader, 'workingOn'>,
  order: Incoming,
): Generator<OrderView, undefined> {
  for (const row of opposing(book, order)) if (crosses(row, order)) yield row;
}

/** The first of them. */
export function firstCrossing(book: Pick<BookReader, 'workingOn'>, order: Incoming): OrderView | undefined {
  for (const row of opposing(book, order)) if (crosses(row, order)) return row;
  return undefined;
}

/** The furthest price at which an order may stand: what it is to become counts as well. */
export function reachOf({ order, amendment, side }: OrderView): Ticks {
  if (amendment === undefined) return order.worst;
  return (side === 'buy' ? max<Ticks> : min<Ticks>)(order.worst, amendment.worst);
}

const opposing = (book: Pick<BookReader, 'workingOn'>, { side, instrument }: Incoming): Iterable<OrderView> =>
  book.workingOn(instrument.instrumentId, side === 'buy' ? 'sell' : 'buy');

function crosses(row: OrderView, { side, worst }: Incoming): boolean {
  if (!isOpen(row.state)) return false;
  return side === 'buy' ? !(worst < reachOf(row)) : !(worst > reachOf(row));
}
