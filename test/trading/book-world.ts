import { Book, type AnomalyCode, type BookedOrder, type Side } from '../../src/trading/index.ts';
import { amendmentOf, bookedOf, eventOf, fillOf, markOf } from './builders.ts';

/** A Book with the accounts `acc` and `other`, 10,000 each, and gold at 100. */
export const openBook = (): Book => {
  const book = new Book();
  book.openAccount('acc', 'USDT', '10000');
  book.openAccount('other', 'USDT', '10000');
  book.mark(markOf(100));
  return book;
};

export const place = (
  book: Book,
  id: string,
  side: Side = 'buy',
  qty = 10,
  overrides: Partial<BookedOrder> = {},
): BookedOrder => {
  const order = bookedOf(id, side, qty, overrides);
  book.hold(order);
  book.keep(order);
  return order;
};

/** A Book in which the order `o` was placed. */
export const placed = (side: Side = 'buy', qty = 10): Book => {
  const book = openBook();
  place(book, 'o', side, qty);
  return book;
};

/** The same, and it works. */
export const working = (side: Side = 'buy', qty = 10): Book => {
  const book = placed(side, qty);
  book.apply(eventOf('accepted', 'o'));
  return book;
};

export const fill = (book: Book, execution: string, quantity: number, id = 'o') =>
  book.apply(eventOf('filled', id, { fill: fillOf(execution, quantity) }));
export const ask = (book: Book, qty: number, worst = 100, isExit = false) =>
  book.apply(eventOf('amendRequested', 'o', { to: amendmentOf(qty, worst, isExit) }));
export const amended = (book: Book, qty: number, worst = 100) =>
  book.apply(eventOf('amended', 'o', { to: amendmentOf(qty, worst) }));

export const cell = (book: Book, accountId = 'acc', instrumentId = 'GOLD') => {
  const { pos, buy, sell } = book.cell(accountId, instrumentId) ?? {};
  return { pos, buy, sell };
};
export const order = (book: Book, id = 'o') => {
  const { state, leaves, cumulative } = book.order(id) ?? {};
  return { state, leaves, cumulative };
};
/** What it asks for, and what it was asked to become. */
export const terms = (book: Book, id = 'o') => {
  const view = book.order(id);
  const { amendment } = view ?? {};
  return {
    is: view && [view.order.qty, view.order.worst, view.order.isExit],
    toBe: amendment && [amendment.qty, amendment.worst, amendment.isExit],
  };
};
export const anomaly = (code: AnomalyCode) => ({ anomaly: code });
