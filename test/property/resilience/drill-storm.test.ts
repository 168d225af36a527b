import { getEventListeners } from 'node:events';
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
  type Priority,
  RateLimiter,
  Retry,
  Timeout,
  type Work,
  pipeline,
} from '../../../src/resilience/index.ts';
import { CountingClock } from '../../resilience/policies/waiting-world.ts';
import { runs } from '../../support/runs.ts';

const MAX_CONCURRENT = 3;
const MAX_QUEUED = 8;
const CAPACITY = 4;
const PER_SECOND = 20;
const TIMEOUT_MS = 2_000;
const MAX_WAIT_MS = 1_500;

/** What an attempt does: it answers after a while, fails, hangs until it is told to end, or goes on when it is. */
const attempt = fc.record({
  how: fc.oneof(
    { weight: 6, arbitrary: fc.constant('fine' as const) },
    { weight: 3, arbitrary: fc.constant('failing' as const) },
    { weight: 1, arbitrary: fc.constant('refused' as const) },
    { weight: 1, arbitrary: fc.constant('hangs' as const) },
    { weight: 1, arbitrary: fc.constant('deaf' as const) },
    { weight: 1, arbitrary: fc.constant('throws' as const) },
  ),
  afterMs: fc.constantFrom(0, 0, 1, 10, 50, 200, 600),
});
type Scripted = typeof attempt extends fc.Arbitrary<infer A> ? A : never;

const asked = fc.record({
  priority: fc.constantFrom(...PRIORITIES),
  weight: fc.constantFrom(1, 1, 1, 2, 4, 9),
  pauseMs: fc.constantFrom(0, 0, 0, 1, 20, 100, 1_000),
  abortAfterMs: fc.option(fc.constantFrom(0, 1, 30, 100, 700), { nil: undefined, freq: 4 }),
  timeoutMs: fc.option(fc.constantFrom(1, 50, 300), { nil: undefined, freq: 4 }),
});
type Asked = typeof asked extends fc.Arbitrary<infer A> ? A : never;

interface Ended {
  readonly signal: AbortSignal;
  readonly outcomes: Outcome<number>[];
}

const down: Failure = { code: 'WORK_FAILED', upstream: 'failing', mayRetry: true, error: 'down' };
const no: Failure = { code: 'WORK_FAILED', upstream: 'alive', mayRetry: false, error: 'no' };

/** All policies at once over an upstream that does what a script says. */
class Storm {
  readonly clock = new CountingClock();
  readonly calls: Ended[] = [];
  /** Attempts on their way to the upstream: when, and with what weight. */
  readonly sent: { readonly atMs: number; readonly weight: number }[] = [];
  mostRunning = 0;
  running = 0;
  readonly limiter: RateLimiter;
  readonly bulkhead: Bulkhead;
  readonly breaker: CircuitBreaker;
  readonly #policies: Policy;
  readonly #script: readonly Scripted[];
  #attempts = 0;

  constructor(script: readonly Scripted[], hasHedge: boolean) {
    const { clock } = this;
    const random = (): number => (this.#attempts % 10) / 10;
    this.#script = script;
    this.limiter = new RateLimiter(
      {
        buckets: [{ name: 'weight', capacity: CAPACITY, refillPerSecond: PER_SECOND }],
        maxQueued: MAX_QUEUED,
        maxWaitMs: MAX_WAIT_MS,
      },
      { clock },
    );
    const tokens = (call: Parameters<RateLimiter['acquire']>[0]): Promise<Failure | undefined> =>
      this.limiter.acquire(call);
    this.bulkhead = new Bulkhead({ maxConcurrent: MAX_CONCURRENT, maxQueued: MAX_QUEUED }, { clock });
    this.breaker = new CircuitBreaker(
      { minCalls: 4, windowMs: 1_000, openMs: 200, maxOpenMs: 800, probeTimeoutMs: 300 },
      { clock, random },
    );
    this.#policies = pipeline({
      rateLimit: this.limiter,
      totalTimeout: new Timeout({ timeoutMs: TIMEOUT_MS, scope: 'total' }, { clock }),
      hedge: hasHedge ? new Hedge({ delayMs: 100 }, { clock, before: tokens }) : undefined,
      retry: new Retry({ baseDelayMs: 20, maxDelayMs: 200 }, { clock, random, before: tokens }),
      breaker: this.breaker,
      bulkhead: this.bulkhead,
      attemptTimeout: new Timeout({ timeoutMs: 400, scope: 'attempt' }, { clock }),
    });
  }

  async play(all: readonly Asked[]): Promise<void> {
    for (const one of all) {
      this.#ask(one);
      await this.advance(one.pauseMs);
    }
    await this.advance(60_000);
  }

  /** Timer by timer, so that what one lets go is done before the next. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + ms;
    await this.clock.turn();
    while (this.clock.nextDueMs <= untilMs) {
      this.clock.advanceTo(this.clock.nextDueMs);
      await this.clock.turn();
      this.#check();
    }
    this.clock.advance(Math.max(0, untilMs - this.clock.monotonicMs()));
    await this.clock.turn();
  }

  #ask({ priority, weight, abortAfterMs, timeoutMs }: Asked): void {
    const controller = new AbortController();
    const ended: Ended = { signal: controller.signal, outcomes: [] };
    this.calls.push(ended);
    const call = newCall({ priority, weight, timeoutMs, signal: controller.signal });
    if (abortAfterMs !== undefined)
      this.clock.deadline(abortAfterMs, () => {
        controller.abort(new Error('no longer wanted'));
      });
    void this.#policies.run(this.#work, call).then((outcome) => {
      ended.outcomes.push(outcome);
    });
  }

  readonly #work: Work<number> = async ({ signal, weight }) => {
    const { how, afterMs } = this.#script[this.#attempts % this.#script.length] ?? {
      how: 'fine',
      afterMs: 0,
    };
    this.#attempts += 1;
    const number = this.#attempts;
    this.sent.push({ atMs: this.clock.monotonicMs(), weight });
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      if (how === 'deaf') await this.clock.sleep(5_000);
      else await this.clock.sleep(how === 'hangs' ? 1e6 : afterMs, signal).catch(() => undefined);
      if (how === 'throws') throw new Error('the work broke its promise');
      if (signal?.aborted === true)
        return { ok: false, failure: { ...no, code: 'ABORTED', upstream: 'unknown', reason: signal.reason } };
      if (how === 'fine') return { ok: true, value: number };
      return { ok: false, failure: how === 'refused' ? no : down };
    } finally {
      this.running -= 1;
    }
  };

  #check(): void {
    expect(this.running).toBeLessThanOrEqual(MAX_CONCURRENT);
    expect(this.bulkhead.status().running).toBeLessThanOrEqual(MAX_CONCURRENT);
    expect(this.bulkhead.status().waiting).toBeLessThanOrEqual(MAX_QUEUED);
    expect(this.limiter.status().waiting).toBeLessThanOrEqual(MAX_QUEUED);
  }
}

const storm: [script: fc.Arbitrary<Scripted[]>, all: fc.Arbitrary<Asked[]>, hasHedge: fc.Arbitrary<boolean>] =
  [
    fc.array(attempt, { minLength: 1, maxLength: 30 }),
    fc.array(asked, { minLength: 1, maxLength: 60 }),
    fc.boolean(),
  ];

describe('all policies together, in any storm', () => {
  test.prop(storm, runs(150))(
    'every call ends exactly once, and nothing is left of any',
    async (script, all, hasHedge) => {
      const world = new Storm(script, hasHedge);
      await world.play(all);
      expect(world.calls.map(({ outcomes }) => outcomes.length)).toEqual(all.map(() => 1));
      expect(world.calls.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual(
        all.map(() => 0),
      );
      expect(world.bulkhead.status()).toEqual({ running: 0, abandoned: 0, waiting: 0 });
      expect(world.limiter.status().waiting).toBe(0);
      expect([world.running, world.clock.timers]).toEqual([0, 0]);
    },
  );

  test.prop(storm, runs(150))('no more run at a time than have slots', async (script, all, hasHedge) => {
    const world = new Storm(script, hasHedge);
    await world.play(all);
    expect(world.mostRunning).toBeLessThanOrEqual(MAX_CONCURRENT);
  });

  test.prop(storm, runs(150))(
    'no more is sent than there were tokens, retries and hedges with it',
    async (script, all, hasHedge) => {
      const world = new Storm(script, hasHedge);
      await world.play(all);
      let sum = 0;
      for (const { atMs, weight } of world.sent) {
        sum += weight;
        expect(sum).toBeLessThanOrEqual(CAPACITY + (atMs / 1_000) * PER_SECOND + 1e-6);
      }
    },
  );

  test.prop(storm, runs(150))(
    'who succeeds has an answer of its own, and who was aborted says so',
    async (script, all, hasHedge) => {
      const world = new Storm(script, hasHedge);
      await world.play(all);
      const values = world.calls.flatMap(({ outcomes: [outcome] }) =>
        outcome?.ok === true ? [outcome.value] : [],
      );
      expect(new Set(values).size).toBe(values.length);
      for (const { outcomes, signal } of world.calls) {
        const [outcome] = outcomes;
        if (outcome?.ok === false && outcome.failure.code === 'ABORTED') expect(signal.aborted).toBe(true);
      }
    },
  );
});

/** What calls of each priority have waited for, on average, when each second brings more of all than may go. */
async function waitsUnderLoad(perTurn: readonly Priority[]): Promise<Record<Priority, number>> {
  const world = new Storm([{ how: 'fine', afterMs: 10 }], false);
  const waits: Record<Priority, number[]> = { critical: [], high: [], normal: [], low: [] };
  for (let turn = 0; turn < 40; turn += 1) {
    for (const priority of perTurn) {
      const call = newCall({ priority });
      void world.limiter.acquire(call).then((failure) => {
        // Who is refused would have waited for longer than that.
        waits[priority].push(failure === undefined ? call.stats.waitMs : MAX_WAIT_MS);
      });
    }
    await world.advance(100);
  }
  await world.advance(10_000);
  const mean = (all: readonly number[]): number => all.reduce((sum, ms) => sum + ms, 0) / all.length;
  return {
    critical: mean(waits.critical),
    high: mean(waits.high),
    normal: mean(waits.normal),
    low: mean(waits.low),
  };
}

test.prop([fc.shuffledSubarray([...PRIORITIES], { minLength: 4 })], { numRuns: 24 })(
  'in whatever order they come, critical calls wait no longer than low ones on average',
  async (perTurn) => {
    const { critical, low } = await waitsUnderLoad(perTurn);
    expect(critical).toBeLessThanOrEqual(low);
    expect(critical).toBeLessThan(200);
  },
);
