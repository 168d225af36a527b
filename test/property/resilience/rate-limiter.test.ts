import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { newCall } from '../../../src/resilience/call.ts';
import { type Failure, PRIORITIES, RateLimiter } from '../../../src/resilience/index.ts';
import { CountingClock } from '../../resilience/policies/waiting-world.ts';

const bucket = fc.record({
  capacity: fc.integer({ min: 3, max: 12 }),
  refillPerSecond: fc.constantFrom(0.5, 1, 3, 7, 10, 61 / 3),
  counts: fc.constantFrom('weight' as const, 'calls' as const),
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('ask' as const),
      weight: fc.constantFrom(0, 0.5, 1, 1, 1, 2, 3, 20),
      priority: fc.constantFrom(...PRIORITIES),
      deadlineInMs: fc.constantFrom(Infinity, Infinity, 0, 300, 2_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 1_500 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('rest' as const), ms: fc.constantFrom(10_000, 86_400_000) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('abort' as const), which: fc.nat({ max: 100 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 4_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('observe' as const), used: fc.constantFrom(0, 2, 5, 20, NaN) }),
  },
);

interface Asked {
  readonly weight: number;
  readonly priority: (typeof PRIORITIES)[number];
  readonly askedMs: number;
  readonly deadlineMs: number;
  readonly controller: AbortController;
  readonly ends: (Failure | undefined)[];
  endedMs: number;
  waitMs: number;
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Limit = typeof bucket extends fc.Arbitrary<infer L> ? L : never;

const MAX_WAIT_MS = 3_000;
const MAX_QUEUED = 6;

/** Plays a script, and what is true at every moment of it. */
class Script {
  readonly clock = new CountingClock();
  readonly limiter: RateLimiter;
  readonly asked: Asked[] = [];
  readonly pauses: (readonly [fromMs: number, untilMs: number])[] = [];
  readonly #limits: readonly Limit[];

  constructor(buckets: readonly Limit[]) {
    this.#limits = buckets;
    this.limiter = new RateLimiter(
      {
        buckets: buckets.map((one, at) => ({ ...one, name: String(at) })),
        maxQueued: MAX_QUEUED,
        maxWaitMs: MAX_WAIT_MS,
        ageingMs: 500,
      },
      { clock: this.clock },
    );
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const todo of steps) {
      switch (todo.what) {
        case 'ask':
          this.#ask(todo);
          break;
        case 'advance':
        case 'rest':
          await this.#advance(todo.ms);
          break;
        case 'abort':
          this.#waiting[todo.which % Math.max(1, this.#waiting.length)]?.controller.abort();
          break;
        case 'pause': {
          const nowMs = this.clock.monotonicMs();
          this.limiter.pauseFor(todo.ms);
          this.pauses.push([nowMs, nowMs + todo.ms]);
          break;
        }
        case 'observe':
          this.limiter.observe('0', todo.used);
          break;
      }
      await settled();
      this.#check();
    }
    await this.#advance(100_000);
  }

  get granted(): readonly Asked[] {
    return this.asked.filter(({ ends }) => ends.length === 1 && ends[0] === undefined);
  }

  get #waiting(): readonly Asked[] {
    return this.asked.filter(({ ends }) => ends.length === 0);
  }

  #ask({ weight, priority, deadlineInMs }: Step & { what: 'ask' }): void {
    const askedMs = this.clock.monotonicMs();
    const controller = new AbortController();
    const asked: Asked = {
      weight,
      priority,
      askedMs,
      deadlineMs: askedMs + deadlineInMs,
      controller,
      ends: [],
      endedMs: NaN,
      waitMs: NaN,
    };
    this.asked.push(asked);
    const call = {
      ...newCall({ weight, priority, signal: controller.signal }),
      deadlineMs: asked.deadlineMs,
    };
    void this.limiter.acquire(call).then((failure) => {
      asked.ends.push(failure);
      asked.endedMs = this.clock.monotonicMs();
      asked.waitMs = call.stats.waitMs;
    });
  }

  async #advance(ms: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + ms;
    await settled();
    while (this.clock.nextDueMs <= untilMs) {
      this.clock.advanceTo(this.clock.nextDueMs);
      await settled();
      this.#check();
    }
    this.clock.advance(Math.max(0, untilMs - this.clock.monotonicMs()));
    await settled();
  }

  #check(): void {
    const { waiting, buckets } = this.limiter.status();
    expect(waiting).toBe(this.#waiting.length);
    expect(waiting).toBeLessThanOrEqual(MAX_QUEUED);
    expect(this.clock.timers).toBe(waiting > 0 ? 1 : 0);
    for (const [at, { capacity }] of this.#limits.entries()) {
      expect(buckets[at]?.level).toBeGreaterThanOrEqual(0);
      expect(buckets[at]?.level).toBeLessThanOrEqual(capacity);
    }
  }

  /** No window lets more through than the capacity and what grew. */
  checkWindows(): void {
    const gone = this.granted.toSorted((one, other) => one.endedMs - other.endedMs);
    for (const { capacity, refillPerSecond, counts } of this.#limits) {
      for (let from = 0; from < gone.length; from++) {
        let amount = 0;
        for (const { endedMs, weight } of gone.slice(from)) {
          amount += counts === 'weight' ? weight : 1;
          const seconds = (endedMs - (gone[from]?.endedMs ?? NaN)) / 1_000;
          expect(amount).toBeLessThanOrEqual(capacity + seconds * refillPerSecond + 1e-6);
        }
      }
    }
  }
}

/** Long enough for every promise that is ready. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await Promise.resolve();
}

const script: [buckets: fc.Arbitrary<Limit[]>, steps: fc.Arbitrary<Step[]>] = [
  fc.array(bucket, { minLength: 1, maxLength: 3 }),
  fc.array(step, { minLength: 1, maxLength: 60 }),
];

describe('a rate limiter, over any script', () => {
  test.prop(script, { numRuns: 400 })(
    'lets no window of T seconds have more than capacity + T * rate, in any bucket',
    async (buckets, steps) => {
      const world = new Script(buckets);
      await world.play(steps);
      world.checkWindows();
    },
  );

  test.prop(script, { numRuns: 400 })(
    'ends every call exactly once, in time, and for its own reason',
    async (buckets, steps) => {
      const world = new Script(buckets);
      await world.play(steps);
      for (const { ends, endedMs, askedMs, deadlineMs, controller, waitMs } of world.asked) {
        expect(ends).toHaveLength(1);
        const waitedMs = endedMs - askedMs;
        expect(waitMs).toBe(waitedMs);
        expect(waitedMs).toBeLessThanOrEqual(MAX_WAIT_MS + 1e-6);
        if (waitedMs > 0) expect(endedMs).toBeLessThanOrEqual(deadlineMs + 1e-6);
        const [failure] = ends;
        expect([undefined, 'ABORTED', 'RATE_LIMITED']).toContain(failure?.code);
        if (failure?.code === 'ABORTED') expect(controller.signal.aborted).toBe(true);
        if (failure?.retryAfterMs !== undefined) expect(failure.retryAfterMs).toBeGreaterThan(0);
      }
      expect([world.limiter.status().waiting, world.clock.timers]).toEqual([0, 0]);
    },
  );

  test.prop(script, { numRuns: 400 })('lets nobody go in a pause', async (buckets, steps) => {
    const world = new Script(buckets);
    await world.play(steps);
    for (const { endedMs } of world.granted) {
      for (const [fromMs, untilMs] of world.pauses)
        // What went in the moment before the pause began went before it.
        expect(endedMs <= fromMs || endedMs >= untilMs).toBe(true);
    }
  });

  test.prop(script, { numRuns: 400 })(
    'of two that both waited and went, the first to come is the first to go unless the other is more urgent',
    async (buckets, steps) => {
      const world = new Script(buckets);
      await world.play(steps);
      for (const [at, one] of world.granted.entries()) {
        for (const other of world.granted.slice(at + 1)) {
          if (other.askedMs >= one.endedMs) continue; // it had gone
          const ranks = [one, other].map(({ priority }) => PRIORITIES.indexOf(priority)) as [number, number];
          const isAhead = one.askedMs + ranks[0] * 500 <= other.askedMs + ranks[1] * 500;
          if (isAhead) expect(one.endedMs).toBeLessThanOrEqual(other.endedMs);
          else expect(other.endedMs).toBeLessThanOrEqual(one.endedMs);
        }
      }
    },
  );
});
