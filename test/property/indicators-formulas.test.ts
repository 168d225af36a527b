import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { bollingerBands, rsi } from '../../src/indicators/index.ts';
import {
  atrSubject,
  type Bars,
  barsOf,
  bollingerSubject,
  emaSubject,
  rsiSubject,
  sliceBars,
  type Subject,
} from '../indicators/subjects.ts';

const period = fc.integer({ min: 2, max: 30 });
const anySubject: fc.Arbitrary<Subject> = fc.oneof(
  fc.tuple(period, fc.constantFrom('sma' as const, 'first' as const)).map(([n, seed]) => emaSubject(n, seed)),
  period.map(rsiSubject),
  period.map((n) => bollingerSubject(n, 2)),
  fc.integer({ min: 1, max: 30 }).map(atrSubject),
);

/** Prices on a grid of cents, as markets have them, from a cent to a million. */
const prices = fc
  .array(fc.integer({ min: 1, max: 100_000_000 }), { maxLength: 90 })
  .map((x) => x.map((c) => c / 100));
const bars: fc.Arbitrary<Bars> = prices.map(barsOf);

describe('every indicator', () => {
  test.prop([anySubject, bars])('agrees with the published formula to 1e-9', (it, columns) => {
    const batch = it.batch(columns);
    for (let i = it.lookback; i < columns.close.length; i++) {
      const upTo = sliceBars(columns, 0, i + 1);
      const scale = Math.max(100, ...upTo.close);
      it.naive(upTo).forEach((value, k) => {
        expect(Math.abs((batch[k]?.[i] ?? NaN) - value)).toBeLessThanOrEqual(1e-9 * scale);
      });
    }
  });
});

const anyNumber = fc.oneof(
  fc.double(),
  fc.double({ min: 99, max: 101 }),
  fc.constantFrom(0, 1e-162, 100, 1e12, 1e100),
);
const anyColumn = fc.array(anyNumber, { maxLength: 90 }).map((x) => Float64Array.from(x));

describe('Rsi', () => {
  test.prop([period, anyColumn])('lies between 0 and 100 whatever comes', (n, close) => {
    const values = rsi(close, { period: n });
    expect(values.every((x) => Number.isNaN(x) || (x >= 0 && x <= 100))).toBe(true);
  });
});

describe('BollingerBands', () => {
  test.prop([period, anyColumn])('are in order whatever comes: lower, middle, upper', (n, close) => {
    const { upper, middle, lower } = bollingerBands(close, { period: n });
    for (let i = 0; i < close.length; i++) {
      const [u = NaN, m = NaN, l = NaN] = [upper[i], middle[i], lower[i]];
      expect([u, m, l].every(Number.isNaN) || (l <= m && m <= u)).toBe(true);
    }
  });
});
