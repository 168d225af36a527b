import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import { BINANCE_SPOT, RateLimiter } from '../../../src/resilience/index.ts';

/** What Binance counts: so much within each window of its own clock, wherever that begins. */
const LIMITS = [
  { bucket: 'request-weight', windowMs: 60_000, limit: 6_000 },
  { bucket: 'raw-requests', windowMs: 300_000, limit: 61_000 },
];

const rateLimit = BINANCE_SPOT.rateLimit ?? { buckets: [] };

/** As many as go, whenever they may; the load comes in bursts with rests between them. */
const bursts = fc.array(
  fc.record({
    restMs: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 300, max: 2_000 }) },
      fc.constantFrom(0, 12_500),
    ),
    calls: fc.integer({ min: 100, max: 400 }),
    weight: fc.constantFrom(1, 2, 5, 25, 250),
  }),
  { minLength: 60, maxLength: 90 },
);

interface Sent {
  readonly atMs: number;
  readonly amount: number;
}

/** The most that any window of this length holds. */
function fullestWindow(sent: readonly Sent[], windowMs: number): number {
  let first = 0;
  let inside = 0;
  let most = 0;
  for (const { atMs, amount } of sent) {
    inside += amount;
    for (; atMs - (sent[first]?.atMs ?? NaN) >= windowMs; first++) inside -= sent[first]?.amount ?? NaN;
    most = Math.max(most, inside);
  }
  return most;
}

describe.each(LIMITS)('BINANCE_SPOT, $bucket', ({ bucket, windowMs, limit }) => {
  const { capacity, refillPerSecond, windowLimit } = rateLimit.buckets.find(
    ({ name }) => name === bucket,
  ) ?? {
    capacity: NaN,
    refillPerSecond: NaN,
  };

  test('the sum of its comment: what may go in one window is under the limit, with 2 s to spare', () => {
    expect(capacity + ((windowMs + 2_000) / 1_000) * refillPerSecond).toBeLessThanOrEqual(limit);
    expect(windowLimit).toBe(limit);
  });

  test.prop([bursts], { numRuns: 50 })(
    'no window holds more than the limit, wherever it begins',
    async (load) => {
      const clock = new ManualClock();
      const limiter = new RateLimiter({ ...rateLimit, maxQueued: 0, maxWaitMs: 0 }, { clock });
      const sent: Sent[] = [];
      for (const { restMs, calls, weight } of load) {
        for (let at = 0; at < calls; at++) {
          if ((await limiter.acquire(newCall({ weight }))) !== undefined) break;
          sent.push({ atMs: clock.monotonicMs(), amount: bucket === 'raw-requests' ? 1 : weight });
        }
        clock.advance(restMs);
      }
      expect(fullestWindow(sent, windowMs)).toBeLessThanOrEqual(limit);
    },
  );
});

test('the heaviest load: all it can at the end of one minute, and all through the next', async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ ...rateLimit, maxQueued: 0, maxWaitMs: 0 }, { clock });
  clock.advance(60_000);
  let used = 0;
  for (let second = 0; second < 60; second++) {
    while ((await limiter.acquire(newCall({ weight: 10 }))) === undefined) used += 10;
    clock.advance(1_000);
  }
  // It is of use as well: nearly all that Binance allows.
  expect(used).toBe(1_000 + 59 * 80);
});

test('what another process behind the same address used is not used again', async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ ...rateLimit, maxWaitMs: 0 }, { clock });
  limiter.observe('request-weight', 5_990);
  expect(await limiter.acquire(newCall({ weight: 10 }))).toBeUndefined();
  expect(await limiter.acquire(newCall({ weight: 1 }))).toMatchObject({ code: 'RATE_LIMITED' });
});
