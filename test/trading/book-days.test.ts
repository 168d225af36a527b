import { describe, expect, test } from 'vitest';
import { type Units, decimal, system, units } from '../../src/core/index.ts';
import type { Book } from '../../src/trading/index.ts';
import { ONE, markOf } from './builders.ts';
import { ADA, acc, buy, openBook, sell } from './money-book.ts';

describe('the trading day', () => {
  test('opens with the equity at the last good marks: the night belongs to the day before', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(120));
    const plan = book.planRoll('2026-01-02', 5);
    expect(plan).toEqual({
      dayId: '2026-01-02',
      atMs: 5,
      accounts: [
        {
          accountId: 'acc',
          dayOpen: 1_020 * ONE,
          highWater: 1_020 * ONE,
          strategies: [{ strategyId: 'strat', pnl: 20 * ONE }],
        },
      ],
    });
    expect(acc(book).dayPnl).toBe(20 * ONE); // planned, not done
    book.roll(plan);
    book.mark(markOf(115));
    expect([acc(book).dayOpen, acc(book).dayPnl]).toEqual([1_020 * ONE, -5 * ONE]);
  });

  test('without known equity opens at the highest there was: no loss is forgiven', () => {
    const book = openBook();
    book.stampHighWater('acc', units(1_500 * ONE));
    buy(book, 1, '100');
    expect(book.planRoll('2026-01-02', 5).accounts).toEqual([
      { accountId: 'acc', dayOpen: 1_500 * ONE, highWater: 1_500 * ONE, strategies: [] },
    ]);
  });

  test('without known equity never opens lower than before', () => {
    const book = openBook();
    buy(book, 1, '100');
    expect(book.planRoll('2026-01-02', 5).accounts).toEqual([
      { accountId: 'acc', dayOpen: 1_000 * ONE, highWater: 1_000 * ONE, strategies: [] },
    ]);
  });

  const rolled = (dayId: string, dayOpen: number, highWater = 1_000 * ONE) => ({
    dayId,
    atMs: 0,
    accounts: [{ accountId: 'acc', dayOpen: units(dayOpen), highWater: units(highWater) }],
  });

  test.each(['2026-01-02', '2026-01-01'])(
    'never rolls backwards, nor twice: %s after 2026-01-02',
    (again) => {
      const book = openBook();
      book.roll(rolled('2026-01-02', 7));
      book.roll(rolled(again, 9));
      expect(acc(book).dayOpen).toBe(7);
    },
  );

  test('takes over a recorded high-water mark if it is higher', () => {
    const book = openBook();
    book.roll(rolled('2026-01-02', 0, 2_000 * ONE));
    book.roll(rolled('2026-01-03', 0, 1_500 * ONE));
    book.stampHighWater('acc', units(1_800 * ONE));
    expect(acc(book).highWater).toBe(2_000 * ONE);
    book.stampHighWater('acc', units(2_001 * ONE));
    expect([acc(book).highWater, acc(book).drawdownFraction]).toEqual([2_001 * ONE, 1_001 / 2_001]);
  });

  test('of an account that is not there throws, by name', () => {
    const book = openBook();
    expect(() => {
      book.roll({
        dayId: '2026-01-02',
        atMs: 0,
        accounts: [{ accountId: 'x', dayOpen: 0 as Units, highWater: 0 as Units }],
      });
    }).toThrow('accountId: expected a configured account, got x');
  });
});

describe('the high-water mark', () => {
  test('rises with good marks and realised profit, and never falls by itself', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(150));
    book.mark(markOf(110));
    const { highWater, drawdownFraction } = acc(book);
    expect([highWater, drawdownFraction]).toEqual([1_050 * ONE, 40 / 1_050]);
    sell(book, 1, '160');
    expect([acc(book).highWater, acc(book).drawdownFraction]).toEqual([1_060 * ONE, 0]);
  });

  test('of nothing: no drawdown at nothing, unknown below it', () => {
    const book = openBook('0');
    expect(acc(book).drawdownFraction).toBe(0);
    book.mark(markOf(100));
    buy(book, 1, '101');
    expect(acc(book).drawdownFraction).toBe(NaN);
  });
});

describe('deposits and withdrawals', () => {
  /** Equity 80 below a mark of 100: 20 %. */
  const down = (): Book => {
    const book = openBook('100');
    buy(book, 1, '100');
    book.mark(markOf(100));
    book.mark(markOf(80));
    return book;
  };

  test.each([
    ['-40', 40, 50],
    ['100', 180, 225],
    ['-0.000001', 79.999999, 99.999999],
  ])('scale the high-water mark: after %s, 20 %% below it stay 20 %%', (amount, equity, highWater) => {
    const book = down();
    book.flow('acc', amount, system('treasury'), '');
    const account = acc(book);
    expect([account.equity / ONE, account.highWater / ONE]).toEqual([equity, highWater]);
    expect(account.drawdownFraction).toBeCloseTo(0.2, 7);
  });

  test('are no profit and no loss of the day', () => {
    const book = down();
    book.flow('acc', '-40', ADA, 'rent');
    book.flow('acc', '15', ADA, 'refund');
    const { dayOpen, dayPnl, flows, cash } = acc(book);
    expect([dayOpen, dayPnl, flows.toFixed(), cash.toFixed()]).toEqual([75 * ONE, -20 * ONE, '75', '-25']);
  });

  test('with an id count once', () => {
    const book = openBook();
    const flow = { flowId: 'f', accountId: 'acc', amount: decimal('100') };
    const booked = [book.flowOnce(flow), book.flowOnce(flow)];
    expect([booked, acc(book).cash.toFixed(), acc(book).flows.toFixed()]).toEqual([
      ['applied', 'duplicate'],
      '1100',
      '1100',
    ]);
    expect(() => book.flowOnce({ ...flow, accountId: 'nobody' })).toThrow(/nobody/);
  });

  test('with more digits than units round against the trader', () => {
    const book = openBook('100');
    book.flow('acc', '0.0000001', ADA, 'dust');
    book.flow('acc', '-0.0000003', ADA, 'dust');
    expect([acc(book).equity, acc(book).dayOpen, acc(book).dayPnl]).toEqual([
      100 * ONE - 1,
      100 * ONE + 1,
      -2,
    ]);
  });

  test('at no equity take a person, and the mark starts anew', () => {
    const book = openBook('0');
    expect(() => {
      book.flow('acc', '10', system('treasury'), 'capital');
    }).toThrow(expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }));
    expect(acc(book).cash.toFixed()).toBe('0');
    book.flow('acc', '10', ADA, 'capital');
    expect(acc(book)).toMatchObject({ equity: 10 * ONE, highWater: 10 * ONE, drawdownFraction: 0 });
  });

  test('at unknown equity take a person, and the mark starts anew with the first equity that is known', () => {
    const book = openBook('100');
    buy(book, 1, '100');
    expect(() => {
      book.flow('acc', '10', ADA, ' ');
    }).toThrow(expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }));
    book.flow('acc', '10', ADA, 'capital');
    expect([acc(book).highWater, acc(book).drawdownFraction]).toEqual([NaN, NaN]);
    book.mark(markOf(100));
    expect(acc(book)).toMatchObject({ equity: 110 * ONE, highWater: 110 * ONE, drawdownFraction: 0 });
  });

  test('at unknown equity take over the mark that was recorded', () => {
    const book = openBook('100');
    buy(book, 1, '100');
    book.flow('acc', '10', ADA, 'capital');
    book.stampHighWater('acc', units(NaN));
    book.stampHighWater('acc', units(120 * ONE));
    expect(acc(book).highWater).toBe(120 * ONE);
  });

  test('of no plain decimal, or of an account that is not there, are refused', () => {
    const book = openBook();
    expect(() => {
      book.flow('acc', '1e9', ADA, 'x');
    }).toThrow(/^amount: expected a plain decimal/);
    expect(() => {
      book.flow('nobody', '1', ADA, 'x');
    }).toThrow(expect.objectContaining({ code: 'ACCOUNT_UNKNOWN' }));
  });
});
