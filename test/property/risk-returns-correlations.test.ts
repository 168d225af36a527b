import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Correlations, type CorrelationsOptions, ReturnHistory } from '../../src/risk/index.ts';

const RUNS = { numRuns: 300 };
const IDS = ['A', 'B', 'C'];
const MIN_OBSERVATIONS = 4;
const LAMBDA = 0.9;

/** What a bar of an instrument brings: nothing, or a return; some are steady, some dwarf all others. */
const returns = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -0.05, max: 0.05, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 0.01, 0.01, -0.01) },
  { weight: 1, arbitrary: fc.constantFrom(50, 1e6, -0.999) },
  { weight: 2, arbitrary: fc.constant(undefined) },
);
const series = fc.array(fc.tuple(returns, returns, returns), { minLength: 1, maxLength: 120, size: 'max' });
const windows = fc.integer({ min: 5, max: 30 });
/** How many bars the second and third instrument lag behind the first. */
const lags = fc.tuple(fc.nat(3), fc.nat(3));

interface Feed {
  readonly window: number;
  readonly all: readonly (readonly [number | undefined, number | undefined, number | undefined])[];
  readonly lag: readonly [number, number];
}

/** Feeds bars in order of each instrument, and shows what has come after each. */
function feed({ window, all, lag }: Feed, method: CorrelationsOptions) {
  const history = new ReturnHistory({ instrumentIds: IDS, barMs: 1, window });
  const correlations = new Correlations(method, { returns: history });
  const closes = [1, 1, 1];
  const give = (which: number, slot: number): void => {
    const change = slot === 0 ? 0 : all[slot - 1]?.[which];
    if (slot < 0 || slot > all.length || change === undefined) return;
    const close = (closes[which] ?? NaN) * (1 + change);
    closes[which] = close > 1e20 || close < 1e-20 ? 1 : close;
    const price = closes[which] ?? NaN;
    const prices = { open: price, high: price, low: price, close: price, volume: 1, trades: 1 };
    history.add({ instrumentId: IDS[which] ?? '', openMs: slot, closeMs: slot + 1, ...prices });
  };
  for (let slot = 0; slot <= all.length + 3; slot += 1) {
    give(0, slot);
    give(1, slot - lag[0]);
    give(2, slot - lag[1]);
  }
  return { history, correlations };
}

/** Both returns of each common bar, oldest first. */
function common(history: ReturnHistory, a: string, b: string): (readonly [number, number])[] {
  const [xs, ys] = [history.last(a), history.last(b)];
  return Array.from(xs, (x, i) => [x, ys[i] ?? NaN] as const).filter(
    ([x, y]) => !Number.isNaN(x) && !Number.isNaN(y),
  );
}

function brute(
  pairs: readonly (readonly [number, number])[],
  about: 'mean' | 'zero',
  weight: (age: number) => number,
) {
  const n = pairs.length;
  const centre = (of: 0 | 1) => (about === 'zero' ? 0 : pairs.reduce((sum, pair) => sum + pair[of], 0) / n);
  const [cx, cy] = [centre(0), centre(1)];
  let [xx, yy, xy] = [0, 0, 0];
  for (const [i, [x, y]] of pairs.entries()) {
    const w = weight(n - 1 - i);
    xx += w * (x - cx) ** 2;
    yy += w * (y - cy) ** 2;
    xy += w * (x - cx) * (y - cy);
  }
  const squares = (of: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[of] ** 2, 0);
  return { value: xy / Math.sqrt(xx * yy), varies: xx > 1e-18 * squares(0) && yy > 1e-18 * squares(1), n };
}

const PAIRS = [
  ['A', 'B'],
  ['A', 'C'],
  ['B', 'C'],
] as const;

describe('correlations', () => {
  test.prop([windows, series, lags], RUNS)(
    'rolling: what is carried along is what counting afresh gives, within 1e-9, after every bar',
    (window, all, lag) => {
      const method = { method: 'rolling', minObservations: MIN_OBSERVATIONS } as const;
      const check = ({ history, correlations }: ReturnType<typeof feed>) => {
        for (const [a, b] of PAIRS) {
          const { value, varies, n } = brute(common(history, a, b), 'mean', () => 1);
          const seen = correlations.correlation(a, b);
          if (n < MIN_OBSERVATIONS) expect(seen).toBeUndefined();
          else if (varies) expect(Math.abs((seen ?? NaN) - value)).toBeLessThanOrEqual(1e-9);
        }
      };
      check(feed({ window, all, lag }, method));
      // And at each moment before: a shorter feed of the same bars.
      for (let length = 1; length < all.length; length += 7) {
        check(feed({ window, all: all.slice(0, length), lag }, method));
      }
    },
  );

  test.prop([series, lags], RUNS)('ewma: the same, from all common bars with fading weights', (all, lag) => {
    // A window that nothing leaves, so that every bar can be read back.
    const { history, correlations } = feed(
      { window: 200, all, lag },
      { method: 'ewma', lambda: LAMBDA, minObservations: MIN_OBSERVATIONS },
    );
    for (const [a, b] of PAIRS) {
      const { value, n } = brute(common(history, a, b), 'zero', (age) => LAMBDA ** age);
      const seen = correlations.correlation(a, b);
      if (n < MIN_OBSERVATIONS || Number.isNaN(value)) expect(seen).toBeUndefined();
      else expect(Math.abs((seen ?? NaN) - value)).toBeLessThanOrEqual(1e-9);
    }
  });

  test.prop(
    [
      windows,
      series,
      lags,
      fc.constantFrom('rolling', 'ewma'),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
    ],
    RUNS,
  )('are symmetric, and what is unknown is correlated', (window, all, lag, method, threshold) => {
    const { correlations } = feed(
      { window, all, lag },
      { method, threshold, minObservations: MIN_OBSERVATIONS },
    );
    for (const [a, b] of [...PAIRS, ['A', 'A'] as const, ['A', 'other'] as const]) {
      const value = correlations.correlation(a, b);
      expect([correlations.correlation(b, a), correlations.correlated(b, a)]).toEqual([
        value,
        correlations.correlated(a, b),
      ]);
      expect(correlations.correlated(a, b)).toBe(value === undefined || Math.abs(value) >= threshold);
      if (value !== undefined) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    }
  });

  test.prop([windows, series], RUNS)('do not depend on which instrument reports first', (window, all) => {
    const options = { method: 'rolling', minObservations: MIN_OBSERVATIONS } as const;
    const [together, apart] = [
      feed({ window, all, lag: [0, 0] }, options),
      feed({ window, all, lag: [2, 1] }, options),
    ];
    for (const [a, b] of PAIRS) {
      expect(common(apart.history, a, b)).toEqual(common(together.history, a, b));
      const [x = 2, y = 2] = [together.correlations.correlation(a, b), apart.correlations.correlation(a, b)];
      const { varies } = brute(common(together.history, a, b), 'mean', () => 1);
      if (varies) expect(Math.abs(x - y)).toBeLessThanOrEqual(1e-9);
    }
  });
});
