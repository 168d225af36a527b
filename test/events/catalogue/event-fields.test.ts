import { describe, expect, test } from 'vitest';
import { decimal } from '../../../src/core/index.ts';
import { decimalField, decimalOf, numberOf } from '../../../src/events/catalogue/event-fields.ts';

describe('an amount in an event', () => {
  test('is said in full where 48 characters hold it', () => {
    const longest = `0.${'1'.repeat(46)}`;
    expect(decimalOf(decimal(longest))).toBe(longest);
    expect(decimalOf(decimal('0.000000000000000000000001'))).toBe('0.000000000000000000000001');
    expect(decimalOf(decimal('1000000'))).toBe('1000000');
  });

  test('is rounded half-even to 18 digits after the point where they do not', () => {
    const third = decimal('100000000').div('3');
    expect(decimalOf(third)).toBe('33333333.333333333333333333');
    const half = decimal('1000000000')
      .plus(decimal('0.0000000000000000005'))
      .plus(`0.${'0'.repeat(39)}1`);
    expect(decimalOf(half)).toBe('1000000000.000000000000000001');
  });

  test('can be read again, whatever was divided', () => {
    for (const text of ['1', '22', '333333333333', '99999999999999999999'])
      expect(decimalField.safeParse(decimalOf(decimal(text).div('7').neg())).success).toBe(true);
  });
});

test('a number that JSON cannot say is left out', () => {
  expect([0, -1.5, NaN, Infinity, -Infinity, undefined].map(numberOf)).toEqual([
    0,
    -1.5,
    ...Array.from({ length: 4 }, () => undefined),
  ]);
});
