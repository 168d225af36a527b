import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import { type SlippageLimits, slippageGate } from '../../src/execution/index.ts';
import { slippageMoney } from '../../src/execution/gates/slippage-gate.ts';
import { type HeldOverrides, heldOf } from '../support/orders.ts';
import { executionViewOf, money } from '../support/views.ts';

/** A mark of 1,000; one tick is 10 bps. */
const ask = (
  order: HeldOverrides,
  { mark = 1_000, spent = 0, ...limits }: Partial<SlippageLimits> & { mark?: number; spent?: number } = {},
) =>
  slippageGate({ perOrderBps: { entry: 50, exit: 100 }, perDay: 'none', ...limits }).check(
    heldOf({ qty: 10, ...order }),
    executionViewOf({ mark: ticks(mark), spentSlippage: money(spent) }),
  );
const denial = (measured: number, limit = 50) => ({
  gate: 'slippage-budget',
  code: 'SLIPPAGE_BUDGET',
  measured,
  limit,
});
/** The budget of a day is money, and money is text. */
const dayDenial = (measured: string, limit: string) => ({
  ...denial(NaN),
  measured,
  limit,
  note: 'of the day',
});
const sellExit = (worst: number): HeldOverrides => ({ side: 'sell', isExit: true, worst });

describe('slippageGate, per order', () => {
  test('lets an order through whose worst price is exactly at the limit', () => {
    expect(ask({ worst: 1_005 })).toBeUndefined();
  });

  test('denies one tick worse', () => {
    expect(ask({ worst: 1_006 })).toEqual(denial(60));
  });

  test('has a limit of its own for exits', () => {
    expect([ask(sellExit(990)), ask(sellExit(989))]).toEqual([undefined, denial(110, 100)]);
  });

  test.each([
    { worst: 1 },
    { worst: 1_000 },
    { side: 'sell', isExit: true, worst: 1_000 },
    { side: 'sell', isExit: true, worst: 9_999 },
  ] as const)('a price that is no worse than the mark costs nothing: %o', (order) => {
    expect(ask(order)).toBeUndefined();
  });

  test.each([NaN, 0, -1_000])('denies at a mark of %s', (mark) => {
    expect([ask({ worst: 1_000 }, { mark }), ask(sellExit(1_000), { mark })]).toEqual([
      denial(NaN),
      denial(NaN, 100),
    ]);
  });

  test('can be off for exits', () => {
    expect(ask(sellExit(1), { perOrderBps: { entry: 50, exit: 'none' } })).toBeUndefined();
  });

  test('with a limit of 0 takes prices that are no worse than the mark', () => {
    const perOrderBps = { entry: 0, exit: 0 };
    expect([ask({ worst: 1_000 }, { perOrderBps }), ask({ worst: 1_001 }, { perOrderBps })]).toEqual([
      undefined,
      denial(10, 0),
    ]);
  });
});

describe('slippageGate, per day', () => {
  // 10 lots, each 5 beyond the mark.
  const FIFTY = { worst: 1_005, qty: 10 };
  const perDay = money(80);

  test('lets an entry through that spends exactly what is left', () => {
    expect(ask(FIFTY, { perDay, spent: 30 })).toBeUndefined();
  });

  test('denies an entry that spends one millionth more', () => {
    expect(ask(FIFTY, { perDay, spent: 30.000001 })).toEqual(dayDenial('80.000001', '80'));
  });

  test('an entry that cannot slip passes an empty budget', () => {
    expect(ask({ worst: 1_000 }, { perDay, spent: 80 })).toBeUndefined();
  });

  test('exits pass an empty budget', () => {
    expect(ask(sellExit(990), { perDay, spent: 100 })).toBeUndefined();
  });

  test('denies an entry when nobody knows what was spent', () => {
    expect(ask(FIFTY, { perDay, spent: NaN })).toEqual(dayDenial('NaN', '80'));
  });

  test('denies an entry without a mark, also where the limit per order is off', () => {
    expect(ask(FIFTY, { perDay, mark: NaN, perOrderBps: { entry: 'none', exit: 'none' } })).toEqual(
      dayDenial('NaN', '80'),
    );
  });

  test('a budget of 0 takes entries that cannot slip', () => {
    expect([
      ask({ worst: 1_000 }, { perDay: money(0) }),
      ask({ worst: 1_001 }, { perDay: money(0) }),
    ]).toEqual([undefined, dayDenial('10', '0')]);
  });
});

describe('slippageMoney', () => {
  test.each([
    [heldOf({ worst: 1_005, qty: 10 }), 50],
    [heldOf({ worst: 995, qty: 10, side: 'sell' }), 50],
    [heldOf({ worst: 995, qty: 10 }), 0],
    [heldOf({ worst: 1_005, qty: 10, side: 'sell' }), 0],
  ])('%#', (order, expected) => {
    expect(slippageMoney(order, ticks(1_000))).toBe(money(expected));
  });

  test('is unknown without a mark', () => {
    expect(slippageMoney(heldOf(), ticks(NaN))).toBeNaN();
  });
});
