import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { type ReturnHistory } from '../../../src/risk/index.ts';
import { barOf, feed, historyOf } from './support/bars.ts';

const last = (history: ReturnHistory, instrumentId = 'GOLD', count?: number) => [
  ...history.last(instrumentId, count),
];

describe('ReturnHistory', () => {
  test('keeps simple returns, oldest first', () => {
    const history = historyOf();
    feed(history, 'GOLD', [100, 150, 75]);
    expect(last(history)).toEqual([NaN, NaN, 0.5, -0.5]);
  });

  test('forgets what is older than the window', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 4, 8, 12, 24, 12]);
    expect(last(history)).toEqual([1, 0.5, 1, -0.5]);
  });

  test('gives the last few', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 3, 6]);
    expect(last(history, 'GOLD', 2)).toEqual([0.5, 1]);
  });

  test('gives no more than its window', () => {
    expect(last(historyOf(), 'GOLD', 5)).toEqual([NaN, NaN, NaN, NaN]);
  });

  test('does not know the return of a missing bar, nor the one after it', () => {
    const history = historyOf();
    feed(history, 'GOLD', [100, 200, undefined, 400, 200]);
    expect(last(history)).toEqual([1, NaN, NaN, -0.5]);
  });

  test('aligns instruments by the close of their bars', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 4]);
    feed(history, 'SILVER', [1, 3], 2);
    expect(last(history, 'SILVER')).toEqual([NaN, NaN, NaN, 2]);
  });

  test('one instrument may lag behind another', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 4, 8]);
    feed(history, 'SILVER', [1, 3]);
    expect(last(history, 'SILVER')).toEqual([NaN, 2, NaN, NaN]);
  });

  test('a bar that lags by the whole window has no place, but the next return is known from it', () => {
    const history = historyOf();
    feed(history, 'GOLD', [undefined, undefined, undefined, undefined, undefined, 1]);
    feed(history, 'SILVER', [1, 2, 3]);
    expect(last(history, 'SILVER')).toEqual([0.5, NaN, NaN, NaN]);
  });

  test('after a gap longer than the window nothing is known', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 4, 8, 16]);
    feed(history, 'GOLD', [16, 16], 100);
    expect(last(history)).toEqual([NaN, NaN, NaN, NaN]);
    feed(history, 'GOLD', [32], 102);
    expect(last(history)).toEqual([NaN, NaN, NaN, 1]);
  });

  test('a bar one window ahead counts, one further than that makes nothing forgotten', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 4, 8]);
    expect(history.add(barOf({ instrumentId: 'SILVER', closeMs: 9_000 }))).toBe('invalid');
    expect(history.add(barOf({ closeMs: 8_000_000_000 }))).toBe('invalid');
    expect([last(history), history.version]).toEqual([[NaN, 1, 1, 1], 4]);
    expect(history.add(barOf({ closeMs: 5_000, close: 4 }))).toBe('added');
    expect(last(history)).toEqual([1, 1, 1, -0.5]);
    expect(history.add(barOf({ instrumentId: 'SILVER', closeMs: 9_000 }))).toBe('added');
  });

  test.each([
    ['of the same time', [20_000]],
    ['of an earlier time', [19_000]],
    ['more than a window behind it', [25_000]],
    ['behind one that is near again', [5_000, 21_000]],
  ])('a bar too far ahead is not confirmed by one %s', (_what, closes) => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 4, 8]);
    history.add(barOf({ instrumentId: 'SILVER', closeMs: 20_000 }));
    const outcomes = closes.map((closeMs) => history.add(barOf({ closeMs })));
    expect(outcomes.at(-1)).toBe('invalid');
  });

  test('a bar too far ahead is confirmed by one of any instrument a window behind it', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 4, 8]);
    history.add(barOf({ instrumentId: 'SILVER', closeMs: 20_000 }));
    expect(history.add(barOf({ closeMs: 24_000 }))).toBe('added');
  });

  test('with a clock, a bar that closes later than now never enters, not even the first', () => {
    const clock = new ManualClock(1_999);
    const history = historyOf({}, { clock });
    expect(history.add(barOf({ closeMs: 2_000, close: 1 }))).toBe('invalid');
    clock.advance(1);
    expect(history.add(barOf({ closeMs: 2_000, close: 1 }))).toBe('added');
    clock.advance(1_000);
    expect(history.add(barOf({ closeMs: 3_000, close: 2 }))).toBe('added');
    expect([last(history), history.counts()]).toMatchObject([[NaN, NaN, NaN, 1], { invalid: 1, added: 2 }]);
  });

  test('a bar of the same time counts once, whatever it says', () => {
    const history = historyOf();
    feed(history, 'GOLD', [100, 200]);
    expect(history.add(barOf({ closeMs: 2_000, close: 300 }))).toBe('duplicate');
    expect(last(history)).toEqual([NaN, NaN, NaN, 1]);
  });

  test('an earlier bar of the instrument is ignored', () => {
    const history = historyOf();
    feed(history, 'GOLD', [100, undefined, 200]);
    expect(history.add(barOf({ closeMs: 2_000 }))).toBe('out-of-order');
    expect(last(history)).toEqual([NaN, NaN, NaN, NaN]);
  });

  test.each([NaN, 0, -1, Infinity, 1e31, 1e-31])('a close of %d never enters', (close) => {
    const history = historyOf();
    feed(history, 'GOLD', [100]);
    expect(history.add(barOf({ closeMs: 2_000, close }))).toBe('invalid');
    expect(history.add(barOf({ closeMs: 2_000, close: 200 }))).toBe('added');
    expect(last(history)).toEqual([NaN, NaN, NaN, 1]);
  });

  test.each([
    ['of another length', { openMs: 500 }],
    ['that closes between two', { openMs: 500, closeMs: 1_500 }],
    ['of a time that is none', { openMs: NaN, closeMs: NaN }],
    ['before 1970', { openMs: -2_000, closeMs: -1_000 }],
  ])('a bar %s is off the grid', (_what, times) => {
    expect(historyOf().add(barOf(times))).toBe('off-grid');
  });

  test('bars may close at an offset', () => {
    const history = historyOf({ offsetMs: 500 });
    expect([
      history.add(barOf({ openMs: 500, closeMs: 1_500 })),
      history.add(barOf({ openMs: 1_000, closeMs: 2_000 })),
    ]).toEqual(['added', 'off-grid']);
  });

  test('counts what it was given', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2, 0, 4]);
    history.add(barOf({ closeMs: 4_000 }));
    history.add(barOf({ closeMs: 3_000 }));
    history.add(barOf({ instrumentId: 'OIL' }));
    history.add(barOf({ openMs: 1 }));
    expect(history.counts()).toEqual({
      added: 3,
      duplicate: 1,
      'out-of-order': 1,
      invalid: 1,
      'off-grid': 1,
      'other-instrument': 1,
    });
  });

  test('its version changes with a bar that is added, and with nothing else', () => {
    const history = historyOf();
    feed(history, 'GOLD', [1, 2]);
    const before = history.version;
    history.add(barOf({ closeMs: 2_000 }));
    const same = history.version;
    feed(history, 'SILVER', [1]);
    expect([same === before, history.version === before]).toEqual([true, false]);
  });

  test('knows nothing of other instruments', () => {
    const history = historyOf();
    expect([history.indexOf('OIL'), last(history, 'OIL'), history.at(7, 0)]).toEqual([
      undefined,
      [NaN, NaN, NaN, NaN],
      NaN,
    ]);
  });

  test.each([
    ['an instrument twice', { instrumentIds: ['A', 'A'] }, /instrumentIds: expected each instrument once/],
    ['an offset of a whole bar', { offsetMs: 1_000 }, /offsetMs: expected less than barMs/],
    ['no instrument', { instrumentIds: [] }, /instrumentIds/],
    ['a misspelt option', { windows: 3 }, /windows/],
  ])('refuses %s', (_what, options: object, message) => {
    expect(() => historyOf(options)).toThrow(message);
  });
});
