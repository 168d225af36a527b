import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../src/core/units.ts';
import { type GridBar, barFlaw, turningPoints } from '../../src/simulation/grid-bar.ts';
import { bar } from './bars.ts';

describe('turningPoints', () => {
  test.for<[string, GridBar, number[]]>([
    ['the high first where it is nearer to the open', bar(100, 102, 95, 97), [100, 102, 95, 97]],
    ['the low first where it is nearer', bar(100, 105, 98, 103), [100, 98, 105, 103]],
    ['the low first at the same distance when it closes higher', bar(100, 103, 97, 101), [100, 97, 103, 101]],
    [
      'the low first at the same distance when it closes where it opened',
      bar(100, 103, 97, 100),
      [100, 97, 103, 100],
    ],
    ['the high first at the same distance when it closes lower', bar(100, 103, 97, 99), [100, 103, 97, 99]],
    ['an extreme that is the open counts once', bar(100, 100, 95, 97), [100, 95, 97]],
    ['an extreme that is the close counts once', bar(100, 107, 95, 107), [100, 95, 107]],
    ['a straight bar is two prices', bar(100, 105, 100, 105), [100, 105]],
    ['a flat bar is one', bar(100, 100, 100, 100), [100]],
  ])('%s', ([, given, expected]) => {
    expect(turningPoints(given)).toEqual(expected);
  });
});

describe('barFlaw', () => {
  test('finds nothing wrong with a possible bar', () => {
    expect(barFlaw(bar(100, 105, 95, 101, 4))).toBeUndefined();
    expect(barFlaw(bar(100, 100, 100, 100, 0))).toBeUndefined();
    expect(barFlaw(bar(100, 105, 95, 101, 0))).toBeUndefined();
  });

  test.for<[string, Partial<GridBar>, keyof GridBar, string]>([
    ['a time that is none', { openMs: NaN }, 'openMs', 'milliseconds since 1970, whole'],
    ['a time before 1970', { openMs: -1 }, 'openMs', 'milliseconds since 1970, whole'],
    ['a price of nothing', { open: ticks(0) }, 'open', 'a positive whole number of ticks'],
    ['a price between ticks', { close: ticks(100.5) }, 'close', 'a positive whole number of ticks'],
    ['a price that is none', { low: ticks(NaN) }, 'low', 'a positive whole number of ticks'],
    ['a negative volume', { volume: lots(-1) }, 'volume', 'a whole number of steps, 0 or more'],
    ['a high below the open', { high: ticks(99) }, 'high', 'at least open, low and close'],
    ['a high below the close', { close: ticks(106) }, 'high', 'at least open, low and close'],
    ['a low above the open', { low: ticks(101) }, 'low', 'at most open and close'],
    ['a low above the close', { close: ticks(94) }, 'low', 'at most open and close'],
    [
      'too little volume for its prices',
      { volume: lots(3) },
      'volume',
      'at least 4 steps, to trade at each of its prices',
    ],
  ])('finds %s', ([, wrong, field, expected]) => {
    expect(barFlaw({ ...bar(100, 105, 95, 101, 10), ...wrong })).toEqual({ field, expected });
  });
});
