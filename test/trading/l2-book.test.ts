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

describe('levels that empty', () => {
  const at = (price: number, quantity: number) => ({ price: ticks(price), quantity: lots(quantity) });
  const sideOf = (count: number) => {
    const { bids } = new L2Book();
    for (let price = 1; price <= count; price += 1) bids.set(at(price, 1));
    return bids;
  };

  test('are gone for everybody, few or many, and can come back', () => {
    const bids = sideOf(1_000);
    for (let price = 2; price < 1_000; price += 1) expect(bids.set(at(price, 0))).toBe(1);
    expect([bids.size, bids.top(3), bids.topUnder(at(500, 7), 3), bids.quantityAt(ticks(500))]).toEqual([
      2,
      [at(1_000, 1), at(1, 1)],
      [at(500, 7), at(1, 1)],
      0,
    ]);
    expect([bids.set(at(500, 3)), bids.set(at(500, 4)), bids.size]).toEqual([0, 3, 3]);
    expect(bids.top(3)).toEqual([at(1_000, 1), at(500, 4), at(1, 1)]);
  });

  test('are never the best one', () => {
    const bids = sideOf(4);
    bids.set(at(3, 0));
    bids.set(at(2, 0));
    bids.set(at(4, 0));
    expect([bids.best, bids.size]).toEqual([at(1, 1), 1]);
    bids.set(at(1, 0));
    expect([bids.best, bids.size, bids.top(1)]).toEqual([undefined, 0, []]);
  });

  test('do not stop a trim', () => {
    const bids = sideOf(4);
    bids.set(at(3, 0));
    bids.trimBetterThan(ticks(3));
    expect([bids.best, bids.size]).toEqual([at(2, 1), 2]);
  });
});
