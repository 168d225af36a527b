import { describe, expect, test } from 'vitest';
import { Correlations, type CorrelationsOptions, type ReturnHistory } from '../../../src/risk/index.ts';
import { barOf, closesOf, feed, historyOf } from './support/bars.ts';

const UP_DOWN = [0.5, -0.5, 0.25, -0.25, 0.5, -0.5];
const PAIRED = [0.5, -0.5, -0.25, -0.25, 0.5, 0.5];

const rolling = (
  returns: ReturnHistory,
  overrides: Partial<Omit<CorrelationsOptions, 'method' | 'lambda'>> = {},
) => new Correlations({ method: 'rolling', minObservations: 3, ...overrides }, { returns });
const ewma = (returns: ReturnHistory, lambda = 0.5) =>
  new Correlations({ method: 'ewma', minObservations: 3, lambda }, { returns });
const windowOf = (window = 10) => historyOf({ window });

describe.each([
  ['rolling', rolling],
  ['ewma', ewma],
])('Correlations, %s', (_method, make) => {
  test('what moves together is correlated, in whichever order it is asked', () => {
    const returns = windowOf();
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', closesOf(UP_DOWN, 8));
    expect([
      correlations.correlation('GOLD', 'SILVER'),
      correlations.correlation('SILVER', 'GOLD'),
      correlations.correlated('GOLD', 'SILVER'),
      correlations.correlated('SILVER', 'GOLD'),
    ]).toEqual([1, 1, true, true]);
  });

  test('what moves against it is correlated too', () => {
    const returns = windowOf();
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(
      returns,
      'SILVER',
      closesOf(
        UP_DOWN.map((r) => -r),
        8,
      ),
    );
    expect([correlations.correlation('GOLD', 'SILVER'), correlations.correlated('GOLD', 'SILVER')]).toEqual([
      -1,
      true,
    ]);
  });

  test('counts as correlated what has too few common bars', () => {
    const returns = windowOf();
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', closesOf([0.5, 0.25]));
    expect([correlations.correlation('GOLD', 'SILVER'), correlations.correlated('GOLD', 'SILVER')]).toEqual([
      undefined,
      true,
    ]);
  });

  test('knows with one common bar more', () => {
    const returns = windowOf();
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', closesOf(UP_DOWN.slice(0, 3)));
    expect(correlations.correlation('GOLD', 'SILVER')).toBe(1);
  });

  test('counts as correlated a price that does not move', () => {
    const returns = windowOf();
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', [5, 5, 5, 5, 5, 5]);
    expect([correlations.correlation('GOLD', 'SILVER'), correlations.correlated('GOLD', 'SILVER')]).toEqual([
      undefined,
      true,
    ]);
  });

  test('counts as correlated an instrument without a history', () => {
    const correlations = make(windowOf());
    expect([
      correlations.correlated('GOLD', 'OIL'),
      correlations.correlated('OIL', 'GOLD'),
      correlations.correlation('GOLD', 'OIL'),
    ]).toEqual([true, true, undefined]);
  });

  test('an instrument moves with itself', () => {
    const correlations = make(windowOf());
    expect([correlations.correlated('GOLD', 'GOLD'), correlations.correlation('GOLD', 'GOLD')]).toEqual([
      true,
      1,
    ]);
  });

  test('uses common bars only', () => {
    const returns = windowOf();
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    const closes = closesOf(UP_DOWN, 8);
    feed(returns, 'SILVER', [
      closes[0],
      closes[1],
      closes[2],
      undefined,
      9,
      ...closesOf(UP_DOWN.slice(4), 9).slice(1),
    ]);
    expect(correlations.correlation('GOLD', 'SILVER')).toBe(1);
  });

  test('takes what the history had before', () => {
    const returns = windowOf();
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', closesOf(PAIRED));
    const late = make(returns);
    const early = windowOf();
    const followed = make(early);
    feed(early, 'GOLD', closesOf(UP_DOWN));
    feed(early, 'SILVER', closesOf(PAIRED));
    expect(late.correlation('GOLD', 'SILVER')).toBeCloseTo(followed.correlation('GOLD', 'SILVER') ?? NaN, 12);
  });

  test('forgets a pair of which one has stopped', () => {
    const returns = windowOf(8);
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', closesOf(UP_DOWN));
    const before = correlations.correlation('GOLD', 'SILVER');
    feed(returns, 'GOLD', closesOf(UP_DOWN), 8);
    expect([before, correlations.correlation('GOLD', 'SILVER')]).toEqual([1, undefined]);
  });

  test('begins anew after a whole window without common bars', () => {
    const returns = windowOf(8);
    const correlations = make(returns);
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', closesOf(UP_DOWN));
    returns.add(barOf({ closeMs: 49_000 })); // the first one after so long is not believed
    feed(returns, 'GOLD', closesOf(UP_DOWN), 50);
    feed(returns, 'SILVER', closesOf(UP_DOWN.map((r) => -r)), 50);
    expect(correlations.correlation('GOLD', 'SILVER')).toBe(-1);
  });
});

describe('Correlations', () => {
  test('rolling is Pearson over the window: a worked example', () => {
    const returns = windowOf(5);
    const correlations = rolling(returns);
    feed(returns, 'GOLD', closesOf([9, 0.5, -0.5, 0.25, 0.75]));
    feed(returns, 'SILVER', closesOf([-0.5, 0.5, -0.25, 0.5, 0.25]));
    // Nothing closes in the seventh second, so the return of the eighth is unknown: these are in the last five.
    feed(returns, 'GOLD', [1, 2], 8);
    feed(returns, 'SILVER', [1, 1.5], 8);
    // (0.25, 0.5), (0.75, 0.25), (1, 0.5), in twelfths about the means 8 and 5.
    const xy = -5 * 1 + 1 * -2 + 4 * 1;
    const xx = 25 + 1 + 16;
    const yy = 1 + 4 + 1;
    expect(correlations.correlation('GOLD', 'SILVER')).toBeCloseTo(xy / Math.sqrt(xx * yy), 12);
  });

  test('ewma has a mean of 0 and weights the newest bar most: a worked example', () => {
    const returns = windowOf();
    const correlations = ewma(returns, 0.5);
    feed(returns, 'GOLD', closesOf([0.5, -0.5, 0.25]));
    feed(returns, 'SILVER', closesOf([0.5, 0.5, 0.5]));
    const xy = 0.25 * 0.25 - 0.5 * 0.25 + 0.125;
    const xx = 0.25 * 0.25 + 0.5 * 0.25 + 0.0625;
    const yy = 0.25 * 0.25 + 0.5 * 0.25 + 0.25;
    expect(correlations.correlation('GOLD', 'SILVER')).toBeCloseTo(xy / Math.sqrt(xx * yy), 12);
  });

  test('correlated is from the threshold on', () => {
    const returns = windowOf();
    feed(returns, 'GOLD', closesOf(UP_DOWN));
    feed(returns, 'SILVER', closesOf(PAIRED));
    const value = Math.abs(rolling(returns).correlation('GOLD', 'SILVER') ?? NaN);
    expect(
      [value, value + 1e-9].map((threshold) => rolling(returns, { threshold }).correlated('GOLD', 'SILVER')),
    ).toEqual([true, false]);
  });

  test('by default one that explains a quarter of the variance counts', () => {
    const weakly = (other: number) => {
      const returns = historyOf({ window: 50 });
      const correlations = new Correlations({ method: 'ewma', lambda: 0.999999 }, { returns });
      const x = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 0.25 : -0.25));
      // Half of it moves with the other; the rest is as large when `other` is 0.25, and does not.
      const y = x.map((value, i) => (i % 4 < 2 ? value : other));
      feed(returns, 'GOLD', closesOf(x));
      feed(returns, 'SILVER', closesOf(y));
      return correlations.correlated('GOLD', 'SILVER');
    };
    expect([weakly(0.24), weakly(0.26)]).toEqual([true, false]);
  });

  test('thirty common bars are needed by default', () => {
    const knows = (bars: number) => {
      const returns = historyOf({ window: 50 });
      const correlations = new Correlations({ method: 'rolling' }, { returns });
      const moves = Array.from({ length: bars }, (_, i) => (i % 2 === 0 ? 1 : -0.5));
      feed(returns, 'GOLD', closesOf(moves));
      feed(returns, 'SILVER', closesOf(moves));
      return correlations.correlation('GOLD', 'SILVER');
    };
    expect([knows(29), knows(30)]).toEqual([undefined, 1]);
  });

  test('a return that dwarfs all others leaves no trace when it leaves the window', () => {
    const returns = windowOf(6);
    const correlations = rolling(returns);
    const small = [1e12, 0.5, -0.25, 0.25, 0.125, -0.5, 0.25];
    const other = [1e12, 0.25, 0.25, -0.5, 0.5, -0.125, 0.25];
    feed(returns, 'GOLD', closesOf(small, 1));
    feed(returns, 'SILVER', closesOf(other, 1));
    const fresh = windowOf(6);
    feed(fresh, 'GOLD', closesOf(small.slice(1)));
    feed(fresh, 'SILVER', closesOf(other.slice(1)));
    expect(correlations.correlation('GOLD', 'SILVER')).toBeCloseTo(
      rolling(fresh).correlation('GOLD', 'SILVER') ?? NaN,
      9,
    );
  });

  test.each([
    [
      'as many observations as the window has',
      { minObservations: 10 },
      /minObservations: expected less than the window of 10, got 10/,
    ],
    ['a threshold of 0', { threshold: 0 }, /threshold/],
    ['a misspelt option', { treshold: 0.5 }, /treshold/],
  ])('refuses %s', (_what, options: object, message) => {
    expect(() => rolling(windowOf(), options)).toThrow(message);
  });
});
