import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../../src/resilience/policies/token-bucket.ts';

/** At a time, take so many: is it let, and how many are left. */
type Step = readonly [atMs: number, amount: number, isTaken: boolean, level: number];

const DAY_MS = 86_400_000;

const scenarios: Readonly<Record<string, { capacity: number; perSecond: number; steps: readonly Step[] }>> = {
  'starts full: the burst goes at once, and not one more': {
    capacity: 3,
    perSecond: 1,
    steps: [
      [0, 1, true, 2],
      [0, 2, true, 0],
      [0, 1, false, 0],
    ],
  },
  'a token is there exactly when it has grown, not a moment before': {
    capacity: 10,
    perSecond: 10,
    steps: [
      [0, 10, true, 0],
      [99.999, 1, false, 0.99999],
      [100, 1, true, 0],
      [199.999, 1, false, 0.99999],
      [200, 1, true, 0],
    ],
  },
  'fractions of a token are kept, and a third of a second is a third': {
    capacity: 2,
    perSecond: 3,
    steps: [
      [0, 2, true, 0],
      [333.333, 1, false, 0.999999],
      [1_000 / 3, 1, true, 0],
      [2_000 / 3, 1, true, 0],
      [1_000, 1, true, 0],
    ],
  },
  'a refusal takes nothing': {
    capacity: 5,
    perSecond: 1,
    steps: [
      [0, 3, true, 2],
      [0, 3, false, 2],
      [0, 2, true, 0],
      [2_000, 3, false, 2],
      [2_000, 2, true, 0],
    ],
  },
  'a rest longer than it takes to fill gives no more than the capacity': {
    capacity: 4,
    perSecond: 2,
    steps: [
      [0, 4, true, 0],
      [1_999, 0, true, 3.998],
      [2_000, 0, true, 4],
      [DAY_MS, 5, false, 4],
      [DAY_MS, 4, true, 0],
      [DAY_MS + 499, 1, false, 0.998],
      [DAY_MS + 500, 1, true, 0],
    ],
  },
  'a clock that jumps ahead fills it once': {
    capacity: 2,
    perSecond: 1,
    steps: [
      [0, 2, true, 0],
      [1e12, 2, true, 0],
      [1e12, 1, false, 0],
      [1e12 + 1_000, 1, true, 0],
    ],
  },
  'time that goes back gives nothing, and nothing twice': {
    capacity: 2,
    perSecond: 1,
    steps: [
      [5_000, 2, true, 0],
      [1_000, 1, false, 0],
      [5_999, 1, false, 0.999],
      [4_000, 1, false, 0.999],
      [6_000, 1, true, 0],
    ],
  },
  'a time that is none, or never comes, is the last': {
    capacity: 2,
    perSecond: 1,
    steps: [
      [NaN, 2, true, 0],
      [NaN, 1, false, 0],
      [Infinity, 1, false, 0],
      [-Infinity, 1, false, 0],
      [1_000, 1, true, 0],
    ],
  },
  'an amount that is none, or below 0, is never taken': {
    capacity: 2,
    perSecond: 1,
    steps: [
      [0, NaN, false, 2],
      [0, -1, false, 2],
      [0, 1, true, 1],
      [0, -1, false, 1],
      [0, Infinity, false, 1],
    ],
  },
};

describe('TokenBucket', () => {
  for (const [what, { capacity, perSecond, steps }] of Object.entries(scenarios)) {
    test(what, () => {
      const bucket = new TokenBucket({ capacity, refillPerSecond: perSecond }, 0);
      const seen = steps.map(([atMs, amount]): Step => {
        const isTaken = bucket.take(amount, atMs);
        return [atMs, amount, isTaken, Number(bucket.level(atMs).toFixed(9))];
      });
      expect(seen).toEqual(steps);
    });
  }

  test('a clock that has no time yet gives the burst and no more', () => {
    const bucket = new TokenBucket({ capacity: 2, refillPerSecond: 1 }, NaN);
    expect([1, 1, 1].map((amount) => bucket.take(amount, NaN))).toEqual([true, true, false]);
  });

  test.each([3, 7, 100, 61_000 / 300])(
    'at %d a second the token number 200,000 comes when it should, each taken as soon as it is there',
    (refillPerSecond) => {
      const bucket = new TokenBucket({ capacity: 5, refillPerSecond }, 0);
      bucket.take(5, 0);
      let early = 0;
      let late = 0;
      for (let token = 1; token <= 200_000; token++) {
        const dueMs = (token * 1_000) / refillPerSecond;
        if (bucket.take(1, dueMs - 1e-3)) early += 1;
        else if (!bucket.take(1, dueMs + 1e-6)) late += 1;
      }
      expect({ early, late }).toEqual({ early: 0, late: 0 });
    },
  );

  test('never at rest for days, it lets through what the rate says, to the token', () => {
    const bucket = new TokenBucket({ capacity: 10, refillPerSecond: 3 }, 0.123);
    let taken = 0;
    for (let atMs = 0.123; atMs <= 3 * DAY_MS; atMs += 1_777) {
      while (bucket.take(1, atMs)) taken += 1;
    }
    const lastMs = 0.123 + Math.floor((3 * DAY_MS - 0.123) / 1_777) * 1_777;
    expect(taken).toBe(Math.floor(10 + ((lastMs - 0.123) * 3) / 1_000));
  });

  describe('readyMs', () => {
    test('says when tokens are there, and they are', () => {
      const bucket = new TokenBucket({ capacity: 10, refillPerSecond: 7 }, 0);
      bucket.take(10, 0);
      for (const amount of [1, 2, 3.5, 10]) expect(bucket.readyMs(amount, 0)).toBe((amount * 1_000) / 7);
      expect(bucket.take(3, bucket.readyMs(3, 0) - 1e-9)).toBe(false);
      expect(bucket.take(3, bucket.readyMs(3, 0))).toBe(true);
    });

    test('is now when they are there, and `fromMs` when that is later', () => {
      const bucket = new TokenBucket({ capacity: 2, refillPerSecond: 1 }, 100);
      expect([bucket.readyMs(2, 100), bucket.readyMs(2, 5_000), bucket.readyMs(2, NaN)]).toEqual([
        100, 5_000, 100,
      ]);
      bucket.take(1, 100);
      expect([bucket.readyMs(1, 100), bucket.readyMs(2, 100), bucket.readyMs(2, 700)]).toEqual([
        100, 1_100, 1_100,
      ]);
    });

    test('counts several calls one after the other, from a full bucket on when it fills before', () => {
      const bucket = new TokenBucket({ capacity: 2, refillPerSecond: 1 }, 0);
      expect(bucket.readyMs(5, 0)).toBe(3_000);
      bucket.take(2, 0);
      expect(bucket.readyMs(5, 0)).toBe(5_000);
      expect(bucket.readyMs(5, 60_000)).toBe(63_000);
    });

    test('moves no time', () => {
      const bucket = new TokenBucket({ capacity: 1, refillPerSecond: 1 }, 0);
      bucket.take(1, 0);
      bucket.readyMs(1, 9_000);
      expect(bucket.level(500)).toBe(0.5);
    });
  });

  describe('lowerTo', () => {
    test.each<readonly [to: number, level: number]>([
      [4, 4],
      [5, 5],
      [6, 5],
      [100, 5],
      [0, 0],
      [-3, 0],
      [-Infinity, 0],
      [NaN, 5],
      [Infinity, 5],
    ])('with 5 left, told %d: %d', (to, level) => {
      const bucket = new TokenBucket({ capacity: 10, refillPerSecond: 1 }, 0);
      bucket.take(5, 0);
      bucket.lowerTo(to, 0);
      expect(bucket.level(0)).toBe(level);
    });

    test('what is below nothing is nothing, and is not owed', () => {
      const bucket = new TokenBucket({ capacity: 10, refillPerSecond: 1 }, 0);
      bucket.lowerTo(-3, 0);
      expect(bucket.readyMs(1, 0)).toBe(1_000);
    });

    test('from then on it grows as ever', () => {
      const bucket = new TokenBucket({ capacity: 10, refillPerSecond: 2 }, 0);
      bucket.lowerTo(1, 10_000);
      expect([bucket.level(10_000), bucket.level(11_000), bucket.readyMs(10, 11_000)]).toEqual([
        1, 3, 14_500,
      ]);
    });
  });
});
