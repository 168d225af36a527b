import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import { periodCollarGate } from '../../src/execution/index.ts';
import { type HeldOverrides, heldOf } from '../support/orders.ts';
import { executionViewOf, marketOf } from '../support/views.ts';

const gate = periodCollarGate({ entry: 100, exit: 500 });
const marks = (low: number, high: number) => ({ low: ticks(low), high: ticks(high), windowMs: 300_000 });
const ask = (order: HeldOverrides, recentMarks = marks(1_000, 2_000), on = gate) =>
  on.check(heldOf({ ...order, view: marketOf({ recentMarks }) }), executionViewOf());
const denial = (measured: number, limit = 100, range = '1000 to 2000') => ({
  gate: 'period-collar',
  code: 'PERIOD_COLLAR',
  measured,
  limit,
  note: `beyond ${range} of 300000 ms`,
});
const EXIT: HeldOverrides = { side: 'sell', isExit: true };

describe('periodCollarGate', () => {
  test.each([990, 1_000, 1_500, 2_000, 2_020])('lets an entry through within it, %s', (worst) => {
    expect(ask({ worst })).toBeUndefined();
  });

  test.each([
    [989, 110],
    [2_021, 105],
  ])('denies an entry one tick outside, %s', (worst, measured) => {
    expect(ask({ worst })).toEqual(denial(measured));
  });

  test.each(['buy', 'sell'] as const)('looks both ways, whatever the side: %s', (side) => {
    expect([ask({ side, worst: 500 }), ask({ side, worst: 3_000 })]).toEqual([denial(5_000), denial(5_000)]);
  });

  test('holds also where the mark has just left the range', () => {
    const order = heldOf({ worst: 3_000, view: marketOf({ recentMarks: marks(1_000, 2_000) }) });
    expect(gate.check(order, executionViewOf({ mark: ticks(3_000) }))).toEqual(denial(5_000));
  });

  test('has a limit of its own for exits', () => {
    expect([950, 2_100, 949, 2_101].map((worst) => ask({ ...EXIT, worst }))).toEqual([
      undefined,
      undefined,
      denial(510, 500),
      denial(505, 500),
    ]);
  });

  test('can be off for exits', () => {
    expect(
      ask({ ...EXIT, worst: 1 }, undefined, periodCollarGate({ entry: 1, exit: 'none' })),
    ).toBeUndefined();
  });

  test('where nothing is known of the past, denies entries and lets exits through', () => {
    const view = marketOf();
    expect([
      gate.check(heldOf({ view }), executionViewOf()),
      gate.check(heldOf({ ...EXIT, view }), executionViewOf()),
    ]).toEqual([
      { gate: 'period-collar', code: 'PERIOD_COLLAR', measured: NaN, limit: 100, note: 'no recent marks' },
      undefined,
    ]);
  });

  test.each([
    [NaN, 2_000, 'NaN to 2000'],
    [1_000, NaN, '1000 to NaN'],
    [2_000, 1_000, '2000 to 1000'],
    [0, 2_000, '0 to 2000'],
    [-1, 2_000, '-1 to 2000'],
  ])('denies at a range that cannot be, exits too: %s to %s', (low, high, range) => {
    expect([
      ask({ worst: 1_500 }, marks(low, high)),
      ask({ ...EXIT, worst: 1_500 }, marks(low, high)),
    ]).toEqual([denial(NaN, 100, range), denial(NaN, 500, range)]);
  });

  test('denies a price that is none', () => {
    expect(ask({ worst: NaN })).toEqual(denial(NaN));
  });

  test('with a limit of 0 takes what is within the range', () => {
    const strict = periodCollarGate({ entry: 0, exit: 0 });
    expect([999, 1_000, 2_000, 2_001].map((worst) => ask({ worst }, undefined, strict)?.measured)).toEqual([
      10,
      undefined,
      undefined,
      5,
    ]);
  });

  test('can be overridden', () => {
    expect(gate.overridable).toBe(true);
  });
});
