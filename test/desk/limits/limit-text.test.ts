import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { moneySchema, units } from '../../../src/core/index.ts';
import { limitText } from '../../../src/desk/limits/limit-text.ts';
import { riskLimitsSchema } from '../../../src/risk/risk-limits.ts';
import { executionLimitsSchema } from '../../../src/execution/execution-limits.ts';
import { risk } from '../support/limit-world.ts';

describe('limitText', () => {
  test('writes money as text and fractions as numbers, defaults included', () => {
    const limits = riskLimitsSchema.parse(
      risk('1234.5', { scopes: [{ scope: { kind: 'account', id: 'a' }, maxTotalExposure: '0.000001' }] }),
    );
    expect(limitText(limits, riskLimitsSchema)).toMatchObject({
      maxPositionNotional: '1234.5',
      maxDrawdownFraction: 1,
      maxMarkAgeMs: 60_000,
      scopes: [{ scope: { kind: 'account', id: 'a' }, maxTotalExposure: '0.000001' }],
    });
  });

  test('finds money where it is one of several alternatives', () => {
    const slippage = { perDay: '250.25' };
    const limits = executionLimitsSchema.parse({ slippage });
    expect(limitText(limits, executionLimitsSchema)).toMatchObject({ slippage });
    const deep = z.union([z.literal('none'), z.strictObject({ most: moneySchema })]);
    expect(limitText({ limit: { most: units(1_500_000) } }, z.strictObject({ limit: deep }))).toEqual({
      limit: { most: '1.5' },
    });
  });

  test('refuses what would not be the same when it is read again', () => {
    const seconds = z.strictObject({ wait: z.string().transform(Number) });
    expect(() => limitText({ wait: 5 }, seconds)).toThrow(/read again/);
  });
});
