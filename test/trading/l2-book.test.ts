import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../src/core/index.ts';
import { L2Book, type Level } from '../../src/trading/index.ts';

const level = (price: number, quantity = 1): Level => ({ price: ticks(price), quantity: lots(quantity) });
const prices = (levels: readonly Level[]): number[] => levels.map(({ price }) => price);

const bookOf = (bids: number[], asks: number[]): L2Book => {
  const book = new L2Book();
  book.reset(
    bids.map((price) => level(price)),
    asks.map((price) => level(price)),
  );
  return book;
};

describe('L2Book', () => {
  test('gives the best first, whatever the order of arrival', () => {
    const book = bookOf([97, 99, 98], [103, 101, 102]);
    expect([prices(book.bids.top(3)), prices(book.asks.top(3))]).toEqual([
      [99, 98, 97],
      [101, 102, 103],
    ]);
  });

  test.each([
    [0, []],
    [1, [99]],
    [2, [99, 98]],
    [9, [99, 98]],
    [-1, []],
    [Infinity, [99, 98]],
  ])('gives at most %d levels', (count, expected) => {
    expect(prices(bookOf([98, 99], []).bids.top(count))).toEqual(expected);
  });

  test('replaces the quantity at a price, and removes the level at 0', () => {
    const book = bookOf([98, 99], []);
    book.apply([level(98, 7), level(99, 0), level(50, 0)], []);
    expect([book.bids.best, book.bids.size, book.bids.quantityAt(ticks(99))]).toEqual([level(98, 7), 1, 0]);
  });

  test('forgets everything at a reset', () => {
    const book = bookOf([98], [102]);
    book.reset([], [level(105)]);
    expect([book.bids.best, book.asks.best]).toEqual([undefined, level(105)]);
  });

  test('puts a better known best level over what is worse', () => {
    const book = bookOf([97, 98, 99], [101, 102, 103]);
    expect([book.bids.topUnder(level(98, 7), 9), prices(book.asks.topUnder(level(100), 2))]).toEqual([
      [level(98, 7), level(97)],
      [100, 101],
    ]);
  });

  test('drops what is better than a price, not what is at it', () => {
    const book = bookOf([97, 98, 99], [101, 102, 103]);
    book.bids.trimBetterThan(ticks(98));
    book.asks.trimBetterThan(ticks(102));
    expect([prices(book.bids.top(9)), prices(book.asks.top(9))]).toEqual([
      [98, 97],
      [102, 103],
    ]);
  });

  test.each([
    [[99], [100], false],
    [[100], [100], true],
    [[101], [100], true],
    [[], [100], false],
    [[100], [], false],
  ])('with bids %j and asks %j, crossed is %s', (bids, asks, crossed) => {
    expect(bookOf(bids, asks).crossed).toBe(crossed);
  });
});
