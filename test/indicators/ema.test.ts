import { describe, expect, test } from 'vitest';
import { Ema, ema } from '../../src/indicators/index.ts';

const close = Float64Array.of(1, 2, 3, 4, 8);

describe('Ema', () => {
  test('grows from the mean of the first period bars', () => {
    expect([...ema(close, { period: 3 })]).toEqual([NaN, NaN, 2, 3, 5.5]);
  });

  test('grows from the first bar if told so, and is warm at the same bar', () => {
    expect([...ema(close, { period: 3, seed: 'first' })]).toEqual([NaN, NaN, 2.25, 3.125, 5.5625]);
  });

  test('is the price, exactly, on a flat series', () => {
    const flat = new Float64Array(100).fill(0.1);
    expect([...ema(flat, { period: 12 }).subarray(11)]).toEqual(Array(89).fill(0.1));
  });

  test('takes a period of 2, and refuses 1', () => {
    expect([...ema(close, { period: 2 }).subarray(0, 2)]).toEqual([NaN, 1.5]);
    expect(() => new Ema({ period: 1 })).toThrow(/OPTION|Ema: period: .*>=2.*got 1$/);
  });

  test('takes a period of 100,000, and refuses one more', () => {
    expect(new Ema({ period: 100_000 }).lookback).toBe(99_999);
    expect(() => new Ema({ period: 100_001 })).toThrow(/^Ema: period: .*<=100000, got 100001$/);
  });

  test.each([2.5, NaN, Infinity])('refuses the period %d', (period) => {
    expect(() => new Ema({ period })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  test('refuses a misspelt option by name', () => {
    const options = { period: 3, sead: 'first' };
    expect(() => new Ema(options)).toThrow(/^Ema: .*"sead"/);
  });

  test('refuses an output of another length', () => {
    expect(() => ema(close, { period: 3 }, new Float64Array(4))).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: 'ema: out has 4 values, expected 5, as many as the input',
      }),
    );
  });
});
