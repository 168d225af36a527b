import { describe, expect, test } from 'vitest';
import {
  abs,
  add,
  createGrid,
  decimal,
  exactMoney,
  fit,
  lots,
  max,
  min,
  neg,
  notional,
  notionalDown,
  positionValue,
  sub,
  ticks,
  units,
  unitsFloor,
  unitsToDecimal,
} from '../../src/core/index.ts';

/** One lot at one tick is worth 0.0000005, half of a unit. */
const HALF = createGrid('0.0001', '0.005');
/** One lot at one tick is worth 1, a million units. */
const ONE = createGrid('1', '1');

const TOP = Number.MAX_SAFE_INTEGER;

describe('arithmetic on amounts', () => {
  test('adds, subtracts, negates and takes the magnitude', () => {
    expect([add(lots(2), lots(3)), sub(lots(2), lots(3)), neg(lots(3)), abs(lots(-3))]).toEqual([
      5, -1, -3, 3,
    ]);
  });

  test('has no negative zero', () => {
    expect(Object.is(neg(lots(0)), 0)).toBe(true);
  });

  test('takes the larger and the smaller', () => {
    expect([
      max(lots(2), lots(3)),
      max(lots(3), lots(2)),
      min(lots(2), lots(3)),
      min(lots(3), lots(2)),
    ]).toEqual([3, 3, 2, 2]);
  });

  test.each([
    [NaN, 1],
    [1, NaN],
  ])('keeps what is unknown unknown: max and min of %d and %d', (a, b) => {
    expect([max(units(a), units(b)), min(units(a), units(b))]).toEqual([NaN, NaN]);
  });
});

describe('createGrid', () => {
  test('holds the money of one lot at one tick as an exact fraction of millionths', () => {
    const { numerator, denominator, lotTick } = createGrid('0.05', '0.001', '10');
    expect([numerator / denominator, lotTick.toFixed()]).toEqual([500, '0.0005']);
  });

  test.each(['0', '-1'])('refuses a tick of %s, naming it', (tick) => {
    expect(() => createGrid(tick, '1')).toThrow(/^tick: expected a positive decimal .*got -?\d$/);
  });

  test('refuses a step of 0, naming it', () => {
    expect(() => createGrid('1', '0')).toThrow(/^step: expected a positive decimal/);
  });

  test.each(['0', '-2'])('refuses a multiplier of %s', (multiplier) => {
    expect(() => createGrid('1', '1', multiplier)).toThrow(
      `multiplier: expected more than 0, got ${multiplier}`,
    );
  });

  test('refuses a product too fine to be held exactly', () => {
    expect(() => createGrid('0.000000000001', '0.000000000001')).toThrow(
      expect.objectContaining({ code: 'NUMBER_INVALID' }),
    );
  });
});

describe('notional', () => {
  test('rounds up: exposure never reads smaller than it is', () => {
    expect(notional(HALF, lots(1), ticks(1))).toBe(1);
  });

  test('leaves alone what is whole', () => {
    expect(notional(HALF, lots(2), ticks(1))).toBe(1);
  });

  test('is exact where the product no longer fits into a float', () => {
    // 134,217,727 x 67,108,865 = 9,007,199,321,849,855; half of it ends in .5
    expect(notional(HALF, lots(134_217_727), ticks(67_108_865))).toBe(4_503_599_660_924_928);
  });

  test('is exact at the top of the range', () => {
    expect(notional(createGrid('0.001', '0.001'), lots(TOP), ticks(1))).toBe(TOP);
  });

  test('is Infinity one lot beyond the range, so that every limit denies', () => {
    expect(notional(createGrid('0.001', '0.001'), lots(TOP), ticks(2))).toBe(Infinity);
  });

  test.each([
    [NaN, 1],
    [1, NaN],
  ])('of %d at %d stays NaN', (quantity, price) => {
    expect(notional(ONE, lots(quantity), ticks(price))).toBe(NaN);
  });

  test('of an infinite quantity is Infinity', () => {
    expect(notional(ONE, lots(Infinity), ticks(1))).toBe(Infinity);
  });
});

describe('notionalDown', () => {
  test('rounds down', () => {
    expect(notionalDown(HALF, lots(3), ticks(1))).toBe(1);
  });

  test('is Infinity beyond the range, NaN without a price', () => {
    expect([notionalDown(ONE, lots(TOP), ticks(1)), notionalDown(ONE, lots(1), ticks(NaN))]).toEqual([
      Infinity,
      NaN,
    ]);
  });
});

describe('positionValue', () => {
  test('floors a long and a short: never in favour of the trader', () => {
    expect([positionValue(HALF, lots(3), ticks(1)), positionValue(HALF, lots(-3), ticks(1))]).toEqual([
      1, -2,
    ]);
  });

  test('of no position is 0', () => {
    expect(positionValue(HALF, lots(0), ticks(7))).toBe(0);
  });

  test('of a short beyond the range is minus Infinity', () => {
    expect(positionValue(ONE, lots(-TOP), ticks(1))).toBe(-Infinity);
  });
});

describe('fit', () => {
  test('gives the largest quantity that fits', () => {
    expect([fit(ONE, units(3_000_000), ticks(1)), fit(ONE, units(2_999_999), ticks(1))]).toEqual([3, 2]);
  });

  test('counts what rounds up: half a unit does not fit into nothing', () => {
    expect([fit(HALF, units(1), ticks(1)), fit(HALF, units(1), ticks(3))]).toEqual([2, 0]);
  });

  test.each([0, -1, NaN, -Infinity])('gives 0 for a room of %d', (room) => {
    expect(fit(ONE, units(room), ticks(1))).toBe(0);
  });

  test.each([0, -1, NaN, Infinity])('gives 0 at a price of %d', (price) => {
    expect(fit(ONE, units(TOP), ticks(price))).toBe(0);
  });

  test('gives everything for room without end', () => {
    expect(fit(ONE, units(Infinity), ticks(1))).toBe(TOP);
  });

  test('stops at the largest safe integer', () => {
    expect(fit(createGrid('0.0000000001', '0.00001'), units(TOP), ticks(1))).toBe(TOP);
  });
});

describe('unitsFloor', () => {
  test.each([
    ['1.0000009', 1_000_000],
    ['-1.0000005', -1_000_001],
    ['-0.0000001', -1],
    ['-1', -1_000_000],
    ['0', 0],
    ['9007199254.740991', TOP],
  ])('reads %s as %d, towards minus infinity', (text, expected) => {
    expect(unitsFloor(decimal(text))).toBe(expected);
  });

  test('is plus or minus Infinity beyond the range', () => {
    expect([unitsFloor(decimal('9007199254.740992')), unitsFloor(decimal('-9007199254.740992'))]).toEqual([
      Infinity,
      -Infinity,
    ]);
  });
});

test('unitsToDecimal gives back the money', () => {
  expect([unitsToDecimal(units(1_500_000)).toFixed(), unitsToDecimal(units(-1)).toFixed()]).toEqual([
    '1.5',
    '-0.000001',
  ]);
});

test('exactMoney multiplies without rounding, also between two ticks', () => {
  const grid = createGrid('0.01', '0.001', '10');
  expect(exactMoney(grid, lots(7), decimal('0.012345678901')).toFixed()).toBe('0.00086419752307');
});
