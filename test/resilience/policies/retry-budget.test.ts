import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { Retry, RetryBudget, type RetryBudgetOptions } from '../../../src/resilience/index.ts';
import { callOf, scripted, unavailable } from './attempts.ts';

const setUp = (options: RetryBudgetOptions = {}) => {
  const clock = new ManualClock(1_000_000);
  return { clock, budget: new RetryBudget(options, { clock }) };
};

/** Takes out what there is. */
function takeAll(budget: RetryBudget): number {
  let taken = 0;
  while (taken < 100_000 && budget.withdraw()) taken += 1;
  return taken;
}

/** Calls at an even pace, each retried as often as the budget lets it, up to `retries`, with no wait in between. */
async function outage(callsPerSecond: number, seconds: number, retries = 3) {
  const clock = new ManualClock();
  const retry = new Retry({ retries, baseDelayMs: 0 }, { clock });
  const { work, calls } = scripted(unavailable());
  for (let at = 0; at < callsPerSecond * seconds; at += 1) {
    await retry.run(work, callOf());
    clock.advance(1_000 / callsPerSecond);
  }
  return { attempts: calls.length, calls: callsPerSecond * seconds };
}

describe('RetryBudget', () => {
  test.each([
    { options: {}, calls: 0, retries: 10 },
    { options: {}, calls: 100, retries: 20 },
    { options: { ratio: 0.5 }, calls: 100, retries: 60 },
    { options: { ratio: 0 }, calls: 100, retries: 10 },
    { options: { minPerSecond: 0 }, calls: 0, retries: 0 },
    { options: { minPerSecond: 0 }, calls: 9, retries: 0 },
    { options: { minPerSecond: 0, ratio: 0.125 }, calls: 8, retries: 1 },
    { options: { minPerSecond: 0.2 }, calls: 0, retries: 1 },
  ])('$options after $calls calls at once: $retries retries', ({ options, calls, retries }) => {
    const { budget } = setUp(options);
    for (let at = 0; at < calls; at += 1) budget.deposit();
    expect(takeAll(budget)).toBe(retries);
  });

  test.each([
    { passedMs: 99, retries: 0 },
    { passedMs: 101, retries: 1 },
    { passedMs: 1_001, retries: 10 },
    { passedMs: 3_600_000, retries: 10 },
  ])('$passedMs ms after it was spent: $retries retries', ({ passedMs, retries }) => {
    const { clock, budget } = setUp();
    takeAll(budget);
    clock.advance(passedMs);
    expect(takeAll(budget)).toBe(retries);
  });

  test('what was earned fades: 37 % after a window, nothing after a long quiet time', () => {
    const { clock, budget } = setUp({ minPerSecond: 0, windowMs: 10_000 });
    const earn = (): void => {
      for (let at = 0; at < 10_000; at += 1) budget.deposit();
    };
    earn();
    clock.advance(10_000);
    expect(takeAll(budget)).toBe(367);
    earn();
    clock.advance(100_000);
    expect(takeAll(budget)).toBe(0);
  });

  test('a wall clock that jumps, back or forward, earns and costs nothing', () => {
    const { clock, budget } = setUp();
    takeAll(budget);
    clock.jump(3_600_000);
    expect(takeAll(budget)).toBe(0);
    clock.jump(-7_200_000);
    expect(takeAll(budget)).toBe(0);
    clock.advance(1_001);
    expect(takeAll(budget)).toBe(10);
  });

  test.each([
    { ratio: -0.1 },
    { ratio: NaN },
    { ratio: 11 },
    { minPerSecond: -1 },
    { minPerSecond: Infinity },
    { windowMs: 0 },
    { max: 1 } as never,
  ])('refuses %j', (options: RetryBudgetOptions) => {
    expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('retries under a full outage', () => {
  test('1,000 calls a second for a minute: at most 1.2 attempts per call, and some retries', async () => {
    const { attempts, calls } = await outage(1_000, 60);
    expect(attempts).toBeLessThanOrEqual(1.2 * calls);
    expect(attempts).toBeGreaterThan(1.05 * calls);
  }, 60_000);

  test('one call a second: every retry is made', async () => {
    expect(await outage(1, 60)).toEqual({ attempts: 4 * 60, calls: 60 });
  });

  test('a healthy hour earns no storm: the retries of its first second stay within what the window holds', async () => {
    const clock = new ManualClock();
    const budget = new RetryBudget({}, { clock });
    for (let at = 0; at < 360_000; at += 1) {
      clock.advance(10);
      budget.deposit();
    }
    expect(takeAll(budget)).toBeLessThanOrEqual(0.1 * 100 * 10 + 10);
  });

  test('after an outage the budget is full again', async () => {
    const { clock, budget } = setUp();
    for (let at = 0; at < 60_000; at += 1) {
      budget.deposit();
      takeAll(budget);
      clock.advance(1);
    }
    for (let at = 0; at < 10_000; at += 1) {
      budget.deposit();
      clock.advance(1);
    }
    expect(takeAll(budget)).toBeGreaterThan(600);
  });
});
