import { describe, expect, test } from 'vitest';
import type { StatsSample } from '../../../src/service/index.ts';
import { StatsWindow } from '../../../src/service/rollback/stats-window.ts';

const of = (requests: number, errors = 0): StatsSample => ({ requests, errors });

const window = (...samples: readonly (readonly [StatsSample, number])[]): StatsWindow => {
  const made = new StatsWindow(1000);
  for (const [sample, atMs] of samples) made.add(sample, atMs);
  return made;
};

describe('StatsWindow', () => {
  test('knows nothing from one sample', () => {
    expect(window([of(100), 0]).total).toBeUndefined();
  });

  test('has what was added since the first sample', () => {
    expect(window([of(100, 5), 0], [of(110, 6), 10], [of(130, 6), 20]).total).toEqual(of(30, 1));
  });

  test('forgets what was judged, and counts on from the last sample', () => {
    const judged = window([of(0), 0], [of(10), 10]);
    judged.clear();
    expect(judged.total).toBeUndefined();
    judged.add(of(14), 20);
    expect(judged.total).toEqual(of(4));
  });

  test.each([
    ['that began exactly at the window', 1000, 7],
    ['that began before it', 1001, 4],
  ])('treats an increase %s', (_, atMs, requests) => {
    expect(window([of(0), 0], [of(3), 500], [of(7), atMs]).total).toEqual(of(requests));
  });

  test('keeps the last increase, however long it took', () => {
    expect(window([of(0), 0], [of(3), 5000]).total).toEqual(of(3));
  });

  test.each([
    ['requests fall', of(100, 2), of(7, 2)],
    ['errors fall', of(100, 5), of(120, 4)],
    ['a bucket falls', withLatency([5, 10], 1), withLatency([4, 12], 2)],
    ['buckets are others', withLatency([5, 10], 1), withLatency([5, 12], 1, [0.2])],
    ['latencies are gone', withLatency([5, 10], 1), of(100)],
    ['a metric falls', withMetric(9, 3), withMetric(20, 2)],
    ['a metric is gone', withMetric(9, 3), of(100)],
  ])('takes it for a restart when %s: all that is there now is new', (_, before, after) => {
    expect(window([before, 0], [after, 10]).total).toEqual(after);
  });

  test('subtracts and adds latencies and metrics', () => {
    const all = (requests: number, counts: number[], sum: number): StatsSample => ({
      requests,
      errors: 0,
      latency: { upperBounds: [0.1], cumulativeCounts: counts, sumSeconds: sum },
      custom: { slippage: { sum: -sum, count: requests } },
    });
    expect(
      window([all(10, [5, 10], 1), 0], [all(14, [6, 14], 2), 10], [all(20, [6, 20], 5), 20]).total,
    ).toEqual(all(10, [1, 10], 4));
  });

  test('counts latencies and metrics that begin later', () => {
    expect(window([of(10), 0], [withLatency([5, 10], 1), 10]).total).toEqual({
      ...withLatency([5, 10], 1),
      requests: 90,
    });
    expect(window([of(10), 0], [withMetric(9, 3), 10]).total).toEqual({ ...withMetric(9, 3), requests: 90 });
  });
});

function withLatency(cumulativeCounts: number[], sumSeconds: number, upperBounds = [0.1]): StatsSample {
  return { requests: 100, errors: 0, latency: { upperBounds, cumulativeCounts, sumSeconds } };
}

function withMetric(sum: number, count: number): StatsSample {
  return { requests: 100, errors: 0, custom: { slippage: { sum, count } } };
}
