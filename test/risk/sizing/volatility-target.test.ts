import { describe, expect, test } from 'vitest';
import { ticks } from '../../../src/core/index.ts';
import { type VolatilityTargetInput, volatilityTarget } from '../../../src/risk/index.ts';
import { instrumentOf } from '../../support/orders.ts';
import { money } from '../../support/views.ts';

/** An eighth a year, at 1/64 per period and 256 periods, which is a quarter a year: half of equity is invested. */
const size = (overrides: Partial<VolatilityTargetInput> = {}, options: object = {}) =>
  volatilityTarget({ targetVolatility: 0.125, periodsPerYear: 256, ...options })({
    instrument: instrumentOf(),
    equity: money(10_000),
    price: ticks(100),
    sigma: 1 / 64,
    ...overrides,
  });

describe('volatilityTarget', () => {
  test('invests so much that the position is as volatile as the target', () => {
    expect(size()).toEqual({ quantity: 50, bound: 'risk', budget: money(5_000) });
  });

  test('takes the sample deviation of returns', () => {
    // About a mean of 0.25: deviations of 1/64 each way, over n - 1 = 1.
    const d = 1 / 64 / Math.SQRT2;
    const { quantity, bound } = size({ sigma: [0.25 + d, 0.25 - d] });
    expect([quantity, bound]).toEqual([50, 'risk']);
  });

  test('invests no more than equity, however calm the market', () => {
    expect(size({ sigma: 1e-300 })).toMatchObject({ quantity: 100, bound: 'cap' });
  });

  test('invests more with leverage', () => {
    expect(size({ sigma: 1 / 256 }, { maxLeverage: 1.5 })).toEqual({
      quantity: 150,
      bound: 'cap',
      budget: money(20_000),
    });
  });

  test('is nothing when the market is too wild for one lot', () => {
    expect(size({ sigma: 1 })).toEqual({ quantity: 0, bound: 'minQuantity', budget: money(78.125) });
  });

  test.each([
    ['sigma', { sigma: NaN }],
    ['sigma', { sigma: 0 }],
    ['sigma', { sigma: -1 }],
    ['sigma', { sigma: Infinity }],
    ['sigma', { sigma: [] }],
    ['sigma', { sigma: [0.1] }],
    ['sigma', { sigma: [0.5, 0.5] }],
    ['sigma', { sigma: [0.1, NaN, 0.2] }],
    ['price', { price: ticks(0) }],
    ['equity', { equity: money(NaN) }],
  ])('is nothing, and names %s, with %o', (input, overrides) => {
    expect(size(overrides)).toEqual({ quantity: 0, bound: 'input', budget: 0, input });
  });

  test.each([
    ['a target of 0', { targetVolatility: 0 }, /targetVolatility/],
    ['no periods', { periodsPerYear: 0 }, /periodsPerYear/],
  ])('refuses %s', (_what, options, message) => {
    expect(() => size({}, options)).toThrow(message);
  });
});
