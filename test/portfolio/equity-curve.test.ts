import { describe, expect, test } from 'vitest';
import { EquityCurve } from '../../src/portfolio/index.ts';

/** A curve with an interval of ten milliseconds, sampled once in each. */
function curveOf(...values: readonly number[]): EquityCurve {
  const curve = new EquityCurve({ intervalMs: 10 });
  for (const [i, value] of values.entries()) curve.add(i * 10, value);
  return curve;
}

const summary = ({ times, values }: EquityCurve) => ({ times, values });

describe('the curve', () => {
  test('keeps the last sample of each interval, with its time', () => {
    const curve = new EquityCurve({ intervalMs: 10 });
    for (const [timeMs, value] of [
      [0, 100],
      [9, 101],
      [10, 102],
      [19.5, 103],
      [40, 104],
    ] as const)
      curve.add(timeMs, value);
    expect(summary(curve)).toEqual({ times: [9, 19.5, 40], values: [101, 103, 104] });
  });

  test('has a minute as its interval unless told otherwise', () => {
    const curve = new EquityCurve();
    for (const timeMs of [0, 59_999, 60_000]) curve.add(timeMs, timeMs);
    expect(summary(curve)).toEqual({ times: [59_999, 60_000], values: [59_999, 60_000] });
  });

  test.each([NaN, Infinity, -Infinity])('does not take %d for a sample', (unknown) => {
    const curve = curveOf(100, 90);
    curve.add(25, unknown);
    expect(summary(curve)).toEqual({ times: [0, 10], values: [100, 90] });
    expect([curve.maxDrawdown.fraction, curve.totalReturn]).toEqual([0.1, expect.closeTo(-0.1, 15)]);
  });

  test('is empty before the first sample', () => {
    expect(summary(new EquityCurve())).toEqual({ times: [], values: [] });
  });

  test.each([{ intervalMs: 0 }, { intervalMs: NaN }, { intervalMS: 5 }])(
    'refuses the options %j',
    (options) => {
      expect(() => new EquityCurve(options)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
      );
    },
  );
});

describe('maxDrawdown', () => {
  test('is the deepest fall from a peak before it, with both times', () => {
    expect(curveOf(100, 120, 90, 110, 130, 104).maxDrawdown).toEqual({
      fraction: 0.25,
      amount: 30,
      peakMs: 10,
      troughMs: 20,
    });
  });

  test('goes by the fraction: a smaller amount from a lower peak can be the deeper fall', () => {
    const curve = curveOf(10, 5, 100, 60);
    expect(curve.maxDrawdown).toMatchObject({ fraction: 0.5, amount: 5 });
  });

  test('sees a fall that the curve does not keep', () => {
    const curve = new EquityCurve({ intervalMs: 10 });
    for (const [timeMs, value] of [
      [1, 100],
      [2, 50],
      [3, 100],
    ] as const)
      curve.add(timeMs, value);
    expect(curve.values).toEqual([100]);
    expect(curve.maxDrawdown).toEqual({ fraction: 0.5, amount: 50, peakMs: 1, troughMs: 2 });
  });

  test('dates a fall from the moment the peak was reached first', () => {
    expect(curveOf(100, 100, 99).maxDrawdown).toMatchObject({ peakMs: 0, troughMs: 20 });
  });

  test('is nothing while equity only rises', () => {
    expect(curveOf(1, 2, 2, 3).maxDrawdown).toEqual({ fraction: 0, amount: 0, peakMs: NaN, troughMs: NaN });
  });

  test('goes beyond 1 when equity falls below zero', () => {
    expect(curveOf(100, -50).maxDrawdown).toMatchObject({ fraction: 1.5, amount: 150 });
  });

  test('measures nothing until equity has been above zero', () => {
    expect(curveOf(-10, -20, 0, -5).maxDrawdown.fraction).toBe(0);
  });
});

describe('totalReturn', () => {
  test('is the last sample over the first', () => {
    expect(curveOf(100, 80, 125).totalReturn).toBe(0.25);
  });

  test('counts from the first sample, also when the curve keeps only a later one of its interval', () => {
    const curve = new EquityCurve({ intervalMs: 10 });
    curve.add(0, 100);
    curve.add(1, 50);
    expect(curve.totalReturn).toBe(-0.5);
  });

  test('is 0 after one sample, and unknown before', () => {
    expect([curveOf(100).totalReturn, curveOf().totalReturn]).toEqual([0, NaN]);
  });

  test.each([0, -100])('is unknown when it would count from %d', (first) => {
    expect(curveOf(first, 50).totalReturn).toBeNaN();
  });
});

describe('sharpe', () => {
  test('is the mean return over its standard deviation, for a year', () => {
    // Returns of 10 %, -10 % and 20 %: mean 1/15, variance (n - 1) 7/300.
    expect(curveOf(100, 110, 99, 118.8).sharpe(252)).toBeCloseTo(
      (1 / 15 / Math.sqrt(7 / 300)) * Math.sqrt(252),
      10,
    );
  });

  test('is negative for a loss', () => {
    expect(curveOf(100, 90, 85).sharpe(1)).toBeLessThan(0);
  });

  test('is unknown with less than three intervals', () => {
    expect([curveOf().sharpe(1), curveOf(100, 110).sharpe(1)]).toEqual([NaN, NaN]);
    expect(curveOf(100, 110, 100).sharpe(1)).not.toBeNaN();
  });

  test('is unknown without variation, also when rounding makes returns differ', () => {
    const values = Array.from({ length: 50 }, (_, i) => 100 * 1.01 ** i);
    expect([curveOf(...values).sharpe(1), curveOf(5, 5, 5, 5).sharpe(1)]).toEqual([NaN, NaN]);
  });

  test('is unknown when equity was not above zero', () => {
    expect([curveOf(100, 0, 100, 110).sharpe(1), curveOf(100, -10, -20, -30).sharpe(1)]).toEqual([NaN, NaN]);
  });
});
