import { describe, expect, test } from 'vitest';
import { ticks } from '../../../src/core/index.ts';
import { type KellyInput, kelly } from '../../../src/risk/index.ts';
import { instrumentOf } from '../../support/orders.ts';
import { money } from '../../support/views.ts';

/**
 * A mean of 1/16 and a variance of 1/8: a Kelly fraction of 1/2. Of 64 trades the standard error squared is 1/512 and the
 * mean squared 1/256: shrunk by half, to 1/4.
 */
const size = (overrides: Partial<KellyInput> = {}, options: object = {}) =>
  kelly(options)({
    instrument: instrumentOf(),
    equity: money(10_000),
    price: ticks(100),
    mean: 1 / 16,
    variance: 1 / 8,
    sampleSize: 64,
    ...overrides,
  });

describe('kelly', () => {
  test('invests half of the Kelly fraction of the mean that is left after shrinkage', () => {
    expect(size()).toEqual({ quantity: 12, bound: 'risk', budget: money(1_250), fraction: 0.125 });
  });

  test('invests as much of it as is asked for', () => {
    expect(size({}, { kellyFraction: 1 })).toMatchObject({ quantity: 25, bound: 'risk', fraction: 0.25 });
  });

  test('shrinks less with more trades', () => {
    expect(size({ sampleSize: 128 }, { kellyFraction: 1, maxFraction: 1 }).fraction).toBe(0.375);
  });

  test('invests a quarter of equity at most', () => {
    expect(size({ variance: 1 / 1_024 })).toMatchObject({ quantity: 25, bound: 'cap' });
  });

  test('invests at most what the cap says', () => {
    expect(size({}, { maxFraction: 0.1 })).toMatchObject({ quantity: 10, bound: 'cap', fraction: 0.125 });
  });

  test('keeps to the cap when the variance is next to nothing', () => {
    expect(size({ variance: 1e-320 })).toMatchObject({ quantity: 25, bound: 'cap' });
  });

  test.each([
    ['within one standard error of 0', { sampleSize: 32 }],
    ['of 0', { mean: 0 }],
    ['against the trade', { mean: -1 }],
  ])('a mean %s is no edge', (_what, overrides) => {
    expect(size(overrides)).toEqual({ quantity: 0, bound: 'edge', budget: 0, fraction: 0 });
  });

  test('a mean just beyond one standard error is one', () => {
    expect(size({ sampleSize: 33 }, { maxFraction: 1 }).fraction).toBeCloseTo(0.5 * (0.5 - 16 / 33), 12);
  });

  test.each([
    ['mean', { mean: NaN }],
    ['mean', { mean: Infinity }],
    ['variance', { variance: 0 }],
    ['variance', { variance: -1 }],
    ['variance', { variance: NaN }],
    ['variance', { variance: Infinity }],
    ['sampleSize', { sampleSize: 1 }],
    ['sampleSize', { sampleSize: NaN }],
    ['sampleSize', { sampleSize: Infinity }],
    ['price', { price: ticks(NaN) }],
    ['equity', { equity: money(0) }],
  ])('is nothing, and names the %s, with %o', (input, overrides) => {
    expect(size(overrides)).toEqual({ quantity: 0, bound: 'input', budget: 0, input, fraction: 0 });
  });

  test.each([
    ['more than the Kelly fraction', { kellyFraction: 1.01 }, /kellyFraction/],
    ['a cap of more than equity', { maxFraction: 1.01 }, /maxFraction/],
    ['a misspelt option', { cap: 0.1 }, /cap/],
  ])('refuses %s', (_what, options, message) => {
    expect(() => size({}, options)).toThrow(message);
  });
});
