import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { units, unitsToDecimal } from '../../src/core/index.ts';
import { moneyText } from '../../src/core/money-text.ts';

describe('moneyText', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [1, '0.000001'],
    [-1, '-0.000001'],
    [100_000, '0.1'],
    [1_000_000, '1'],
    [-1_500_000, '-1.5'],
    [1_234_567_890, '1234.56789'],
    [Number.MAX_SAFE_INTEGER, '9007199254.740991'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ])('%s units are %s', (amount, text) => {
    expect(moneyText(units(amount))).toBe(text);
  });

  test('is the exact decimal, whatever the amount', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (amount) => {
        expect(moneyText(units(amount))).toBe(unitsToDecimal(units(amount)).toFixed());
      }),
    );
  });
});
