import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { MemorySharedRate, PRIORITIES, RateLimiter } from '../../../src/resilience/index.ts';
import { ExactRate } from '../../support/exact-rate.ts';
import { WaitingWorld } from '../../resilience/policies/waiting-world.ts';

const buckets = fc.array(
  fc.record({
    capacity: fc.integer({ min: 1, max: 20 }),
    refillPerSecond: fc.constantFrom(1, 3, 7, 83, 1000),
  }),
  { minLength: 2, maxLength: 2 },
);

const steps = fc.array(
  fc.record({
    passedMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 20_000 })),
    costs: fc.array(fc.integer({ min: 0, max: 21 }), { minLength: 2, maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('a limit held together', () => {
  test.prop([buckets, steps])('in memory it decides as the exact model does', async (given, todo) => {
    const clock = new ManualClock(0);
    const rate = new MemorySharedRate({ clock });
    const model = new ExactRate(given);
    for (const { passedMs, costs } of todo) {
      clock.advance(passedMs);
      const answer = await rate.take(
        'limit',
        given.map((bucket, at) => ({ bucket: String(at), ...bucket, cost: costs[at] ?? 0 })),
      );
      const exact = model.take(costs, clock.monotonicMs() * 1_000);
      expect(answer.outcome).toBe(exact.outcome);
      if (answer.outcome === 'wait' && exact.outcome === 'wait')
        expect(answer.waitMs).toBeCloseTo(exact.waitUs / 1_000, 6);
    }
  });

  const calls = fc.array(
    fc.record({
      process: fc.integer({ min: 0, max: 2 }),
      atMs: fc.integer({ min: 0, max: 5_000 }),
      weight: fc.integer({ min: 0, max: 5 }),
      priority: fc.constantFrom(...PRIORITIES),
    }),
    { minLength: 1, maxLength: 60 },
  );
  const outages = fc.array(
    fc.record({ fromMs: fc.integer({ min: 0, max: 6_000 }), forMs: fc.integer({ min: 0, max: 3_000 }) }),
    { maxLength: 2 },
  );

  test.prop([calls, outages], { numRuns: 60 })(
    'three processes: never more than capacity and refill in any stretch of time, and after an outage no more than one capacity beside it; all go in the end',
    async (todo, down) => {
      const world = new WaitingWorld();
      const memory = new MemorySharedRate({ clock: world.clock });
      const isDown = () => {
        const nowMs = world.clock.monotonicMs();
        return down.some(({ fromMs, forMs }) => nowMs >= fromMs && nowMs < fromMs + forMs);
      };
      const [capacity, refillPerSecond] = [6, 10];
      const limiters = [0, 1, 2].map(
        () =>
          new RateLimiter(
            {
              buckets: [{ name: 'b', capacity, refillPerSecond }],
              maxWaitMs: 1e9,
              shared: { limit: 'limit', expectedProcesses: 3, retryMs: 200 },
            },
            {
              clock: world.clock,
              shared: {
                take: (limit, takes) =>
                  isDown() ? Promise.reject(new Error('away')) : memory.take(limit, takes),
              },
            },
          ),
      );
      const went: { atMs: number; weight: number }[] = [];
      for (const { process, atMs, weight, priority } of [...todo].sort((a, b) => a.atMs - b.atMs)) {
        await world.advance(Math.max(0, atMs - world.clock.monotonicMs()));
        const limiter = limiters[process];
        if (limiter === undefined) continue;
        world.ask(limiter, 'x', { weight, priority }, () => {
          went.push({ atMs: world.clock.monotonicMs(), weight });
          return Promise.resolve({ ok: true, value: undefined });
        });
      }
      await world.advance(200_000);
      expect(went).toHaveLength(todo.length);
      // The part of a process is empty when an outage begins, holds a third, and may save up for one heavy call.
      const beside = down.length * 3 * capacity;
      for (const [from, first] of went.entries()) {
        let weight = 0;
        for (const { atMs, weight: more } of went.slice(from)) {
          weight += more;
          const most =
            capacity + ((atMs - first.atMs) / 1_000) * refillPerSecond * (down.length === 0 ? 1 : 2);
          expect(weight).toBeLessThanOrEqual(most + beside + 1e-6);
        }
      }
    },
  );
});
