import { describe, expect, test } from 'vitest';
import { statement } from '../../src/portfolio/index.ts';
import type { Book, BookedOrder, Fill } from '../../src/trading/index.ts';
import { ONE, SILVER, bookedOf, eventOf, fillOf, markOf } from './builders.ts';
import { anomaly, cell, fill, openBook, order, placed } from './book-world.ts';

/** What the venue lists and we never sent, as an order of its own. */
const foreign = (of: Fill, overrides: Partial<BookedOrder> = {}): BookedOrder =>
  bookedOf(`external ${of.executionId}`, 'buy', of.quantity, { strategyId: 'external', ...overrides });
const external = (book: Book, of: Fill, overrides: Partial<BookedOrder> = {}) =>
  book.external(foreign(of, overrides), of, 7);

describe('a fill of an order that we never sent', () => {
  test('is booked into position, cash and fees', () => {
    const book = openBook();
    expect(external(book, fillOf('x', 4, '90', '0.5'))).toBe('applied');
    const { equity, gross, count } = book.account('acc') ?? {};
    expect([cell(book), equity, gross, count]).toEqual([
      { pos: 4, buy: 0, sell: 0 },
      10_039.5 * ONE,
      400 * ONE,
      1,
    ]);
    const { cash, realised, unrealised, fees } = statement(book, 'acc') ?? {};
    expect([cash, realised, unrealised, fees].map((money) => money?.toFixed())).toEqual([
      '9639.5',
      '0',
      '40',
      '0.5',
    ]);
  });

  test('is an order of its own, filled, under the strategy `external`', () => {
    const book = openBook();
    external(book, fillOf('x', 4));
    expect([...book.orders()]).toMatchObject([
      {
        order: { clientOrderId: 'external x', strategyId: 'external', qty: 4 },
        state: 'filled',
        leaves: 0,
        cumulative: 4,
      },
    ]);
    expect([...book.liveOrders()]).toEqual([]);
  });

  test('realises the profit of a position of ours that it closes', () => {
    const book = placed();
    fill(book, 'own', 10);
    external(book, fillOf('x', 10, '110'), { side: 'sell' });
    expect([cell(book), book.cell('acc', 'GOLD')?.realised.toFixed()]).toEqual([
      { pos: 0, buy: 0, sell: 0 },
      '100',
    ]);
  });

  test('leaves what works alone', () => {
    const book = placed();
    external(book, fillOf('x', 4));
    expect([order(book), cell(book)]).toEqual([
      { state: 'submitting', leaves: 10, cumulative: 0 },
      { pos: 4, buy: 10, sell: 0 },
    ]);
  });

  test('is booked once, whatever the order is called the second time', () => {
    const book = openBook();
    external(book, fillOf('x', 4));
    expect(external(book, fillOf('x', 4), { clientOrderId: 'another name' })).toBe('duplicate');
    expect([cell(book), [...book.orders()].length]).toEqual([{ pos: 4, buy: 0, sell: 0 }, 1]);
  });

  test('is none when an order of ours has had the execution', () => {
    const book = placed();
    fill(book, 'x', 4);
    expect(external(book, fillOf('x', 4))).toBe('duplicate');
    expect(cell(book)).toEqual({ pos: 4, buy: 6, sell: 0 });
  });

  test('of another instrument or account is another one', () => {
    const book = openBook();
    book.mark(markOf(10, 'SILVER'));
    const fills = [
      external(book, fillOf('x', 4)),
      external(book, fillOf('x', 4), { instrument: SILVER, clientOrderId: 'a' }),
      external(book, fillOf('x', 4), { accountId: 'other', clientOrderId: 'b' }),
    ];
    expect([fills, cell(book, 'acc', 'SILVER'), cell(book, 'other')]).toEqual([
      ['applied', 'applied', 'applied'],
      { pos: 4, buy: 0, sell: 0 },
      { pos: 4, buy: 0, sell: 0 },
    ]);
  });

  test('with a fee that cannot be booked is booked without it, and told', () => {
    const book = openBook();
    expect(external(book, fillOf('x', 4, '100', '1', 'BNB'))).toEqual(anomaly('FEE_CURRENCY_UNSUPPORTED'));
    expect(cell(book).pos).toBe(4);
  });

  test.each([
    ['no quantity', fillOf('x', 0)],
    ['half a lot', fillOf('x', 0.5)],
    ['no price', fillOf('x', 4, '0')],
  ])('with %s is told and leaves no trace: no order, no hold', (_, bad) => {
    const book = openBook();
    expect(external(book, bad, { clientOrderId: 'e' })).toEqual(anomaly('FILL_INVALID'));
    expect([[...book.orders()], book.cell('acc', 'GOLD')]).toEqual([[], undefined]);
    expect(external(book, fillOf('x', 4), { clientOrderId: 'e' })).toBe('applied');
  });

  test('reported for an order of ours afterwards: booked, and told', () => {
    const book = placed();
    external(book, fillOf('x', 4));
    expect(fill(book, 'x', 4)).toEqual(anomaly('EXECUTION_ID_REUSED'));
    expect(book.apply(eventOf('cancelled', 'o', { cumulative: 4 }))).toBe('applied');
    expect(cell(book)).toEqual({ pos: 8, buy: 0, sell: 0 });
  });
});
