import {
  Atr,
  atr,
  BollingerBands,
  bollingerBands,
  type Bands,
  Ema,
  ema,
  type Indicator,
  Rsi,
  rsi,
} from '../../src/indicators/index.ts';

export interface Bars {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
}

/** Any of the four behind one face, so that a rule of all is written once. Every answer is an array of numbers. */
export interface Subject {
  readonly name: string;
  readonly lookback: number;
  make(): Probe;
  batch(bars: Bars): readonly Float64Array[];
  /** The published formula, worked out anew for the last of the given bars, which have no holes. */
  naive(bars: Bars): readonly number[];
}

export interface Probe {
  readonly lookback: number;
  value(): readonly number[];
  update(bars: Bars, i: number): readonly number[];
  peek(bars: Bars, i: number): readonly number[];
  save(): Float64Array;
  load(state: Float64Array): void;
}

type OfClose<Value> = Indicator<[close: number], Value>;

const probeOfClose = <Value>(it: OfClose<Value>, numbers: (value: Value) => readonly number[]): Probe => ({
  lookback: it.lookback,
  value: () => numbers(it.value),
  update: ({ close }, i) => numbers(it.update(close[i] ?? NaN)),
  peek: ({ close }, i) => numbers(it.peek(close[i] ?? NaN)),
  save: () => it.save(),
  load: (state) => {
    it.load(state);
  },
});

const one = (value: number): readonly number[] => [value];
const three = ({ upper, middle, lower }: Bands): readonly number[] => [upper, middle, lower];

export const emaSubject = (period: number, seed: 'sma' | 'first'): Subject => ({
  name: `Ema(${period}, ${seed})`,
  lookback: period - 1,
  make: () => probeOfClose(new Ema({ period, seed }), one),
  batch: ({ close }) => [ema(close, { period, seed })],
  naive: ({ close }) => {
    const k = 2 / (period + 1);
    const x = [...close];
    const seeds = seed === 'sma' ? period : 1;
    const start = mean(x.slice(0, seeds));
    return [x.slice(seeds).reduce((e, price) => k * price + (1 - k) * e, start)];
  },
});

export const rsiSubject = (period: number): Subject => ({
  name: `Rsi(${period})`,
  lookback: period,
  make: () => probeOfClose(new Rsi({ period }), one),
  batch: ({ close }) => [rsi(close, { period })],
  naive: ({ close }) => {
    const changes = [...close].slice(1).map((x, i) => x - (close[i] ?? NaN));
    const up = wilders(
      changes.map((x) => (x > 0 ? x : 0)),
      period,
    );
    const down = wilders(
      changes.map((x) => (x < 0 ? -x : 0)),
      period,
    );
    if (up === 0 && down === 0) return [50];
    return [down === 0 ? 100 : 100 - 100 / (1 + up / down)];
  },
});

export const bollingerSubject = (period: number, deviations: number): Subject => ({
  name: `BollingerBands(${period}, ${deviations})`,
  lookback: period - 1,
  make: () => probeOfClose(new BollingerBands({ period, deviations }), three),
  batch: ({ close }) => {
    const { upper, middle, lower } = bollingerBands(close, { period, deviations });
    return [upper, middle, lower];
  },
  naive: ({ close }) => {
    const window = [...close].slice(-period);
    const middle = mean(window);
    const width = deviations * Math.sqrt(mean(window.map((x) => (x - middle) ** 2)));
    return [middle + width, middle, middle - width];
  },
});

export const atrSubject = (period: number): Subject => ({
  name: `Atr(${period})`,
  lookback: period,
  make: () => {
    const it = new Atr({ period });
    return {
      lookback: it.lookback,
      value: () => [it.value],
      update: ({ high, low, close }, i) => [it.update(high[i] ?? NaN, low[i] ?? NaN, close[i] ?? NaN)],
      peek: ({ high, low, close }, i) => [it.peek(high[i] ?? NaN, low[i] ?? NaN, close[i] ?? NaN)],
      save: () => it.save(),
      load: (state) => {
        it.load(state);
      },
    };
  },
  batch: ({ high, low, close }) => [atr(high, low, close, { period })],
  naive: ({ high, low, close }) => {
    const ranges = [...close].slice(1).map((_, i) => {
      const [h = NaN, l = NaN, before = NaN] = [high[i + 1], low[i + 1], close[i]];
      return Math.max(h - l, Math.abs(h - before), Math.abs(l - before));
    });
    return [wilders(ranges, period)];
  },
});

/** One of each with periods that are usual, and one of each at its shortest. */
export const SUBJECTS: readonly Subject[] = [
  emaSubject(14, 'sma'),
  emaSubject(14, 'first'),
  emaSubject(2, 'sma'),
  rsiSubject(14),
  rsiSubject(2),
  bollingerSubject(20, 2),
  bollingerSubject(2, 1),
  atrSubject(14),
  atrSubject(1),
];

/** Bars from closes: highs and lows lie a little around them. */
export const barsOf = (closes: readonly number[]): Bars => ({
  high: Float64Array.from(closes, (x, i) => x + (i % 5) / 4),
  low: Float64Array.from(closes, (x, i) => x - (i % 3) / 4),
  close: Float64Array.from(closes),
});

/** A walk that looks like a market, the same each time. */
export const walk = (length: number, start = 100, step = 1): readonly number[] => {
  let price = start;
  return Array.from({ length }, (_, i) => (price += step * Math.sin(i * i * 0.7 + i)));
};

export const sliceBars = ({ high, low, close }: Bars, from: number, to: number): Bars => ({
  high: high.subarray(from, to),
  low: low.subarray(from, to),
  close: close.subarray(from, to),
});

/** What the stream answers at every bar, column by column. */
export const streamed = (probe: Probe, bars: Bars): readonly Float64Array[] => {
  const answers = Array.from(bars.close, (_, i) => probe.update(bars, i));
  return columns(answers, probe.value().length);
};

export const columns = (answers: readonly (readonly number[])[], width: number): readonly Float64Array[] =>
  Array.from({ length: width }, (_, k) => Float64Array.from(answers, (answer) => answer[k] ?? NaN));

/** The first place where two columns differ by a bit; -1 if nowhere. */
export const firstDifference = (a: Float64Array, b: Float64Array): number =>
  a.length === b.length ? a.findIndex((x, i) => !Object.is(x, b[i])) : Math.min(a.length, b.length);

const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;

const wilders = (x: readonly number[], period: number): number =>
  x.slice(period).reduce((average, value) => average + (value - average) / period, mean(x.slice(0, period)));
