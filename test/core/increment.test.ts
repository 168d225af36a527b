import { describe, expect, test } from 'vitest';
import { increment, toGrid, toText } from '../../src/core/index.ts';

const NICKEL = increment('0.05');
const WHOLE = increment('1');
const TOP = String(Number.MAX_SAFE_INTEGER);

describe('increment', () => {
  test.each([
    ['0.05', 5, 2],
    ['0.10', 1, 1],
    ['25', 25, 0],
    ['0.000000000001', 1, 12],
  ])('reads %s as %d x 10^-%d', (text, mantissa, places) => {
    expect(increment(text)).toMatchObject({ mantissa, places });
  });

  test.each(['0', '-0.1', '0.0000000000001', '9007199254740993'])('refuses %s, and says so', (text) => {
    expect(() => increment(text, 'tick')).toThrow(
      `tick: expected a positive decimal with at most 12 digits after the point, got ${text}`,
    );
  });
});

describe('toGrid', () => {
  test.each([
    ['0.25', 5, 5, 5],
    ['0.250', 5, 5, 5],
    ['00.25', 5, 5, 5],
    ['0.26', 5, 6, NaN],
    ['0.2500000000000000000001', 5, 6, NaN],
    ['0', 0, 0, 0],
    ['0.000', 0, 0, 0],
    ['0.01', 0, 1, NaN],
    ['1', 20, 20, 20],
  ])('reads %s of 0.05: down %d, up %d, exact %d', (text, down, up, exact) => {
    expect([toGrid(text, NICKEL, 'down'), toGrid(text, NICKEL, 'up'), toGrid(text, NICKEL, 'exact')]).toEqual(
      [down, up, exact],
    );
  });

  test.each([
    '',
    '.',
    '1.',
    '.5',
    '1e5',
    '+1',
    ' 1',
    '1 ',
    '-1',
    '-0',
    '１',
    '0x1',
    '1_0',
    '1,0',
    '1.0.0',
    'NaN',
    'Infinity',
    '\u0000',
  ])('is NaN for %j', (text) => {
    expect(toGrid(text, WHOLE, 'down')).toBe(NaN);
  });

  test('reads the largest safe integer, and not the next', () => {
    expect([toGrid(TOP, WHOLE, 'exact'), toGrid('9007199254740992', WHOLE, 'exact')]).toEqual([
      Number.MAX_SAFE_INTEGER,
      NaN,
    ]);
  });

  test('does not round up out of the safe range', () => {
    expect([toGrid(`${TOP}.5`, WHOLE, 'down'), toGrid(`${TOP}.5`, WHOLE, 'up')]).toEqual([
      Number.MAX_SAFE_INTEGER,
      NaN,
    ]);
  });

  test('is NaN for a text of a million digits', () => {
    expect(toGrid('9'.repeat(1_000_000), WHOLE, 'down')).toBe(NaN);
  });
});

describe('toText', () => {
  test.each([
    [5, '0.05', '0.25'],
    [-5, '0.05', '-0.25'],
    [0, '0.05', '0.00'],
    [1, '0.00000001', '0.00000001'],
    [3, '25', '75'],
    [-3, '25', '-75'],
  ])('writes %d of %s as %s', (count, step, text) => {
    expect(toText(count, increment(step))).toBe(text);
  });

  test('is exact where the product no longer fits into a float', () => {
    expect([
      toText(Number.MAX_SAFE_INTEGER, increment('0.7')),
      toText(-Number.MAX_SAFE_INTEGER, increment('0.7')),
    ]).toEqual(['6305039478318693.7', '-6305039478318693.7']);
  });
});
