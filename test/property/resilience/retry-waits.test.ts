import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { type Failure, Retry, RetryBudget, retryAfterMs } from '../../../src/resilience/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import { failed, success } from '../../../src/resilience/outcome.ts';
import { backoffMs } from '../../../src/core/backoff.ts';
import { MAX_RETRY_AFTER_MS } from '../../../src/resilience/retry-after.ts';

const RUNS = { numRuns: 1_000 };

describe('retryAfterMs', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9:, GMTadenov-]{0,40}$/),
    fc.double().map(String),
    fc.date().map(String),
  );

  test.prop([texts, fc.integer({ min: 0, max: 4e12 })], RUNS)(
    'whatever is sent: no wait, or one within its bounds',
    (text, nowMs) => {
      const waitMs = retryAfterMs(text, nowMs);
      expect(waitMs === undefined || (waitMs >= 0 && waitMs <= MAX_RETRY_AFTER_MS)).toBe(true);
    },
  );

  const seconds = fc.integer({ min: 0, max: 4e9 });
  test.prop([seconds, fc.integer({ min: -1e6, max: 1e6 })], RUNS)(
    'a date is as far away as it is',
    (nowS, awayS) => {
      const header = new Date(Math.max(0, nowS + awayS) * 1_000).toUTCString();
      const awayMs = (Math.max(0, nowS + awayS) - nowS) * 1_000;
      expect(retryAfterMs(header, nowS * 1_000)).toBe(Math.min(Math.max(0, awayMs), MAX_RETRY_AFTER_MS));
    },
  );
});

describe('backoffMs', () => {
  const drawn = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const delays = fc.double({ min: 0, max: 1e9, noNaN: true });

  test.prop([fc.nat({ max: 900 }), delays, delays, drawn], RUNS)(
    'never above its cap, never below 0',
    (retry, baseDelayMs, maxDelayMs, draw) => {
      const waitMs = backoffMs(retry, { baseDelayMs, maxDelayMs }, () => draw);
      expect(waitMs >= 0 && waitMs <= maxDelayMs && waitMs <= baseDelayMs * 2 ** retry).toBe(true);
    },
  );
});

describe('RetryBudget', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('calls'), count: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ kind: fc.constant('retries'), count: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ kind: fc.constant('pass'), count: fc.integer({ min: 1, max: 5_000 }) }),
      fc.record({ kind: fc.constant('jump'), count: fc.integer({ min: -1e9, max: 1e9 }) }),
    ),
    { maxLength: 60 },
  );
  const options = fc.record({
    ratio: fc.constantFrom(0, 0.1, 0.25, 1),
    minPerSecond: fc.constantFrom(0, 0.5, 10, 100),
  });

  test.prop([options, steps], RUNS)(
    'never gives more than calls, time and its first second have earned',
    (given, story) => {
      const clock = new ManualClock(1e12);
      const budget = new RetryBudget(given, { clock });
      let [calls, retries] = [0, 0];
      for (const { kind, count } of story) {
        if (kind === 'pass') clock.advance(count);
        if (kind === 'jump') clock.jump(count);
        for (let at = 0; at < count && kind === 'calls'; at += 1, calls += 1) budget.deposit();
        for (let at = 0; at < count && kind === 'retries'; at += 1) retries += budget.withdraw() ? 1 : 0;
        const first = given.minPerSecond === 0 ? 0 : Math.max(1, given.minPerSecond);
        const earned = calls * given.ratio + first + (clock.monotonicMs() / 1_000) * given.minPerSecond;
        expect(retries).toBeLessThanOrEqual(earned + 1e-6);
      }
    },
  );
});

describe('Retry', () => {
  const failure = (mayRetry: boolean): Failure => ({
    code: 'WORK_FAILED',
    upstream: 'failing',
    mayRetry,
    error: 1,
  });
  const ends = fc.constantFrom(
    success('ok'),
    failed(failure(true)),
    failed(failure(true)),
    failed(failure(false)),
  );

  test.prop([fc.array(ends, { minLength: 1, maxLength: 8 }), fc.nat({ max: 6 })], RUNS)(
    'ends with the first outcome that no attempt helps, or with the last that is allowed',
    async (script, retries) => {
      const retry = new Retry(
        { retries, budget: { minPerSecond: 100 } },
        { clock: new ManualClock(), random: () => 0 },
      );
      const outcomes = [...script, success('at last')];
      let attempts = 0;
      const outcome = await retry.run(
        () => Promise.resolve(outcomes[attempts++] ?? success('at last')),
        newCall(),
      );
      const final = outcomes.findIndex((one) => one.ok || !one.failure.mayRetry);
      const expected = Math.min(final, retries);
      expect([outcome, attempts]).toEqual([outcomes[expected], expected + 1]);
    },
  );
});
