import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { newCall } from '../../../src/resilience/call.ts';
import { Bulkhead, type Outcome, PRIORITIES, Timeout, type Work } from '../../../src/resilience/index.ts';
import { CountingClock } from '../../resilience/policies/waiting-world.ts';

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('ask' as const),
      priority: fc.constantFrom(...PRIORITIES),
      takesMs: fc.constantFrom(0, 10, 50, 400, Infinity),
      heedsAbort: fc.boolean(),
      timeoutMs: fc.constantFrom(20, 100, 1e9),
      ends: fc.constantFrom('value' as const, 'failure' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 200 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('abort' as const), which: fc.nat({ max: 100 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('free' as const), which: fc.nat({ max: 100 }) }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Asked {
  readonly controller: AbortController;
  readonly outcomes: Outcome<unknown>[];
  starts: number;
  /** Ends work that hangs. */
  free: () => void;
}

class Script {
  readonly clock = new CountingClock();
  readonly asked: Asked[] = [];
  readonly bulkhead: Bulkhead;
  readonly #max: number;
  /** Works that run now, whoever still waits for them. */
  running = 0;

  constructor(maxConcurrent: number, maxQueued: number) {
    this.#max = maxConcurrent;
    this.bulkhead = new Bulkhead(
      { maxConcurrent, maxQueued, maxWaitMs: 300, ageingMs: 50 },
      { clock: this.clock },
    );
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const todo of steps) {
      if (todo.what === 'ask') this.#ask(todo);
      else if (todo.what === 'advance') await this.#advance(todo.ms);
      else {
        const one = this.asked[todo.which % Math.max(1, this.asked.length)];
        if (todo.what === 'abort') one?.controller.abort();
        else one?.free();
      }
      await settled();
      this.#check();
    }
  }

  /** Frees all that hangs, until nothing runs and nobody waits. */
  async end(): Promise<void> {
    for (let round = 0; round < this.asked.length + 2; round++) {
      for (const { free } of this.asked) free();
      await this.#advance(500);
    }
  }

  #ask({ priority, takesMs, heedsAbort, timeoutMs, ends }: Step & { what: 'ask' }): void {
    const asked: Asked = {
      controller: new AbortController(),
      outcomes: [],
      starts: 0,
      free: () => undefined,
    };
    this.asked.push(asked);
    const work: Work<unknown> = async (call) => {
      this.running += 1;
      asked.starts += 1;
      expect(this.running).toBeLessThanOrEqual(this.#max);
      await new Promise<void>((resolve) => {
        asked.free = resolve;
        if (takesMs < Infinity) this.clock.deadline(takesMs, resolve);
        if (heedsAbort) call.signal?.addEventListener('abort', () => resolve(), { once: true });
      });
      this.running -= 1;
      if (ends === 'value') return { ok: true, value: 1 };
      return { ok: false, failure: { code: 'WORK_FAILED', upstream: 'failing', mayRetry: false, error: 1 } };
    };
    const timeout = new Timeout({ timeoutMs, scope: 'attempt' }, { clock: this.clock });
    const call = newCall({ priority, signal: asked.controller.signal });
    void this.bulkhead
      .run((inner) => timeout.run(work, inner), call)
      .then((outcome) => asked.outcomes.push(outcome));
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
    const { running, waiting, abandoned } = this.bulkhead.status();
    expect(running).toBe(this.running);
    expect(running).toBeLessThanOrEqual(this.#max);
    expect(abandoned).toBe(
      running - this.asked.filter((one) => one.starts === 1 && one.outcomes.length === 0).length,
    );
    expect(waiting).toBe(this.asked.filter((one) => one.starts === 0 && one.outcomes.length === 0).length);
    if (waiting > 0) expect(running).toBe(this.#max);
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 25; turn++) await Promise.resolve();
}

describe('a bulkhead, over any script of calls, aborts, timeouts and works that hang', () => {
  test.prop(
    [
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 5 }),
      fc.array(step, { minLength: 1, maxLength: 60 }),
    ],
    { numRuns: 500 },
  )(
    'runs no more than `maxConcurrent`, leaves no slot unused while somebody waits, and ends each call once',
    async (maxConcurrent, maxQueued, steps) => {
      const world = new Script(maxConcurrent, maxQueued);
      await world.play(steps);
      await world.end();
      expect(world.bulkhead.status()).toEqual({ running: 0, abandoned: 0, waiting: 0 });
      for (const { outcomes, starts } of world.asked) {
        expect(outcomes).toHaveLength(1);
        const [outcome] = outcomes;
        if (outcome?.ok === true) expect(starts).toBe(1);
        else if (outcome?.failure.code === 'BULKHEAD_FULL') expect(starts).toBe(0);
        else expect(starts).toBeLessThanOrEqual(1);
      }
    },
  );
});
