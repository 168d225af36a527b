import { describe, expect, test } from 'vitest';
import { ExactSum } from '../../src/core/exact-sum.ts';
import { decimal, units, unitsCeil } from '../../src/core/index.ts';
import { KnownSum } from '../../src/core/known-sum.ts';
import { Ratio } from '../../src/core/ratio.ts';

const TOP = Number.MAX_SAFE_INTEGER;

describe('ExactSum', () => {
  test.each([[1], [-1]])('comes back exactly from beyond the safe range, on the side of %d', (sign) => {
    const sum = new ExactSum();
    for (const part of [TOP, TOP, 7, TOP - 2]) sum.add(sign * part);
    expect(sign * sum.value).toBeGreaterThan(TOP);
    for (const part of [TOP, TOP - 2, TOP]) sum.add(-sign * part);
    expect(sum.value).toBe(sign * 7);
  });

  test('is exact where it has been carried, but is within the range', () => {
    const sum = new ExactSum();
    for (const part of [TOP, 5, -10]) sum.add(part);
    expect(sum.value).toBe(TOP - 5);
  });
});

describe('KnownSum', () => {
  test('is unknown while a part is', () => {
    const sum = new KnownSum();
    const move = (from: number, to: number) => {
      sum.move(units(from), units(to));
      return sum.value;
    };
    expect([move(0, 5), move(5, NaN), move(0, Infinity), move(NaN, 3), move(Infinity, 0)]).toEqual([
      5,
      NaN,
      NaN,
      NaN,
      3,
    ]);
  });
});

describe('Ratio', () => {
  test.each([
    ['1.1', 10, 11, 11],
    ['0.333', 10, 4, 3],
    ['0.333', -10, -3, -4],
    ['0.3333333333333333333333333333333333333333', 3, 1, 0],
    ['0.3333333333333333333333333333333333333333', -3, 0, -1],
    ['3.1415926535897932', TOP - 1, Infinity, Infinity],
    ['3.1415926535897932', 1 - TOP, -Infinity, -Infinity],
    ['0.99999999999999999999', TOP, TOP, TOP - 1],
    ['12345678901234567890', 0, 0, 0],
    ['100', 7, 700, 700],
    ['0.5', NaN, NaN, NaN],
    ['0.5', Infinity, Infinity, Infinity],
    ['0.5', -Infinity, -Infinity, -Infinity],
  ])('%s of %d is %d up and %d down', (ratio, amount, up, down) => {
    const of = new Ratio(decimal(ratio));
    expect([of.up(units(amount)) + 0, of.down(units(amount)) + 0]).toEqual([up, down]);
  });
});

test.each([
  ['0.0000001', 1],
  ['-0.0000019', -1],
  ['2', 2_000_000],
  ['9007199254.7409911', Infinity],
])('unitsCeil of %s is %d', (amount, expected) => {
  expect(unitsCeil(decimal(amount))).toBe(expected);
});
