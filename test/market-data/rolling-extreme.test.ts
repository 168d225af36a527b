import { describe, expect, test } from 'vitest';
import { RollingExtreme } from '../../src/market-data/rolling-extreme.ts';

const extremeOf = (which: 'lowest' | 'highest', values: readonly number[]): RollingExtreme => {
  const extreme = new RollingExtreme(which);
  values.forEach((value, place) => {
    extreme.add(value, place);
  });
  return extreme;
};

describe('RollingExtreme', () => {
  test('is none before anything', () => {
    expect(new RollingExtreme('lowest').value).toBeNaN();
  });

  test.each([
    ['lowest', [1, 2, 4, 4, 9, NaN]],
    ['highest', [9, 9, 9, 9, 9, NaN]],
  ] as const)('the %s of what stands at a place or later', (which, expected) => {
    const extreme = extremeOf(which, [1, 2, 7, 4, 9]);
    const seen = expected.map((_, place) => {
      extreme.expire(place);
      return extreme.value;
    });
    expect(seen).toEqual(expected);
  });

  test('of two that are equal the later stays', () => {
    const extreme = extremeOf('highest', [5, 5]);
    extreme.expire(1);
    expect(extreme.value).toBe(5);
  });

  test('goes on after it was cleared', () => {
    const extreme = extremeOf('lowest', [1, 2, 3]);
    extreme.expire(1);
    extreme.clear();
    extreme.add(8, 9);
    expect(extreme.value).toBe(8);
  });
});
