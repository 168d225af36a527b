import { describe, expect, test } from 'vitest';
import { units } from '../../src/core/index.ts';
import { firmRow, instrumentRow, strategyRow } from '../../src/risk/scope-row.ts';
import { Book } from '../../src/trading/index.ts';
import { GOLD, type HeldOverrides, heldOf, instrumentOf } from '../support/orders.ts';
import { money, quotedAt } from '../support/views.ts';

const SILVER = instrumentOf({ instrumentId: 'SILVER', base: 'XAG' });
/** Has no mark. */
const WHEAT = instrumentOf({ instrumentId: 'WHEAT', base: 'WHT' });

/** Two accounts in one currency, marks of 100 for GOLD and SILVER, and what works. */
function bookWith(...working: readonly HeldOverrides[]): Book {
  const book = new Book();
  for (const accountId of ['acc', 'other']) book.openAccount(accountId, 'USDT', '10000');
  for (const instrumentId of ['GOLD', 'SILVER']) book.mark(quotedAt(100, { instrumentId }));
  for (const order of working) book.hold(heldOf(order));
  return book;
}

const trend = (order: HeldOverrides = {}): HeldOverrides => ({ strategyId: 'trend', ...order });
const briefly = (row: ReturnType<typeof firmRow>) =>
  Array.from(row.cells(), ({ instrument, buy, sell, worst }) => [instrument.instrumentId, buy, sell, worst]);

describe('firmRow', () => {
  test('has the cells of all accounts', () => {
    const book = bookWith({ qty: 3 }, { accountId: 'other', instrument: SILVER, qty: 4 });
    expect(briefly(firmRow(book))).toEqual([
      ['GOLD', 3, 0, money(300)],
      ['SILVER', 4, 0, money(400)],
    ]);
  });

  test('without any account is nothing', () => {
    const { gross, dayPnl, count } = firmRow(new Book());
    expect([gross, dayPnl, count]).toEqual([0, 0, 0]);
  });
});

describe('instrumentRow', () => {
  test('has the cells of one instrument, of those accounts that have one', () => {
    const book = bookWith({ qty: 3 }, { accountId: 'other', instrument: SILVER, qty: 4 });
    const row = instrumentRow(book, 'SILVER');
    expect(briefly(row)).toEqual([['SILVER', 4, 0, money(400)]]);
    expect(row.gross).toBe(money(400));
  });

  test('knows nothing of drawdowns, days and counts', () => {
    const { dayPnl, count, drawdownFraction } = instrumentRow(bookWith(), 'GOLD');
    expect([dayPnl, count, drawdownFraction]).toEqual([NaN, NaN, NaN]);
  });
});

describe('strategyRow', () => {
  const linear = instrumentOf({ kind: 'linear', initialMarginFraction: '0.1' });

  test('has what the strategy has of each cell, and no cell in which it never had anything', () => {
    const book = bookWith(trend({ qty: 3 }), { qty: 5 }, { instrument: SILVER, qty: 4 });
    expect(briefly(strategyRow(book, 'trend'))).toEqual([['GOLD', 3, 0, money(300)]]);
  });

  test.each([
    ['bought', trend({ qty: 1 })],
    ['sold', trend({ instrument: linear, side: 'sell', qty: 1 })],
  ])('counts what is being %s', (_what, order) => {
    expect(strategyRow(bookWith(order), 'trend').count).toBe(1);
  });

  test('does not count what was given up, and what another strategy has', () => {
    const order = heldOf(trend());
    const book = bookWith({ qty: 5 });
    book.hold(order);
    book.drop(order);
    expect(strategyRow(book, 'trend').count).toBe(0);
  });

  test('is of unknown size while something in it has no mark', () => {
    expect(strategyRow(bookWith(trend({ instrument: WHEAT })), 'trend').gross).toBeNaN();
  });

  test('nothing is worth nothing, with or without a mark', () => {
    const order = heldOf(trend({ instrument: WHEAT }));
    const book = bookWith();
    book.hold(order);
    book.drop(order);
    expect(strategyRow(book, 'trend').gross).toBe(units(0));
  });
});

describe('accounts in different currencies', () => {
  test('leave quantities as they are, and money unknown', () => {
    const book = bookWith({ qty: 3 });
    book.openAccount('euro', 'EUR', '1');
    expect(briefly(firmRow(book))).toEqual([[GOLD.instrumentId, 3, 0, NaN]]);
    expect(firmRow(book).gross).toBeNaN();
  });
});
