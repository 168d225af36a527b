import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  atrSubject,
  type Bars,
  bollingerSubject,
  columns,
  emaSubject,
  firstDifference,
  type Probe,
  rsiSubject,
  type Subject,
} from '../indicators/subjects.ts';

const period = fc.integer({ min: 2, max: 12 });
const subjects: Readonly<Record<string, fc.Arbitrary<Subject>>> = {
  Ema: fc
    .tuple(period, fc.constantFrom('sma' as const, 'first' as const))
    .map(([n, seed]) => emaSubject(n, seed)),
  Rsi: period.map(rsiSubject),
  BollingerBands: fc
    .tuple(period, fc.double({ min: 0.1, max: 5, noNaN: true }))
    .map(([n, d]) => bollingerSubject(n, d)),
  Atr: fc.integer({ min: 1, max: 12 }).map(atrSubject),
};

/** Prices, spikes, holes, flat stretches, and every other number there is. */
const price = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0.01, max: 1e6, noNaN: true }) },
  { weight: 3, arbitrary: fc.constantFrom(100, 100, 100.5, 0, 1e12) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 1e100, -1e100, 1e101, 5e-324, 1e-162, -0),
  },
  { weight: 1, arbitrary: fc.double() },
);
const anyBars: fc.Arbitrary<Bars> = fc
  .array(fc.tuple(price, price, price), { maxLength: 70 })
  .map((rows) => ({
    high: Float64Array.from(rows, ([a, b]) => Math.max(a, b)),
    low: Float64Array.from(rows, ([a, b]) => Math.min(a, b)),
    close: Float64Array.from(rows, ([, , c]) => c),
  }));

const expectSameBits = (found: readonly Float64Array[], expected: readonly Float64Array[]): void => {
  expect(found.map((column, k) => firstDifference(column, expected[k] ?? new Float64Array()))).toEqual(
    expected.map(() => -1),
  );
};

const run = (probe: Probe, bars: Bars, from: number, to: number): readonly (readonly number[])[] =>
  Array.from({ length: to - from }, (_, i) => probe.update(bars, from + i).slice());

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  test.prop([subject, anyBars])('streams the bits of the batch', (it, bars) => {
    const batch = it.batch(bars);
    expectSameBits(columns(run(it.make(), bars, 0, bars.close.length), batch.length), batch);
  });

  test.prop([subject, anyBars, fc.nat()])(
    'goes on to the bit from a state saved anywhere',
    (it, bars, at) => {
      const split = bars.close.length === 0 ? 0 : at % (bars.close.length + 1);
      const before = it.make();
      const head = run(before, bars, 0, split);
      const after = it.make();
      after.load(before.save());
      expect(after.value()).toEqual(before.value());
      const tail = run(after, bars, split, bars.close.length);
      const batch = it.batch(bars);
      expectSameBits(columns([...head, ...tail], batch.length), batch);
    },
  );

  test.prop([subject, anyBars])('peeks at what update then answers, and commits nothing', (it, bars) => {
    const probe = it.make();
    for (let i = 0; i < bars.close.length; i++) {
      const state = probe.save();
      const value = probe.value().slice();
      const peeked = probe.peek(bars, i).slice();
      expect(probe.value()).toEqual(value);
      expect(probe.save()).toEqual(state);
      expect(probe.update(bars, i)).toEqual(peeked);
    }
  });

  test.prop([subject, anyBars])(
    'is warm after its lookback and finite from then on; what is no bar leaves the state alone',
    (it, bars) => {
      const probe = it.make();
      let seen = 0;
      for (let i = 0; i < bars.close.length; i++) {
        const before = probe.save();
        const answer = probe.update(bars, i);
        if (isBar(it, bars, i)) seen++;
        else expect(probe.save()).toEqual(before);
        expect(answer.every(Number.isFinite)).toBe(seen > it.lookback);
      }
    },
  );
});

const isBar = ({ name }: Subject, { high, low, close }: Bars, i: number): boolean =>
  (name.startsWith('Atr') ? [high[i], low[i], close[i]] : [close[i]]).every(
    (x = NaN) => Math.abs(x) <= 1e100,
  );
