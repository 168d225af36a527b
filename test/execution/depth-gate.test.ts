import { describe, expect, test } from 'vitest';
import { type DepthLimits, depthGate } from '../../src/execution/index.ts';
import type { MarketView } from '../../src/trading/index.ts';
import { type HeldOverrides, heldOf } from '../support/orders.ts';
import { executionViewOf, levels, marketOf } from '../support/views.ts';

const LIMITS: DepthLimits = { withinBps: 100, multiple: { entry: 2, exit: 1 } };
const ask = (market: Partial<MarketView>, order: HeldOverrides = {}, limits = LIMITS) =>
  depthGate(limits).check(heldOf({ qty: 10, ...order, view: marketOf(market) }), executionViewOf());
const denial = (measured: number, limit = 2) => ({
  gate: 'depth',
  code: 'DEPTH_TOO_THIN',
  measured,
  limit,
});
const SELL_EXIT: HeldOverrides = { side: 'sell', isExit: true };

describe('depthGate', () => {
  test('lets an order through when exactly the multiple is shown', () => {
    expect(ask({ asks: levels([1_000, 20]) })).toBeUndefined();
  });

  test('also where the product of the multiple and the quantity is not exact', () => {
    const limits = { ...LIMITS, multiple: { entry: 1.1, exit: 1 } };
    expect(ask({ asks: levels([1_000, 11]) }, {}, limits)).toBeUndefined();
  });

  test('denies one lot less, as a multiple of the order', () => {
    expect(ask({ asks: levels([1_000, 19]) })).toEqual(denial(1.9));
  });

  test('has a limit of its own for exits', () => {
    expect([
      ask({ bids: levels([1_000, 10]) }, SELL_EXIT),
      ask({ bids: levels([1_000, 9]) }, SELL_EXIT),
    ]).toEqual([undefined, denial(0.9, 1)]);
  });

  test('adds the levels within the window up, its edge included', () => {
    expect(ask({ asks: levels([1_000, 5], [1_005, 5], [1_010, 10]) })).toBeUndefined();
  });

  test('does not count levels beyond the window', () => {
    expect(ask({ asks: levels([1_000, 5], [1_005, 5], [1_011, 1_000]) })).toEqual(denial(1));
  });

  test('a level that shows nothing is not enough for a multiple of 0', () => {
    const limits = { ...LIMITS, multiple: { entry: 0, exit: 1 } };
    const asks = levels([1_000, 0], [1_005, 1]);
    expect([ask({ asks }, {}, limits), ask({ asks: levels([1_000, 0]) }, {}, limits)]).toEqual([
      undefined,
      denial(0, 0),
    ]);
  });

  test('measures all that is shown, also what the verdict did not need', () => {
    const view = marketOf({ asks: levels([1_000, 20], [1_005, 10]) });
    expect(depthGate(LIMITS).measure?.(heldOf({ qty: 10, view }), executionViewOf())).toEqual({
      measured: 3,
      limit: 2,
    });
  });

  test('for a sell looks down the bids', () => {
    const bids = levels([1_000, 5], [990, 5], [989, 1_000]);
    expect(ask({ bids }, { ...SELL_EXIT, qty: 11 })).toEqual(denial(10 / 11, 1));
  });

  test('looks at the far side only', () => {
    expect(ask({ bids: levels([999, 1_000]), asks: levels([1_001, 1]) })).toEqual(denial(0.1));
  });

  test.each([
    ['buy', { asks: [] }, {}],
    ['sell', { bids: [] }, SELL_EXIT],
  ] as const)('denies a %s where the far side is empty', (_side, market, order) => {
    expect(ask(market, order)).toMatchObject({ code: 'DEPTH_TOO_THIN', measured: 0 });
  });

  test.each([
    ['price', levels([NaN, 1_000])],
    ['quantity', levels([1_000, NaN])],
  ])('denies a level whose %s is none', (_field, asks) => {
    expect(ask({ asks })).toMatchObject({ gate: 'depth', code: 'DEPTH_TOO_THIN', limit: 2 });
  });

  test('with a multiple of 0 something must be shown all the same', () => {
    const limits = { ...LIMITS, multiple: { entry: 0, exit: 0 } };
    expect([ask({ asks: levels([1_000, 1]) }, {}, limits), ask({ asks: [] }, {}, limits)]).toEqual([
      undefined,
      denial(0, 0),
    ]);
  });

  test('can be off for exits', () => {
    const limits = { ...LIMITS, multiple: { entry: 2, exit: 'none' } } as const;
    expect(ask({ bids: [] }, SELL_EXIT, limits)).toBeUndefined();
  });
});
