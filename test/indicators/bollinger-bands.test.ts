import { describe, expect, test } from 'vitest';
import { BollingerBands, bollingerBands } from '../../src/indicators/index.ts';
import { barsOf, bollingerSubject, firstDifference, walk } from './subjects.ts';

describe('BollingerBands', () => {
  test('lie population standard deviations around the mean', () => {
    const bands = new BollingerBands({ period: 8, deviations: 2 });
    for (const close of [2, 4, 4, 4, 5, 5, 7]) bands.update(close);
    const { upper, middle, lower } = bands.update(9);
    expect({ upper, middle, lower }).toEqual({ upper: 9, middle: 5, lower: 1 });
  });

  test('are the price, exactly, on a flat series', () => {
    const flat = new Float64Array(9).fill(0.1);
    const expected = [NaN, NaN, ...Array<number>(7).fill(0.1)];
    const { upper, middle, lower } = bollingerBands(flat, { period: 3 });
    expect([[...upper], [...middle], [...lower]]).toEqual([expected, expected, expected]);
  });

  test('are to the bit as if a spike had never come, once it has left the window', () => {
    const period = 5;
    for (let spikeAt = 20; spikeAt < 30; spikeAt++) {
      const calm = walk(60);
      const spiked = calm.map((x, i) => (i === spikeAt ? 1e12 : x));
      const a = bollingerSubject(period, 2).batch(barsOf(calm));
      const b = bollingerSubject(period, 2).batch(barsOf(spiked));
      a.forEach((column, k) => {
        const from = spikeAt + period;
        const other = b[k] ?? new Float64Array();
        expect(firstDifference(column.subarray(from), other.subarray(from))).toBe(-1);
      });
    }
  });

  test('find the deviation of half a cent at a price of a million', () => {
    const period = 20;
    const cents = Array.from({ length: 2000 }, (_, i) => (i * i * 7 + i) % 2);
    const close = Float64Array.from(cents, (c) => 1e6 + (c === 0 ? -0.005 : 0.005));
    const { upper, middle } = bollingerBands(close, { period, deviations: 1000 });
    for (let i = period - 1; i < close.length; i++) {
      const ones = cents.slice(i - period + 1, i + 1).reduce((sum, c) => sum + c, 0);
      const deviation = (0.01 * Math.sqrt(ones * (period - ones))) / period;
      expect((upper[i] ?? NaN) - (middle[i] ?? NaN)).toBeCloseTo(1000 * deviation, 6);
    }
  });

  test('have a width, not NaN, where squares underflow', () => {
    // Each distance squares to 0, but their sum does not.
    const close = new Float64Array(20).fill(1.2e-162).with(0, 0);
    const { upper } = bollingerBands(close, { period: 20 });
    expect(upper[19]).toBeCloseTo(0, 100);
  });

  test('look at 20 bars and 2 deviations by default', () => {
    const spread = new BollingerBands();
    const wide = new BollingerBands({ period: 20, deviations: 2 });
    for (const close of walk(20)) {
      spread.update(close);
      wide.update(close);
    }
    expect(spread.lookback).toBe(19);
    expect(spread.upper).toBe(wide.upper);
  });

  test('answer a peek with the same object each time, overwritten', () => {
    const bands = new BollingerBands({ period: 2 });
    bands.update(1);
    const first = bands.peek(3);
    expect(first.middle).toBe(2);
    expect(bands.peek(5)).toBe(first);
    expect(first.middle).toBe(3);
    expect(bands.middle).toBeNaN();
  });

  test('take a period of 2, and refuse 1', () => {
    expect(new BollingerBands({ period: 2 }).lookback).toBe(1);
    expect(() => new BollingerBands({ period: 1 })).toThrow(/^BollingerBands: period: .*>=2, got 1$/);
  });

  test.each([0, -1, 1001, NaN, Infinity])('refuse %d deviations', (deviations) => {
    expect(() => new BollingerBands({ deviations })).toThrow(/^BollingerBands: deviations: /);
  });

  test('refuse a column of another length, by name', () => {
    const out = { upper: new Float64Array(3), middle: new Float64Array(3), lower: new Float64Array(2) };
    expect(() => bollingerBands(new Float64Array(3), {}, out)).toThrow(
      'bollingerBands: lower has 2 values, expected 3, as many as the input',
    );
  });

  test('write into the columns given', () => {
    const close = Float64Array.of(1, 3, 5);
    const out = { upper: new Float64Array(3), middle: close, lower: new Float64Array(3) };
    expect(bollingerBands(close, { period: 2, deviations: 1 }, out)).toBe(out);
    expect(out).toEqual({
      upper: Float64Array.of(NaN, 3, 5),
      middle: Float64Array.of(NaN, 2, 4),
      lower: Float64Array.of(NaN, 1, 3),
    });
  });
});
