import { person } from '../../src/core/index.ts';
import { Book, type BookedOrder, type Fill, type Side } from '../../src/trading/index.ts';
import { bookedOf, eventOf, fillOf } from './builders.ts';

/** A book with one account in USDT. */
export const openBook = (balance = '1000'): Book => {
  const book = new Book();
  book.openAccount('acc', 'USDT', balance);
  return book;
};

let orders = 0;
/** Trades as much as the fill says. */
export const trade = (book: Book, side: Side, fill: Fill, overrides: Partial<BookedOrder> = {}) => {
  const order = bookedOf(`o${String((orders += 1))}`, side, fill.quantity, overrides);
  book.hold(order);
  book.keep(order);
  return book.apply(eventOf('filled', order.clientOrderId, { fill }));
};
let executions = 0;
export const buy = (book: Book, quantity: number, price: string, fee = '0', currency = 'USDT') =>
  trade(book, 'buy', fillOf(`x${String((executions += 1))}`, quantity, price, fee, currency));
export const sell = (book: Book, quantity: number, price: string, fee = '0') =>
  trade(book, 'sell', fillOf(`x${String((executions += 1))}`, quantity, price, fee));

/** The account of such a book. */
export const acc = (book: Book) => {
  const account = book.account('acc');
  if (account === undefined) throw new Error('no account');
  return account;
};
/** What the book has of gold, and the cash. */
export const ledger = (book: Book) => {
  const { pos, cost, realised, fees } = book.cell('acc', 'GOLD') ?? {};
  return {
    pos,
    cost: cost?.toFixed(),
    realised: realised?.toFixed(),
    fees: fees?.toFixed(),
    cash: acc(book).cash.toFixed(),
  };
};
export const ADA = person('ada');
