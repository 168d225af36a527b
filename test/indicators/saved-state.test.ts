import { describe, expect, test } from 'vitest';
import { Atr, BollingerBands, Ema, Rsi } from '../../src/indicators/index.ts';
import { barsOf, SUBJECTS, walk } from './subjects.ts';

const bars = barsOf(walk(50));

const emaState = (): Float64Array => {
  const it = new Ema({ period: 5 });
  for (const close of bars.close) it.update(close);
  return it.save();
};

describe.each(SUBJECTS)('the state of $name', (subject) => {
  test('is a copy: later bars do not change it', () => {
    const probe = subject.make();
    probe.update(bars, 0);
    const state = probe.save();
    const before = state.slice();
    probe.update(bars, 1);
    expect(state).toEqual(before);
  });

  test('replaces what was there, warm or not', () => {
    const cold = subject.make().save();
    const probe = subject.make();
    for (let i = 0; i < 50; i++) probe.update(bars, i);
    const warm = { state: probe.save(), value: [...probe.value()] };
    probe.load(cold);
    expect(probe.value().every(Number.isNaN)).toBe(true);
    probe.load(warm.state);
    expect(probe.value()).toEqual(warm.value);
    expect(probe.save()).toEqual(warm.state);
  });

  test('is refused when a value is missing, and nothing has changed', () => {
    const probe = subject.make();
    for (let i = 0; i < 50; i++) probe.update(bars, i);
    const before = probe.save();
    const short = subject.make().save().subarray(0, -1);
    expect(() => {
      probe.load(short);
    }).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    expect(probe.save()).toEqual(before);
  });
});

describe('load refuses', () => {
  test.each([
    ['the state of another kind', () => new Rsi().save(), /^Ema\.load: the state is that of Rsi$/],
    ['another period', () => new Ema({ period: 6 }).save(), /options \(6, 0\), expected \(5, 0\)$/],
    [
      'another seed',
      () => new Ema({ period: 5, seed: 'first' }).save(),
      /options \(5, 1\), expected \(5, 0\)$/,
    ],
    ['an empty state', () => new Float64Array(), /not the state of an indicator, it begins with nothing$/],
    [
      'what is no state',
      () => Float64Array.of(99, 1, 5),
      /not the state of an indicator, it begins with 99$/,
    ],
    ['a version to come', () => emaState().with(1, 2), /format version 2, this one reads 1$/],
    ['a state without version', () => emaState().subarray(0, 1), /format version missing/],
    ['a value too many', () => Float64Array.of(...emaState(), 0), /3 values, expected 2$/],
    ['a value that is not finite', () => emaState().with(5, NaN), /a value is not finite$/],
    ['a counter beyond its end', () => emaState().with(4, 6), /counter 0 is 6, .* from 0 to 5$/],
    ['a counter below 0', () => emaState().with(4, -1), /counter 0 is -1/],
    ['half a bar', () => emaState().with(4, 0.5), /counter 0 is 0.5/],
  ])('%s', (_, state, message) => {
    expect(() => {
      new Ema({ period: 5 }).load(state());
    }).toThrow(message);
  });

  test('other deviations', () => {
    expect(() => {
      new BollingerBands().load(new BollingerBands({ deviations: 3 }).save());
    }).toThrow(/^BollingerBands\.load: saved with the options \(20, 3\), expected \(20, 2\)$/);
  });

  test('a block that is fuller than a block can be', () => {
    const state = new BollingerBands({ period: 4 }).save().with(4, 4);
    expect(() => {
      new BollingerBands({ period: 4 }).load(state);
    }).toThrow(/counter 0 is 4, expected a whole number from 0 to 3$/);
  });

  test('the state of Rsi in Atr, though the period is the same', () => {
    expect(() => {
      new Atr().load(new Rsi().save());
    }).toThrow(/^Atr\.load: the state is that of Rsi$/);
  });
});

test('a state of the longest period can be saved and loaded', () => {
  const it = new BollingerBands({ period: 100_000 });
  it.update(5);
  const other = new BollingerBands({ period: 100_000 });
  other.load(it.save());
  expect(other.save()).toEqual(it.save());
});
