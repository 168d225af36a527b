import { describe, expect, test } from 'vitest';
import { spreadGate } from '../../src/execution/index.ts';
import type { Level } from '../../src/trading/index.ts';
import { heldOf } from '../support/orders.ts';
import { executionViewOf, levels, marketOf } from '../support/views.ts';

const gate = spreadGate({ entry: 200, exit: 400 });
const ask = (bids: readonly Level[], asks: readonly Level[], isExit = false, on = gate) =>
  on.check(heldOf({ isExit, view: marketOf({ bids, asks }) }), executionViewOf());
const quote = (bid: number, offer: number) => [levels([bid, 1]), levels([offer, 1])] as const;
const denial = (measured: number, limit = 200) => ({
  gate: 'spread',
  code: 'SPREAD_TOO_WIDE',
  measured,
  limit,
});

describe('spreadGate', () => {
  test('lets an order through at exactly the limit', () => {
    expect(ask(...quote(9_900, 10_100))).toBeUndefined();
  });

  test('denies one tick wider, in bps of the middle', () => {
    expect(ask(...quote(9_900, 10_101))).toEqual(denial((201 * 20_000) / 20_001));
  });

  test('has a limit of its own for exits', () => {
    expect([ask(...quote(9_800, 10_200), true), ask(...quote(9_799, 10_201), true)]).toEqual([
      undefined,
      denial(402, 400),
    ]);
  });

  test('lets an order through on a locked book', () => {
    expect(ask(...quote(100, 100))).toBeUndefined();
  });

  test('denies on a crossed book', () => {
    expect(ask(...quote(10_100, 9_900))).toEqual(denial(-200));
  });

  test.each([
    ['bids', [], levels([101, 1])],
    ['asks', levels([99, 1]), []],
    ['both', [], []],
  ])('denies where there are no %s', (_side, bids, asks) => {
    expect(ask(bids, asks)).toEqual(denial(NaN));
  });

  test('denies a price that is none', () => {
    expect(ask(...quote(NaN, 100))).toEqual(denial(NaN));
  });

  test.each(['entry', 'exit'] as const)('can be off for one of them: %s', (which) => {
    const off = spreadGate({ entry: 1, exit: 1, [which]: 'none' });
    const wide = quote(1, 1_000);
    expect([ask(...wide, false, off) === undefined, ask(...wide, true, off) === undefined]).toEqual([
      which === 'entry',
      which === 'exit',
    ]);
  });

  test('with a limit of 0 takes a locked book only', () => {
    const strict = spreadGate({ entry: 0, exit: 0 });
    expect([ask(...quote(100, 100), false, strict), ask(...quote(9_999, 10_001), false, strict)]).toEqual([
      undefined,
      denial(2, 0),
    ]);
  });
});
