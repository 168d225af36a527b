import { describe, expect, test } from 'vitest';
import { RollingMedian } from '../../src/market-data/rolling-median.ts';

const medianOf = (values: readonly number[], capacity = 5): RollingMedian => {
  const median = new RollingMedian(capacity);
  values.forEach((value, place) => median.add(value, place));
  return median;
};

describe('RollingMedian', () => {
  test.each<[readonly number[], number]>([
    [[], NaN],
    [[7], 7],
    [[7, 1], 4],
    [[7, 1, 2], 2],
    [[4, 4, 1, 4, 9], 4],
  ])('of %j is %s', (values, expected) => {
    expect(medianOf(values).median).toBe(expected);
  });

  test('when it is full, the oldest goes', () => {
    const median = medianOf([100, 1, 2], 2);
    expect([median.median, median.size]).toEqual([1.5, 2]);
  });

  test('forgets what stands before a place', () => {
    const median = medianOf([9, 8, 1]);
    median.expire(2);
    expect([median.median, median.size]).toEqual([1, 1]);
    median.expire(99);
    expect([median.median, median.size]).toEqual([NaN, 0]);
  });

  test('goes on after it was cleared', () => {
    const median = medianOf([9, 8, 7]);
    median.clear();
    median.add(2, 3);
    expect([median.median, median.size]).toEqual([2, 1]);
  });
});
