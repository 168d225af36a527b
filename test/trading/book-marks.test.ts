import { describe, expect, test } from 'vitest';
import { decimal, lots, ticks } from '../../src/core/index.ts';
import type { Book } from '../../src/trading/index.ts';
import { GOLD, ONE, SILVER, bookedOf, fillOf, markOf, viewOf } from './builders.ts';
import { acc, buy, openBook, sell, trade } from './money-book.ts';

describe('marks', () => {
  test('value the position, and the worst case', () => {
    const book = openBook();
    buy(book, 2, '100');
    book.mark(markOf(110));
    expect([acc(book).equity, acc(book).gross, acc(book).dayPnl]).toEqual([1_020 * ONE, 220 * ONE, 20 * ONE]);
  });

  test.each([
    ['a blocking problem', { problems: [{ code: 'STALE', instrumentId: 'GOLD', blocking: true } as const] }],
    ['no mark', { mark: ticks(NaN) }],
    ['a mark of nothing', { mark: ticks(0) }],
    ['a mark between two ticks', { mark: ticks(200.5) }],
  ])('do not move with a view with %s; the view itself is kept', (_, bad) => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(100, 'GOLD', 5));
    const view = viewOf({ mark: ticks(200), receivedMonotonicMs: 9, ...bad });
    book.mark(view);
    expect([acc(book).equity, acc(book).highWater, book.markOf('GOLD'), book.view('GOLD')]).toEqual([
      1_000 * ONE,
      1_000 * ONE,
      { price: 100, monotonicMs: 5 },
      view,
    ]);
  });

  test('missing for what is held: money is unknown, and heals with the first mark', () => {
    const book = openBook();
    buy(book, 1, '100');
    const { gross, equity, dayPnl, drawdownFraction } = acc(book);
    expect([gross, equity, dayPnl, drawdownFraction]).toEqual([NaN, NaN, NaN, NaN]);
    book.mark(markOf(100));
    expect([acc(book).gross, acc(book).equity]).toEqual([100 * ONE, 1_000 * ONE]);
  });

  test('missing for what is no longer held do not matter', () => {
    const book = openBook();
    buy(book, 1, '100');
    sell(book, 1, '101');
    expect([acc(book).gross, acc(book).equity]).toEqual([0, 1_001 * ONE]);
  });

  test('of what nobody holds are remembered for the day it is', () => {
    const book = openBook();
    book.mark(markOf(100));
    buy(book, 1, '90');
    expect([acc(book).equity, book.markOf('SILVER'), book.view('SILVER')]).toEqual([
      1_010 * ONE,
      undefined,
      undefined,
    ]);
  });

  test('reach every account that holds the instrument', () => {
    const book = openBook();
    book.openAccount('other', 'USDT', '1000');
    buy(book, 1, '100');
    trade(book, 'sell', fillOf('y', 1), { accountId: 'other' });
    book.mark(markOf(110));
    expect([acc(book).equity, book.account('other')?.equity]).toEqual([1_010 * ONE, 990 * ONE]);
  });

  test('round the value down, for a short too', () => {
    const book = openBook('0.0000019');
    expect(acc(book).equity).toBe(1);
    const debt = openBook('-0.0000011');
    expect(acc(debt).equity).toBe(-2);
  });
});

describe('the age of the oldest mark', () => {
  const held = (): Book => {
    const book = openBook();
    book.mark(markOf(100, 'GOLD', 10));
    book.mark(markOf(100, 'SILVER', 40));
    buy(book, 1, '100');
    trade(book, 'buy', fillOf('y', 1), { instrument: SILVER });
    return book;
  };

  test('is that of the oldest', () => {
    expect(acc(held()).oldestMarkAgeMs(50, 0)).toBe(40);
  });

  test('grows young with a new mark', () => {
    const book = held();
    book.mark(markOf(100, 'GOLD', 45));
    expect(acc(book).oldestMarkAgeMs(50, 20)).toBe(10);
  });

  test.each<[string, (book: Book) => void, number]>([
    [
      'an order',
      (book) => {
        book.hold(bookedOf('o', 'buy', 1));
      },
      40,
    ],
    [
      'an adjustment',
      (book) => {
        const position = { instrument: GOLD, qty: lots(1), price: decimal('100') };
        book.adjust({ adjustmentId: 'a', accountId: 'acc', cash: decimal('0'), position });
      },
      40,
    ],
    [
      'a mark that is older than the last',
      (book) => {
        book.mark(markOf(100, 'SILVER', 5));
      },
      45,
    ],
  ])('grows at once with %s, not only when it is looked for', (_what, happens, ageMs) => {
    const book = openBook();
    book.mark(markOf(100, 'GOLD', 10));
    book.mark(markOf(100, 'SILVER', 40));
    trade(book, 'buy', fillOf('y', 1), { instrument: SILVER });
    const before = acc(book).oldestMarkAgeMs(50, 100);
    happens(book);
    expect([before, acc(book).oldestMarkAgeMs(50, 100)]).toEqual([10, ageMs]);
  });

  test('forgets what is no longer held', () => {
    const book = held();
    sell(book, 1, '100');
    expect(acc(book).oldestMarkAgeMs(50, 20)).toBe(10);
  });

  test('counts what is only being ordered', () => {
    const book = openBook();
    book.mark(markOf(100, 'GOLD', 10));
    book.hold(bookedOf('o', 'buy', 1));
    expect(acc(book).oldestMarkAgeMs(50, 0)).toBe(40);
  });

  test('is Infinity without a mark, and 0 when nothing is held', () => {
    const book = openBook();
    expect(acc(book).oldestMarkAgeMs(50, 0)).toBe(0);
    buy(book, 1, '100');
    expect(acc(book).oldestMarkAgeMs(50, 1_000)).toBe(Infinity);
  });

  test('heals after a mark of unknown time', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(100, 'GOLD', NaN));
    expect(acc(book).oldestMarkAgeMs(50, 1_000)).toBe(NaN);
    book.mark(markOf(100, 'GOLD', 45));
    expect(acc(book).oldestMarkAgeMs(50, 1_000)).toBe(5);
  });
});
