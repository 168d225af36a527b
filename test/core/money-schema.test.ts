import { describe, expect, test } from 'vitest';
import { decimal, moneySchema } from '../../src/core/index.ts';

describe('moneySchema', () => {
  test.each(['1.5', decimal('1.5')])('reads %s as units', (input) => {
    expect(moneySchema.parse(input)).toBe(1_500_000);
  });

  test('reads a bigint, and rounds down', () => {
    expect([moneySchema.parse(2n), moneySchema.parse('0.0000019')]).toEqual([2_000_000, 1]);
  });

  test('takes the largest exact amount, and refuses one unit more', () => {
    expect([
      moneySchema.parse('9007199254.740991'),
      moneySchema.safeParse('9007199254.740992').error?.issues.length,
    ]).toEqual([Number.MAX_SAFE_INTEGER, 1]);
  });

  test.each([1.5, '-1', '1e3', '', null])('refuses %j', (input) => {
    expect(moneySchema.safeParse(input).error?.issues.map((issue) => issue.message)).toEqual([
      'expected a plain decimal of 0 or more as string, bigint or Decimal',
    ]);
  });
});
