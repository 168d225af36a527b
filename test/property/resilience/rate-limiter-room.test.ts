import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { newCall } from '../../../src/resilience/call.ts';
import {
  Bulkhead,
  CircuitBreaker,
  type Failure,
  Hedge,
  type Outcome,
  PRIORITIES,
  type Policy,
  RateLimiter,
  Retry,
  Timeout,
  pipeline,
} from '../../../src/resilience/index.ts';
import { CountingClock } from '../../resilience/policies/waiting-world.ts';

const CAPACITY = 5;
const PER_SECOND = 20;

const asked = fc.record({
  pauseMs: fc.constantFrom(0, 0, 0, 5, 40, 400),
  priority: fc.constantFrom(...PRIORITIES),
  abortAfterMs: fc.constantFrom(undefined, undefined, undefined, 0, 60, 900),
});

const answer = fc.record({
  ms: fc.constantFrom(0, 1, 30, 200, 2_500),
  end: fc.constantFrom('ok', 'ok', 'retryable', 'final'),
  heeds: fc.boolean(),
});

type Answers = readonly (typeof answer extends fc.Arbitrary<infer A> ? A : never)[];

const failureOf = (mayRetry: boolean): Failure => ({
  code: 'UPSTREAM_STATUS',
  upstream: mayRetry ? 'failing' : 'alive',
  mayRetry,
  status: mayRetry ? 503 : 404,
  headers: {},
  body: '',
});

/** The documented order of all policies, before a server that is slow now and then. */
class World {
  readonly clock = new CountingClock();
  readonly arrivedMs: number[] = [];
  readonly limiter: RateLimiter;
  readonly bulkhead: Bulkhead;
  readonly ended: number[] = [];
  readonly #policies: Policy;
  readonly #answers: Answers;

  constructor(maxConcurrent: number, answers: Answers) {
    const { clock } = this;
    this.#answers = answers;
    const before = (call: Parameters<RateLimiter['acquire']>[0]): Promise<Failure | undefined> =>
      this.limiter.acquire(call);
    this.bulkhead = new Bulkhead(
      { maxConcurrent, maxQueued: 100 },
      {
        clock,
        onFree: () => {
          this.limiter.roomMade();
        },
      },
    );
    this.limiter = new RateLimiter(
      { buckets: [{ name: 'w', capacity: CAPACITY, refillPerSecond: PER_SECOND }], maxWaitMs: 4_000 },
      { clock, room: this.bulkhead },
    );
    this.#policies = pipeline({
      rateLimit: this.limiter,
      totalTimeout: new Timeout({ scope: 'total', timeoutMs: 2_000 }, { clock }),
      hedge: new Hedge({ delayMs: 100, budget: { ratio: 1 } }, { clock, before }),
      retry: new Retry({ baseDelayMs: 20 }, { clock, random: () => 0.5, before }),
      breaker: new CircuitBreaker({ minCalls: 6, openMs: 200 }, { clock, random: () => 0 }),
      bulkhead: this.bulkhead,
      attemptTimeout: new Timeout({ scope: 'attempt', timeoutMs: 400 }, { clock }),
    });
  }

  ask({ priority, abortAfterMs }: typeof asked extends fc.Arbitrary<infer A> ? A : never): void {
    const caller = new AbortController();
    const at = this.ended.push(0) - 1;
    void this.#policies
      .run<string>((call) => this.#serve(call.signal), newCall({ signal: caller.signal, priority }))
      .then(() => {
        this.ended[at] = (this.ended[at] ?? 0) + 1;
      });
    if (abortAfterMs === 0) caller.abort();
    else if (abortAfterMs !== undefined)
      this.clock.deadline(abortAfterMs, () => {
        caller.abort();
      });
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + ms;
    await this.#settled();
    while (this.clock.nextDueMs <= untilMs) {
      this.clock.advanceTo(this.clock.nextDueMs);
      await this.#settled();
    }
    this.clock.advance(Math.max(0, untilMs - this.clock.monotonicMs()));
    await this.#settled();
  }

  #serve(signal: AbortSignal | undefined): Promise<Outcome<string>> {
    const { ms, end, heeds } = this.#answers[this.arrivedMs.length % this.#answers.length] ?? {
      ms: 0,
      end: 'ok',
      heeds: true,
    };
    this.arrivedMs.push(this.clock.monotonicMs());
    expect(this.bulkhead.status().waiting).toBe(0);
    const outcome: Outcome<string> =
      end === 'ok' ? { ok: true, value: 'ok' } : { ok: false, failure: failureOf(end === 'retryable') };
    return new Promise((resolve) => {
      this.clock.deadline(ms, () => {
        resolve(outcome);
      });
      if (heeds)
        signal?.addEventListener('abort', () => {
          resolve(outcome);
        });
    });
  }

  async #settled(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      await this.clock.turn();
      expect(this.bulkhead.status().waiting).toBe(0);
    }
  }
}

describe('a rate limiter that waits for room in the bulkhead', () => {
  test.prop(
    [
      fc.integer({ min: 1, max: 6 }),
      fc.array(answer, { minLength: 1, maxLength: 20 }),
      fc.array(asked, { minLength: 1, maxLength: 60 }),
    ],
    { numRuns: 150 },
  )(
    'the line of the bulkhead stays empty, the server sees the token bucket, every call ends, and all room comes back',
    async (maxConcurrent, answers, all) => {
      const world = new World(maxConcurrent, answers);
      for (const one of all) {
        world.ask(one);
        await world.advance(one.pauseMs);
      }
      await world.advance(60_000);
      expect(world.ended).toEqual(all.map(() => 1));
      for (const [from, fromMs] of world.arrivedMs.entries()) {
        for (const [more, atMs] of world.arrivedMs.slice(from).entries()) {
          const allowed = CAPACITY + ((atMs - fromMs) / 1_000) * PER_SECOND;
          expect(more + 1).toBeLessThanOrEqual(allowed + 1e-6);
        }
      }
      expect([world.bulkhead.status(), world.limiter.status().waiting, world.clock.timers]).toEqual([
        { running: 0, abandoned: 0, waiting: 0 },
        0,
        0,
      ]);
      // Kept places as well: all slots can be had again.
      for (let at = 0; at < maxConcurrent; at += 1) {
        expect(world.bulkhead.hasRoom()).toBe(true);
        void world.bulkhead.run<string>(() => new Promise(() => undefined), newCall());
      }
      expect(world.bulkhead.hasRoom()).toBe(false);
    },
  );
});
