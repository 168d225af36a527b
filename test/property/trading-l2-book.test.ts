import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots, ticks } from '../../src/core/index.ts';
import { L2Book, type Level } from '../../src/trading/index.ts';

const levels = fc.array(
  fc.record({ price: fc.integer({ min: 90, max: 110 }), quantity: fc.integer({ min: 0, max: 5 }) }),
  { maxLength: 12 },
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('apply' as const), bids: levels, asks: levels }),
  fc.record({ kind: fc.constant('reset' as const), bids: levels, asks: levels }),
  fc.record({ kind: fc.constant('trim' as const), price: fc.integer({ min: 88, max: 112 }) }),
);

const levelsOf = (plain: readonly { price: number; quantity: number }[]): Level[] =>
  plain.map(({ price, quantity }) => ({ price: ticks(price), quantity: lots(quantity) }));

/** The same book, as naive as can be. */
const setAll = (side: Map<number, number>, changes: readonly { price: number; quantity: number }[]): void => {
  for (const { price, quantity } of changes) {
    if (quantity > 0) side.set(price, quantity);
    else side.delete(price);
  }
};
const bestFirst = (side: Map<number, number>, direction: 1 | -1) =>
  [...side].map(([price, quantity]) => ({ price, quantity })).sort((a, b) => direction * (b.price - a.price));

describe('L2Book', () => {
  test.prop([fc.array(step, { maxLength: 20, size: 'max' }), fc.integer({ min: 0, max: 25 })], {
    numRuns: 1_000,
  })('equals a map of prices, after every step', (steps, count) => {
    const book = new L2Book();
    const bids = new Map<number, number>();
    const asks = new Map<number, number>();
    for (const change of steps) {
      if (change.kind === 'trim') {
        book.bids.trimBetterThan(ticks(change.price));
        book.asks.trimBetterThan(ticks(change.price));
        for (const price of [...bids.keys()]) if (price > change.price) bids.delete(price);
        for (const price of [...asks.keys()]) if (price < change.price) asks.delete(price);
      } else {
        if (change.kind === 'reset') {
          bids.clear();
          asks.clear();
        }
        book[change.kind](levelsOf(change.bids), levelsOf(change.asks));
        setAll(bids, change.bids);
        setAll(asks, change.asks);
      }
      const [allBids, allAsks] = [bestFirst(bids, 1), bestFirst(asks, -1)];
      expect(book.bids.top(count)).toEqual(allBids.slice(0, count));
      expect(book.asks.top(count)).toEqual(allAsks.slice(0, count));
      expect([book.bids.best, book.asks.best]).toEqual([allBids[0], allAsks[0]]);
      expect([book.bids.size, book.asks.size]).toEqual([bids.size, asks.size]);
      expect(book.crossed).toBe((allBids[0]?.price ?? -Infinity) >= (allAsks[0]?.price ?? Infinity));
      const top = { price: ticks(100), quantity: lots(7) };
      expect(book.bids.topUnder(top, count + 1)).toEqual(
        [top, ...allBids.filter(({ price }) => price < 100)].slice(0, count + 1),
      );
      expect(book.asks.topUnder(top, count + 1)).toEqual(
        [top, ...allAsks.filter(({ price }) => price > 100)].slice(0, count + 1),
      );
      for (let price = 88; price <= 112; price += 4) {
        expect(book.bids.quantityAt(ticks(price))).toBe(bids.get(price) ?? 0);
      }
    }
  });
});
