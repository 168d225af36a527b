import { createClient } from '@redis/client';
import { fc } from '@fast-check/vitest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RATE_LUA } from '../../../src/adapters/redis/state/rate-script.ts';
import { RateLimiter, ResilientFetcher, type SharedRate } from '../../../src/resilience/index.ts';
import { FaultServer } from '../../../src/testing/index.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { ExactRate } from '../../support/exact-rate.ts';
import { Opened, SOON, clock, newName, tell } from './state-support.ts';

/** The script with its time given by the test as the last argument, and without the expiry, which goes by real time. */
const TIMELESS = RATE_LUA.replace(
  "local time = redis.call('TIME')",
  'local time = { math.floor(ARGV[#ARGV] / 1000000), ARGV[#ARGV] % 1000000 }',
).replace(", 'PX', string.format('%.0f', ttlMs)", '');

const bucketOf = fc.record({
  capacity: fc.integer({ min: 1, max: 20 }),
  refillPerSecond: fc.constantFrom(1, 3, 7, 83, 1000),
});

const stepOf = fc.record({
  passedUs: fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 0, max: 20_000_000 })),
  costs: fc.array(fc.integer({ min: 0, max: 21 }), { minLength: 2, maxLength: 2 }),
});

describe.skipIf(redisMissing !== undefined)('RedisRateLimit', () => {
  let server: RedisServer;
  let opened: Opened;
  let limit: string;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    opened = new Opened();
    limit = newName();
  });

  afterEach(async () => {
    await opened.close();
  });

  const limits = () => opened.rate({ url: server.url });

  /** A limiter of a process of its own. */
  const limiterOver = (shared: SharedRate, capacity: number, refillPerSecond: number) => {
    const limiter = new RateLimiter(
      {
        buckets: [{ name: 'requests', capacity, refillPerSecond }],
        maxWaitMs: 60_000,
        shared: { limit, expectedProcesses: 2, timeoutMs: 5_000 },
      },
      { clock, shared },
    );
    opened.keep({
      close: () => {
        limiter.close();
        return Promise.resolve();
      },
    });
    return limiter;
  };

  const connected = (shared: { readonly error: string | undefined }) =>
    vi.waitFor(() => expect(shared.error).toBeUndefined(), SOON);

  test('decides as the exact model does, for several buckets at once', async () => {
    const client = createClient({ url: server.url, RESP: 2 });
    await client.connect();
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(bucketOf, { minLength: 2, maxLength: 2 }),
          fc.array(stepOf, { minLength: 1, maxLength: 25 }),
          async (buckets, steps) => {
            const model = new ExactRate(buckets);
            const keys = buckets.map((_, at) => `{model-${runs}}:${at}`);
            runs++;
            let nowUs = 1_795_000_000_000_000;
            for (const { passedUs, costs } of steps) {
              nowUs += passedUs;
              const args = buckets.flatMap((bucket, at) => [
                bucket.capacity,
                bucket.refillPerSecond,
                costs[at] ?? 0,
              ]);
              const said = (await client.sendCommand([
                ...['EVAL', TIMELESS, String(keys.length), ...keys],
                ...[...args, nowUs].map(String),
              ])) as unknown as readonly [string, string?];
              const exact = model.take(costs, nowUs);
              expect(said[0]).toBe(exact.outcome);
              if (exact.outcome === 'wait') {
                // Never less than it takes, and at most a rounding more.
                expect(Number(said[1]) * 1_000).toBeGreaterThanOrEqual(Math.ceil(exact.waitUs) - 0.001);
                expect(Number(said[1]) * 1_000).toBeLessThan(exact.waitUs + 2);
              }
            }
          },
        ),
        { numRuns: 60 },
      );
    } finally {
      client.destroy();
    }
  });

  test('two processes hold one limit: together they go as fast as one may', async () => {
    const [one, two] = [limits(), limits()];
    await Promise.all([connected(one), connected(two)]);
    const [capacity, refillPerSecond] = [10, 40];
    const limiters = [one, two].map((shared) => limiterOver(shared, capacity, refillPerSecond));
    const arrivals: number[] = [];
    const startMs = clock.monotonicMs();
    await Promise.all(
      limiters.flatMap((limiter) =>
        Array.from({ length: 30 }, () =>
          limiter.execute(() => {
            arrivals.push(clock.monotonicMs() - startMs);
            return Promise.resolve();
          }),
        ),
      ),
    );
    expect(arrivals).toHaveLength(60);
    // However late this process looks at it, so many cannot have gone sooner; 2 for what an answer takes to arrive.
    for (const [at, atMs] of arrivals.entries()) {
      expect(at + 1).toBeLessThanOrEqual(capacity + (atMs / 1_000) * refillPerSecond + 2);
    }
    expect(limiters.map((limiter) => limiter.status().decidedBy)).toEqual(['shared', 'shared']);
  });

  test('all buckets of a call or none, with the wait until all of them have enough', async () => {
    const shared = limits();
    await connected(shared);
    const take = (small: number, large: number) =>
      shared.take(limit, [
        { bucket: 'small', capacity: 2, refillPerSecond: 0.001, cost: small },
        { bucket: 'large', capacity: 9, refillPerSecond: 0.001, cost: large },
      ]);
    expect(await take(2, 2)).toEqual({ outcome: 'allowed' });
    const refused = await take(1, 7);
    expect(refused).toMatchObject({ outcome: 'wait' });
    expect(refused.outcome === 'wait' && refused.waitMs > 900_000 && refused.waitMs <= 1_000_000).toBe(true);
    expect(await take(0, 7)).toEqual({ outcome: 'allowed' });
    expect(await take(3, 0)).toEqual({ outcome: 'never' });
  });

  test('state goes by itself when the buckets are full again', async () => {
    const shared = limits();
    await connected(shared);
    await shared.take(limit, [{ bucket: 'b', capacity: 5, refillPerSecond: 1_000, cost: 5 }]);
    const key = `{portcullis:rate:${limit}}:b`;
    await vi.waitFor(async () => expect(await tell(server.url, 'EXISTS', key)).toBe(0), SOON);
    await shared.take(limit, [{ bucket: 'b', capacity: 5, refillPerSecond: 0.001, cost: 5 }]);
    expect(Number(await tell(server.url, 'PTTL', key))).toBeGreaterThan(4_000_000);
  });

  test('after a clock was set back a bucket has what it had, and fills from there', async () => {
    const shared = limits();
    await connected(shared);
    const key = `{portcullis:rate:${limit}}:b`;
    const ahead = Date.UTC(2100, 0, 1) * 1_000;
    // All 4 tokens taken just before, by a clock that was decades ahead; it was last full long before that.
    await tell(server.url, 'SET', key, `${ahead - 1e12} ${2e6 + 4} ${ahead} 2`);
    const take = (cost: number) =>
      shared.take(limit, [{ bucket: 'b', capacity: 4, refillPerSecond: 2, cost }]);
    const first = await take(1);
    expect(first).toEqual({ outcome: 'wait', waitMs: 500 });
    // Asked again and again it does not begin anew each time.
    await vi.waitFor(async () => expect(await take(1)).toEqual({ outcome: 'allowed' }), SOON);
    await vi.waitFor(async () => expect(await tell(server.url, 'EXISTS', key)).toBe(0), SOON);
    expect(await take(4)).toEqual({ outcome: 'allowed' });
  });

  test('another refill or capacity goes on from what was taken before, and forgives nothing', async () => {
    const shared = limits();
    await connected(shared);
    const take = (capacity: number, refillPerSecond: number, cost: number) =>
      shared.take(limit, [{ bucket: 'b', capacity, refillPerSecond, cost }]);
    expect(await take(10, 0.001, 10)).toEqual({ outcome: 'allowed' });
    const waitMs = async (...args: Parameters<typeof take>) => {
      const answer = await take(...args);
      return answer.outcome === 'wait' ? answer.waitMs : answer.outcome;
    };
    // 10 were taken: of 4 there are 7 to flow off before there is one.
    expect(await waitMs(4, 0.001, 1)).toBeGreaterThan(6_900_000);
    expect(await waitMs(10, 0.001, 1)).toBeGreaterThan(900_000);
    // A hundred times as quick from now on.
    expect(await waitMs(10, 0.1, 1)).toBeLessThanOrEqual(10_000);
    expect(await waitMs(10, 0.001, 1)).toBeGreaterThan(900_000);
  });

  test('refuses names and numbers that are none', async () => {
    const shared = limits();
    const take = { bucket: 'b', capacity: 1, refillPerSecond: 1, cost: 1 };
    for (const takes of [
      [],
      [take, take],
      [{ ...take, cost: -1 }],
      [{ ...take, capacity: NaN }],
      [{ ...take, bucket: '{' }],
    ])
      await expect(shared.take(limit, takes)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(shared.take('a b', [take])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('a limit is kept on a server that is out of memory', async () => {
    const shared = limits();
    await connected(shared);
    await tell(server.url, 'CONFIG', 'SET', 'maxmemory', '1');
    try {
      const take = { bucket: 'b', capacity: 1, refillPerSecond: 0.001, cost: 1 };
      expect(await shared.take(limit, [take])).toEqual({ outcome: 'allowed' });
      expect(await shared.take(limit, [take])).toMatchObject({ outcome: 'wait' });
    } finally {
      await tell(server.url, 'CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  test('a source of the fetcher goes by its part while the server is away, never refused for that, and comes back', async () => {
    const exchange = await FaultServer.listen();
    const shared = limits();
    await connected(shared);
    const fetcher = opened.keep(
      new ResilientFetcher(
        {
          sources: {
            venue: {
              baseUrl: exchange.url,
              timeoutMs: 60_000,
              rateLimit: {
                buckets: [{ name: 'requests', capacity: 20, refillPerSecond: 20 }],
                maxWaitMs: 60_000,
                shared: { limit, expectedProcesses: 2, timeoutMs: 1_000, retryMs: 100 },
              },
              http: { allowPrivateAddresses: true },
            },
          },
        },
        { clock, sharedRate: shared },
      ),
    );
    const ask = () => fetcher.tryFetch({ source: 'venue', endpoint: '/x' });
    const side = () => fetcher.status('venue').rateLimit?.decidedBy;
    expect((await ask()).ok).toBe(true);
    expect(side()).toBe('shared');
    await server.stop('SIGKILL');
    try {
      const outcomes = await Promise.all([ask(), ask(), ask()]);
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true]);
      expect(side()).toBe('fallback');
    } finally {
      await server.start();
    }
    await vi.waitFor(async () => {
      expect((await ask()).ok).toBe(true);
      expect(side()).toBe('shared');
    }, SOON);
    await exchange.close();
  });

  test('asking after close is refused as a failure', async () => {
    const shared = limits();
    await shared.close();
    expect(shared.error).toBe('closed');
    const take = { bucket: 'b', capacity: 1, refillPerSecond: 1, cost: 1 };
    await expect(shared.take(limit, [take])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
