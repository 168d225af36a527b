import { describe, expect, test } from 'vitest';
import { atr, ema, rsi } from '../../src/indicators/index.ts';
import {
  type Bars,
  barsOf,
  columns,
  firstDifference,
  sliceBars,
  streamed,
  SUBJECTS,
  walk,
} from './subjects.ts';

const NO_BAR = [NaN, Infinity, -Infinity, 1.0000001e100];

const withHoles = (bars: Bars, holes: readonly number[], hole: number): Bars => {
  const [high, low, close] = [bars.high, bars.low, bars.close].map((column) => Float64Array.from(column));
  for (const i of holes) for (const column of [high, low, close]) if (column) column[i] = hole;
  return { high: high ?? bars.high, low: low ?? bars.low, close: close ?? bars.close };
};

const finite = (answer: readonly number[]): boolean => answer.every(Number.isFinite);

describe.each(SUBJECTS)('$name', (subject) => {
  test('declares as lookback the index of its first answer, and all from there on are finite', () => {
    const bars = barsOf(walk(60));
    const probe = subject.make();
    const warm = Array.from(bars.close, (_, i) => finite(probe.update(bars, i)));
    expect(probe.lookback).toBe(subject.lookback);
    expect(warm).toEqual(warm.map((_, i) => i >= subject.lookback));
  });

  test('has the value of its last answer', () => {
    const bars = barsOf(walk(40));
    const probe = subject.make();
    expect(finite(probe.value())).toBe(false);
    for (let i = 0; i < 40; i++) expect(probe.update(bars, i)).toEqual(probe.value());
  });

  test('gives what the published formula gives, worked out anew for each bar', () => {
    const bars = barsOf(walk(200));
    const [...columnsOfBatch] = subject.batch(bars);
    for (let i = subject.lookback; i < 200; i++) {
      const expected = subject.naive(sliceBars(bars, 0, i + 1));
      expected.forEach((value, k) => {
        expect(columnsOfBatch[k]?.[i]).toBeCloseTo(value, 9);
      });
    }
  });

  test.each(NO_BAR)('skips a leading %d', (hole) => {
    const bars = barsOf(walk(40));
    const late = withHoles(barsOf([0, 0, 0, ...bars.close]), [0, 1, 2], hole);
    late.high.set(bars.high, 3);
    late.low.set(bars.low, 3);
    const expected = subject.batch(bars);
    subject.batch(late).forEach((column, k) => {
      expect(column.subarray(0, 3).every(Number.isNaN)).toBe(true);
      expect(firstDifference(column.subarray(3), expected[k] ?? new Float64Array())).toBe(-1);
    });
  });

  test.each(NO_BAR)(
    'repeats its last answer over %d, in stream and batch, and goes on as if it had not come',
    (hole) => {
      const bars = barsOf(walk(60));
      const holes = [1, 4, 5, 6, 30, 31, 59];
      const holed = withHoles(bars, holes, hole);
      const kept = subject.make();
      let last = kept.value();
      const expected = columns(
        Array.from(bars.close, (_, i) => (last = holes.includes(i) ? last : kept.update(bars, i).slice())),
        last.length,
      );
      const stream = streamed(subject.make(), holed);
      const batch = subject.batch(holed);
      expected.forEach((column, k) => {
        expect(firstDifference(stream[k] ?? new Float64Array(), column)).toBe(-1);
        expect(firstDifference(batch[k] ?? new Float64Array(), column)).toBe(-1);
      });
    },
  );

  test('peeks at a hole without an answer of its own', () => {
    const bars = withHoles(barsOf(walk(40)), [39], NaN);
    const probe = subject.make();
    for (let i = 0; i < 39; i++) {
      expect(probe.peek(bars, 39)).toEqual(probe.value());
      probe.update(bars, i);
    }
    expect(finite(probe.peek(bars, 39))).toBe(true);
  });

  test('counts a price of 1e100 in size, and stays finite', () => {
    const bars = barsOf(walk(40).map((x, i) => (i === 3 ? 1e100 : i === 4 ? -1e100 : x)));
    const answers = streamed(subject.make(), bars);
    for (const column of answers) expect(column.subarray(subject.lookback).every(Number.isFinite)).toBe(true);
  });

  test('never gives NaN at a price of a million with half a cent of noise', () => {
    const bars = barsOf(walk(5000, 1e6, 0.005));
    for (const column of subject.batch(bars)) {
      expect(column.subarray(subject.lookback).every(Number.isFinite)).toBe(true);
    }
  });

  test('gives an empty column for an empty one', () => {
    for (const column of subject.batch(barsOf([]))) expect(column).toEqual(new Float64Array());
  });
});

describe('a batch function', () => {
  const bars = barsOf(walk(50));

  test('writes into the column given, which may be its input', () => {
    const expected = [ema(bars.close, { period: 5 }), rsi(bars.close), atr(bars.high, bars.low, bars.close)];
    const [a, b, c] = [bars.close.slice(), bars.close.slice(), bars.close.slice()];
    expect(ema(a, { period: 5 }, a)).toBe(a);
    expect(rsi(b, {}, b)).toBe(b);
    expect(atr(bars.high, bars.low, c, {}, c)).toBe(c);
    expect([a, b, c]).toEqual(expected);
  });
});
