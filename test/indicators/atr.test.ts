import { describe, expect, test } from 'vitest';
import { Atr, atr } from '../../src/indicators/index.ts';

// High, low, close. The third bar gaps up, the fourth down: their true ranges reach to the close before.
const high = Float64Array.of(10, 11, 15, 11, 12);
const low = Float64Array.of(8, 9, 13, 10, 10);
const close = Float64Array.of(9, 10, 14, 10, 11);

describe('Atr', () => {
  test('is the mean of the first true ranges, then Wilder smoothing; the first bar has no true range', () => {
    const values = atr(high, low, close, { period: 3 });
    expect([...values.subarray(0, 3)]).toEqual([NaN, NaN, NaN]);
    expect(values[3]).toBeCloseTo((2 + 5 + 4) / 3, 14);
    expect(values[4]).toBeCloseTo(((11 / 3) * 2 + 2) / 3, 14);
  });

  test('is the true range with a period of 1, also right after a spike', () => {
    expect([...atr(high, low, close, { period: 1 })]).toEqual([NaN, 2, 5, 4, 2]);
    const spike = atr(
      Float64Array.of(1, 1e12, 1.5, 1.5, 1.3),
      Float64Array.of(1, 1, 1, 1, 1.1),
      Float64Array.of(1, 1.25, 1.25, 1.25, 1.2),
      { period: 1 },
    );
    expect([...spike.subarray(2)]).toEqual([0.5, 0.5, 1.3 - 1.1]);
  });

  test('is 0 for bars without a range', () => {
    const flat = new Float64Array(5).fill(7);
    expect([...atr(flat, flat, flat, { period: 2 })]).toEqual([NaN, NaN, 0, 0, 0]);
  });

  test.each(['high', 'low', 'close'] as const)('takes a bar without %s for no bar', (missing) => {
    const whole = new Atr({ period: 1 });
    const holed = new Atr({ period: 1 });
    const hole = { high: 20, low: 1, close: 2, [missing]: NaN };
    whole.update(10, 8, 9);
    holed.update(10, 8, 9);
    expect(holed.update(hole.high, hole.low, hole.close)).toBeNaN();
    expect(holed.peek(hole.high, hole.low, hole.close)).toBeNaN();
    expect(holed.update(11, 9, 10)).toBe(whole.update(11, 9, 10));
  });

  test('looks at 14 true ranges by default', () => {
    expect(new Atr().lookback).toBe(14);
  });

  test('refuses a period of 0', () => {
    expect(() => new Atr({ period: 0 })).toThrow(/^Atr: period: .*>=1, got 0$/);
  });

  test('refuses columns of different lengths, by name', () => {
    expect(() => atr(high, low.subarray(1), close)).toThrow(
      'atr: low has 4 values, expected 5, as many as the input',
    );
  });
});
