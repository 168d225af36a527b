import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../src/core/backoff.ts';

describe('backoffMs', () => {
  const options = { baseDelayMs: 100, maxDelayMs: 5_000 };

  test.each([
    { retry: 0, highestMs: 100 },
    { retry: 1, highestMs: 200 },
    { retry: 5, highestMs: 3_200 },
    { retry: 6, highestMs: 5_000 },
    { retry: 1_000_000, highestMs: 5_000 },
  ])('retry $retry waits between 0 and $highestMs ms', ({ retry, highestMs }) => {
    const drawn = [0, 0.25, 0.5, 0.999].map((random) => backoffMs(retry, options, () => random));
    expect(drawn).toEqual([0, 0.25 * highestMs, 0.5 * highestMs, 0.999 * highestMs]);
  });

  test('no delay stays none, however many retries', () => {
    expect(backoffMs(5_000, { baseDelayMs: 0, maxDelayMs: 5_000 }, () => 0.5)).toBe(0);
  });
});
