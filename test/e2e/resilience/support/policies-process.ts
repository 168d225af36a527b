import { SystemClock } from '../../../../src/core/index.ts';
import {
  Bulkhead,
  CircuitBreaker,
  type Failure,
  Hedge,
  type Outcome,
  type Policy,
  RateLimiter,
  ResultCache,
  Retry,
  Timeout,
  type Work,
  pipeline,
} from '../../../../src/resilience/index.ts';
import { newCall } from '../../../../src/resilience/call.ts';
import { MetricsRegistry } from '../../../../src/telemetry/index.ts';

/** A process that runs calls through all policies at once, without a network, and tells what they leave in memory. */

const clock = new SystemClock();
const metrics = new MetricsRegistry();
const IN_FLIGHT = 32;
const deps = { clock, metrics, random: () => 0.5 };

const limiter = new RateLimiter(
  { buckets: [{ name: 'calls', capacity: 1e9, refillPerSecond: 1e9 }] },
  { clock, metrics },
);
const policies: Policy = pipeline({
  rateLimit: limiter,
  totalTimeout: new Timeout({ timeoutMs: 10_000, scope: 'total' }, deps),
  hedge: new Hedge({ delayMs: 5_000 }, deps),
  retry: new Retry(
    { baseDelayMs: 0, maxDelayMs: 0, budget: { ratio: 1 } },
    { ...deps, before: (call) => limiter.acquire(call) },
  ),
  breaker: new CircuitBreaker({ failureRate: 1 }, deps),
  bulkhead: new Bulkhead({ maxConcurrent: IN_FLIGHT - 8, maxQueued: IN_FLIGHT }, { clock, metrics }),
  attemptTimeout: new Timeout({ timeoutMs: 5_000, scope: 'attempt' }, deps),
});
const cache = new ResultCache<number>({ maxEntries: 1_000 }, deps);
const down: Failure = { code: 'WORK_FAILED', upstream: 'failing', mayRetry: true, error: 'down' };
const DOWN: Outcome<number> = { ok: false, failure: down };
const { signal } = new AbortController();
const RULES = { ttlMs: 60_000, negativeTtlMs: 1_000, isNegative: () => true };

let made = 0;
let ended = 0;
let attempts = 0;

/** Every tenth attempt fails and is made again; every hundredth takes a turn of the event loop. */
const work: Work<number> = async () => {
  attempts += 1;
  const attempt = attempts;
  if (attempt % 100 === 0) await clock.turn();
  return attempt % 10 === 0 ? DOWN : { ok: true, value: attempt };
};

/** Half of the keys are new, half of the calls pass the cache by. */
async function throughAll(number: number): Promise<void> {
  const call = newCall({ signal });
  if (number % 2 === 0) await policies.run(work, call);
  else await cache.run(`key ${number - (number % 4)}`, (inner) => policies.run(work, inner), call, RULES);
}

async function throughCache(number: number): Promise<void> {
  await cache.run(`key ${number}`, async () => ({ ok: true, value: number }), newCall({ signal }), RULES);
}

const make = process.argv[2] === 'cache' ? throughCache : throughAll;

process.on('message', ({ calls }: { calls: number }) => {
  void (async () => {
    const last = made + calls;
    const one = async (): Promise<void> => {
      while (made < last) {
        made += 1;
        await make(made);
        ended += 1;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, one));
    globalThis.gc?.();
    process.send?.({ ended, heapMb: process.memoryUsage().heapUsed / 2 ** 20 });
  })();
});
