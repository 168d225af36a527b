import { describe, expect, test } from 'vitest';
import { bucketQuantile } from '../../../src/service/index.ts';

const latency = (upperBounds: number[], cumulativeCounts: number[]) => ({
  upperBounds,
  cumulativeCounts,
  sumSeconds: 0,
});

describe('bucketQuantile', () => {
  test.each([
    // Rank 5 of 10 is the 3rd of the 6 in (0.1, 0.2].
    ['in the middle of a bucket', 0.5, latency([0.1, 0.2, 0.5], [2, 8, 10, 10]), 0.15],
    ['at the end of a bucket', 0.8, latency([0.1, 0.2, 0.5], [2, 8, 10, 10]), 0.2],
    ['in the lowest bucket, which begins at 0', 0.1, latency([0.1, 0.2, 0.5], [2, 8, 10, 10]), 0.05],
    ['past an empty bucket', 0.9, latency([0.1, 0.2, 0.4], [5, 5, 10, 10]), 0.36],
    ['at the edge before an empty bucket', 0.5, latency([0.1, 0.2, 0.4], [5, 5, 10, 10]), 0.1],
    ['in a lowest bucket below 0', 0.1, latency([-1, 1], [5, 10, 10]), -1],
    ['above a lowest bucket below 0', 0.75, latency([-1, 1], [5, 10, 10]), 0],
  ])('%s', (_, quantile, given, seconds) => {
    const found = bucketQuantile(quantile, given);
    expect(found?.seconds).toBeCloseTo(seconds, 12);
    expect(found?.isBeyond).toBe(false);
  });

  test('beyond the highest bound is that bound, and says so', () => {
    expect(bucketQuantile(0.99, latency([0.1, 0.2], [5, 9, 10]))).toEqual({ seconds: 0.2, isBeyond: true });
  });

  test('says nothing without observations', () => {
    expect(bucketQuantile(0.5, latency([0.1], [0, 0]))).toBeUndefined();
  });
});
