import { describe, expect, test } from 'vitest';
import { ticks, units } from '../../src/core/index.ts';
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

describe('slippageGate, per day and strategy', () => {
  const TEN = { worst: 1_001, qty: 10 };
  const askFor = (
    order: HeldOverrides,
    perStrategyDay: NonNullable<SlippageLimits['perStrategyDay']>,
    view: Parameters<typeof executionViewOf>[0] = {},
  ) =>
    slippageGate({ perOrderBps: { entry: 50, exit: 50 }, perDay: 'none', perStrategyDay }).check(
      heldOf({ ...TEN, ...order }),
      executionViewOf({ mark: ticks(1_000), spentSlippageByStrategy: money(30), ...view }),
    );
  const strategyDenial = (measured: string, limit: string, strategyId = 'strat') => ({
    ...dayDenial(measured, limit),
    note: `of the day, of strategy ${strategyId}`,
  });

  test('lets an entry through that spends exactly what is left, and denies a millionth more', () => {
    expect([
      askFor({}, money(40)),
      askFor({}, money(40), { spentSlippageByStrategy: units(30_000_001) }),
    ]).toEqual([undefined, strategyDenial('40.000001', '40')]);
  });

  test('counts what the strategy spent, not what others did', () => {
    expect(askFor({}, money(40), { spentSlippage: money(1_000) })).toBeUndefined();
  });

  test('has one amount by strategy', () => {
    const budgets = { alpha: money(40), beta: money(39), gamma: 'none' } as const;
    const asked = ['alpha', 'beta', 'gamma'].map((strategyId) => askFor({ strategyId }, budgets));
    expect(asked).toEqual([undefined, strategyDenial('40', '39', 'beta'), undefined]);
  });

  test.each(['delta', 'constructor', '__proto__'])(
    'denies entries of a strategy without an amount: %s',
    (strategyId) => {
      expect(askFor({ strategyId, worst: 1_000 }, { alpha: money(40) })).toEqual(
        strategyDenial('30', 'NaN', strategyId),
      );
    },
  );

  test('exits pass whatever was spent, also of a strategy without an amount', () => {
    const exit = { isExit: true, side: 'sell', worst: 999 } as const;
    expect([askFor(exit, money(0)), askFor(exit, { alpha: money(0) })]).toEqual([undefined, undefined]);
  });

  test('denies entries when nobody counts what the strategy spent', () => {
    const { spentSlippageByStrategy: _, ...view } = executionViewOf({ mark: ticks(1_000) });
    const gate = slippageGate({
      perOrderBps: { entry: 50, exit: 50 },
      perDay: 'none',
      perStrategyDay: money(1),
    });
    expect(gate.check(heldOf({ worst: 1_000 }), view)).toEqual(strategyDenial('NaN', '1'));
  });

  test('says what of the whole day before what of the strategy', () => {
    const gate = slippageGate({
      perOrderBps: { entry: 50, exit: 50 },
      perDay: money(0),
      perStrategyDay: money(0),
    });
    expect(gate.check(heldOf(TEN), executionViewOf({ mark: ticks(1_000) }))).toEqual(dayDenial('10', '0'));
  });
});

describe('slippageGate, what it measures of an order that passes', () => {
  const measured = (limits: Partial<SlippageLimits>, order: HeldOverrides = {}) =>
    slippageGate({ perOrderBps: { entry: 50, exit: 'none' }, perDay: 'none', ...limits }).measure?.(
      heldOf({ worst: 1_001, qty: 10, ...order }),
      executionViewOf({
        mark: ticks(1_000),
        spentSlippage: money(30),
        spentSlippageByStrategy: money(10),
      }),
    );

  test.each<[string, Partial<SlippageLimits>, object]>([
    ['of the order', {}, { measured: 10, limit: 50 }],
    ['of the order', { perDay: money(400), perStrategyDay: money(400) }, { measured: 10, limit: 50 }],
    ['of the day', { perDay: money(100) }, { measured: '40', limit: '100', note: 'of the day' }],
    [
      'of the strategy',
      { perDay: money(100), perStrategyDay: money(40) },
      { measured: '20', limit: '40', note: 'of the day, of strategy strat' },
    ],
  ])('the bound that it comes nearest to: %s', (_, limits, expected) => {
    expect(measured(limits)).toEqual(expected);
  });

  test('a bound of 0 that is kept is reached', () => {
    expect(measured({ perOrderBps: { entry: 0, exit: 0 }, perDay: money(31) }, { worst: 999 })).toEqual({
      measured: 0,
      limit: 0,
    });
  });

  test('a budget of 0 that nothing was taken of is the nearest', () => {
    const gate = slippageGate({ perOrderBps: { entry: 50, exit: 'none' }, perDay: money(0) });
    expect(gate.measure?.(heldOf({ worst: 999 }), executionViewOf({ mark: ticks(1_000) }))).toEqual({
      measured: '0',
      limit: '0',
      note: 'of the day',
    });
  });

  test('without any bound what the order may slip', () => {
    expect(measured({ perDay: money(1) }, { side: 'sell', isExit: true, worst: 990 })).toEqual({
      measured: 100,
      limit: 'none',
    });
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
