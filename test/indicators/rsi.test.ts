import { describe, expect, test } from 'vitest';
import { Rsi, rsi } from '../../src/indicators/index.ts';

describe('Rsi', () => {
  test('follows Wilder: mean of the first changes, then his smoothing', () => {
    // Changes +2 -1 +2 0: mean gain 1, mean loss 1/2; then gain (1 + 2) / 2, loss 1/4; then both halved.
    const values = rsi(Float64Array.of(10, 12, 11, 13, 13), { period: 2 });
    expect([...values]).toEqual([NaN, NaN, 100 * (1 / 1.5), 100 * (1.5 / 1.75), 100 * (0.75 / 0.875)]);
  });

  test('is 50 while the market has not moved', () => {
    expect([...rsi(new Float64Array(6).fill(74.7), { period: 3 })]).toEqual([NaN, NaN, NaN, 50, 50, 50]);
  });

  test('keeps its value when the market stops moving, being a ratio', () => {
    const values = rsi(Float64Array.of(1, 2, 1.5, 1.5, 1.5, 1.5), { period: 2 });
    expect(values[5]).toBeCloseTo(100 * (1 / 1.5), 12);
  });

  test('is 100 when it only rises and 0 when it only falls', () => {
    expect([...rsi(Float64Array.of(1, 2, 3, 4), { period: 2 }).subarray(2)]).toEqual([100, 100]);
    expect([...rsi(Float64Array.of(4, 3, 2, 1), { period: 2 }).subarray(2)]).toEqual([0, 0]);
  });

  test('looks at 14 changes by default', () => {
    expect(new Rsi().lookback).toBe(14);
  });

  test('takes a period of 2, and refuses 1', () => {
    expect(new Rsi({ period: 2 }).lookback).toBe(2);
    expect(() => new Rsi({ period: 1 })).toThrow(/^Rsi: period: .*>=2, got 1$/);
  });
});
