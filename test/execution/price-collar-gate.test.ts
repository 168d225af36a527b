import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import { priceCollarGate } from '../../src/execution/index.ts';
import { type HeldOverrides, heldOf } from '../support/orders.ts';
import { executionViewOf } from '../support/views.ts';

const ask = (order: HeldOverrides, mark = 1_000) =>
  priceCollarGate({ entry: 200, exit: 1_000 }).check(heldOf(order), executionViewOf({ mark: ticks(mark) }));
const denial = (measured: number, limit = 200) => ({
  gate: 'price-collar',
  code: 'PRICE_COLLAR',
  measured,
  limit,
});

describe('priceCollarGate', () => {
  test.each([980, 1_020])('lets an entry through exactly at the collar, %s', (worst) => {
    expect(ask({ worst })).toBeUndefined();
  });

  test('also where a fraction of the mark is not exact', () => {
    const gate = priceCollarGate({ entry: 1_010, exit: 1_010 });
    expect(gate.check(heldOf({ worst: 1_101 }), executionViewOf({ mark: ticks(1_000) }))).toBeUndefined();
  });

  test.each([979, 1_021])('denies an entry one tick outside, %s', (worst) => {
    expect(ask({ worst })).toEqual(denial(210));
  });

  test.each(['buy', 'sell'] as const)('looks both ways, whatever the side: %s', (side) => {
    expect([ask({ side, worst: 1 }), ask({ side, worst: 2_000 })]).toEqual([denial(9_990), denial(10_000)]);
  });

  test('has a collar of its own for exits, and it is never off', () => {
    const exit = (worst: number) => ask({ side: 'sell', isExit: true, worst });
    expect([exit(900), exit(1_100), exit(899), exit(1_101)]).toEqual([
      undefined,
      undefined,
      denial(1_010, 1_000),
      denial(1_010, 1_000),
    ]);
  });

  test.each([
    [NaN, NaN],
    [0, Infinity],
    [-1_000, -20_000],
  ])('denies at a mark of %s, exits too', (mark, measured) => {
    expect([ask({ worst: 1_000 }, mark), ask({ worst: 1_000, isExit: true }, mark)]).toEqual([
      denial(measured),
      denial(measured, 1_000),
    ]);
  });

  test('denies a price that is none', () => {
    expect(ask({ worst: NaN })).toEqual(denial(NaN));
  });
});
