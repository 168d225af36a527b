import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { CircuitWorld, type RunningCall } from '../../resilience/policies/circuit-world.ts';
import { CircuitModel, type ModelCall } from './circuit-model.ts';

const RUNS = { numRuns: 500 };

const rules = fc.record({
  minCalls: fc.integer({ min: 1, max: 6 }),
  failureRate: fc.constantFrom(0.1, 0.3, 0.5, 0.7, 1),
  windowMs: fc.constantFrom(1_000, 10_000, 700),
  slowCallMs: fc.constantFrom(50, 1_000, Infinity),
  openMs: fc.constantFrom(100, 5_000),
  maxOpenMs: fc.constantFrom(5_000, 20_000),
  probeTimeoutMs: fc.constantFrom(200, 3_000),
});

const answer = fc.constantFrom('ok', 'fail', 'fail', 'alive', 'unknown');
/** Which of the running calls. */
const which = fc.nat({ max: 20 });

const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('call'), answer }) },
  { weight: 15, arbitrary: fc.record({ kind: fc.constant('start') }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('end'), which, answer }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('abort'), which }) },
  {
    weight: 25,
    arbitrary: fc.record({
      kind: fc.constant('advance'),
      ms: fc.oneof(
        fc.constantFrom(1, 49, 50, 51, 99, 100, 200, 1_000, 3_000, 4_999, 5_000, 10_000, 100_000),
        fc.nat({ max: 3_000 }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('isolate', 'release', 'release') }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Both {
  readonly real: RunningCall;
  readonly model: ModelCall;
  readonly controller: AbortController;
}

/** Drives a breaker and its model through the same history, and compares them after each step. */
class Pair {
  readonly world;
  readonly model;
  readonly #running: Both[] = [];

  constructor(options: ConstructorParameters<typeof CircuitModel>[0]) {
    this.world = new CircuitWorld(options);
    this.model = new CircuitModel(options);
  }

  async start(): Promise<Both | undefined> {
    const controller = new AbortController();
    const model = this.model.start(this.world.clock.monotonicMs());
    const real = this.world.start({ signal: controller.signal });
    expect(real.reached).toBe(typeof model === 'object');
    if (typeof model === 'object') return { real, model, controller };
    expect(await real.outcome).toMatchObject({
      ok: false,
      failure: {
        code: 'CIRCUIT_OPEN',
        state: this.model.state,
        retryAfterMs: model === Infinity ? undefined : model,
      },
    });
    return undefined;
  }

  async end({ real, model }: Both, given: 'ok' | 'fail' | 'alive' | 'unknown'): Promise<void> {
    this.model.end(model, given, this.world.clock.monotonicMs());
    const outcome = await real.end(given);
    expect(outcome.ok).toBe(given === 'ok');
  }

  async take(one: Step): Promise<void> {
    if ('ms' in one) this.world.clock.advance(one.ms);
    else if (one.kind === 'isolate') {
      this.model.isolate();
      this.world.breaker.isolate('said so');
    } else if (one.kind === 'release') {
      this.model.release();
      this.world.breaker.release();
    } else if ('which' in one) {
      const at = one.which % Math.max(this.#running.length, 1);
      const both = this.#running[at];
      if (both === undefined) return;
      if ('answer' in one) {
        this.#running.splice(at, 1);
        await this.end(both, one.answer);
      } else {
        both.model.isAborted = true;
        both.controller.abort();
      }
    } else {
      const both = await this.start();
      if (both === undefined) return;
      if ('answer' in one) await this.end(both, one.answer);
      else this.#running.push(both);
    }
  }

  check(): void {
    const { state, counts } = this.world.breaker.explain();
    const { calls, bad } = this.model.counts(this.world.clock.monotonicMs());
    expect({ state, calls: counts.calls, bad: counts.failed + counts.slow }).toEqual({
      state: this.model.state,
      calls,
      bad,
    });
  }
}

describe('CircuitBreaker', () => {
  test.prop([rules, fc.array(step, { maxLength: 120 })], RUNS)(
    'is what a list of timestamps says, through any history',
    async (options, steps) => {
      const pair = new Pair(options);
      for (const one of steps) {
        await pair.take(one);
        pair.check();
      }
    },
  );

  test.prop([rules, fc.array(step, { maxLength: 120 })], RUNS)(
    'is closed again after success in time, whatever was before, unless isolated',
    async (options, steps) => {
      const pair = new Pair(options);
      for (const one of steps) await pair.take(one);
      if (pair.world.breaker.state === 'isolated') pair.world.breaker.release();
      pair.world.clock.advance(Math.max(options.maxOpenMs, options.probeTimeoutMs));
      await pair.world.calls(1, 'ok');
      expect(pair.world.breaker.state).toBe('closed');
    },
  );

  test.prop([rules, fc.array(step, { maxLength: 120 })], RUNS)(
    'tells each change once, and the changes join',
    async (options, steps) => {
      const pair = new Pair(options);
      for (const one of steps) await pair.take(one);
      let state = 'closed';
      for (const { from, to } of pair.world.changes) {
        expect(from).toBe(state);
        expect(to).not.toBe(state);
        state = to;
      }
      expect(state).toBe(pair.world.breaker.state);
    },
  );
});
