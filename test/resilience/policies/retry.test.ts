import { describe, expect, test, vi } from 'vitest';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/index.ts';
import {
  type Failure,
  Retry,
  type RetryDeps,
  type RetryOptions,
  type Work,
} from '../../../src/resilience/index.ts';
import { failed, success } from '../../../src/resilience/outcome.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import {
  callOf,
  hasSettled,
  listenersOf,
  notFound,
  samplesOf,
  scripted,
  seen,
  unavailable,
} from './attempts.ts';

/** No jitter, a budget that is never spent. */
const setUp = (options: RetryOptions = {}, deps: Partial<RetryDeps> = {}) => {
  const clock = new ManualClock(1_000_000);
  const retry = new Retry(
    { budget: { minPerSecond: 1_000 }, ...options },
    { clock, random: () => 0, ...deps },
  );
  return { clock, retry };
};

/** Moves a clock on until nothing waits on it, and tells when it had to. */
async function runOut(clock: ManualClock): Promise<readonly number[]> {
  const dueMs: number[] = [];
  const startMs = clock.nowMs();
  for (await nextTurn(); clock.nextDueMs < Infinity; await nextTurn()) {
    dueMs.push(clock.nextDueMs - startMs);
    clock.advanceTo(clock.nextDueMs);
  }
  return dueMs;
}

describe('Retry', () => {
  test('gives the first success, and makes no further attempt', async () => {
    const { clock, retry } = setUp();
    const { work, calls } = scripted('at once', 'never');
    const call = callOf();
    expect(await retry.run(work, call)).toEqual(success('at once'));
    expect(calls).toEqual([call]);
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test.each([
    { name: 'recovers at the second attempt', script: [unavailable(), 'ok'], attempts: 2, ok: true },
    {
      name: 'recovers at the last',
      script: [unavailable(), unavailable(), unavailable(), 'ok'],
      attempts: 4,
      ok: true,
    },
    { name: 'never recovers', script: [unavailable()], attempts: 4, ok: false },
    { name: 'ends with what no attempt helps', script: [unavailable(), notFound()], attempts: 2, ok: false },
    { name: 'is refused at once', script: [notFound()], attempts: 1, ok: false },
  ])('upstream $name: $attempts attempts', async ({ script, attempts, ok }) => {
    const { retry } = setUp();
    const { work, calls } = scripted(...script);
    const outcome = await retry.run(work, callOf());
    expect([outcome.ok, calls.length]).toEqual([ok, attempts]);
  });

  test('numbers the attempts, and hands the rest of the call on as it is', async () => {
    const { retry } = setUp();
    const { work, calls } = scripted(unavailable());
    const call = callOf({ priority: 'high', weight: 5, deadlineMs: 60_000 });
    await retry.run(work, call);
    expect(calls).toEqual([1, 2, 3, 4].map((attempt) => ({ ...call, attempt })));
    expect(call.stats.attempts).toBe(4);
  });

  test('gives the very failure of the last attempt', async () => {
    const { retry } = setUp({ retries: 1 });
    const last = unavailable({ status: 502 });
    const outcome = await retry.run(scripted(unavailable(), last).work, callOf());
    expect(!outcome.ok && outcome.failure).toBe(last);
  });

  test.each([
    { own: 3, ofCall: undefined, attempts: 4 },
    { own: 0, ofCall: undefined, attempts: 1 },
    { own: 3, ofCall: 0, attempts: 1 },
    { own: 3, ofCall: 1, attempts: 2 },
    { own: 0, ofCall: 5, attempts: 6 },
    { own: 3, ofCall: -1, attempts: 1 },
    { own: 3, ofCall: NaN, attempts: 1 },
    { own: 3, ofCall: 1.9, attempts: 2 },
  ])('retries of $own, of the call $ofCall: $attempts attempts', async ({ own, ofCall, attempts }) => {
    const { retry } = setUp({ retries: own });
    const { work, calls } = scripted(unavailable());
    await retry.run(work, callOf({ retries: ofCall }));
    expect(calls).toHaveLength(attempts);
  });

  const about = { upstream: 'unknown', mayRetry: true } as const;
  test.each<Failure>([
    { ...about, code: 'CIRCUIT_OPEN', state: 'open' },
    { ...about, code: 'BULKHEAD_FULL', running: 1, waiting: 0 },
    { ...about, code: 'RATE_LIMITED', because: 'banned' },
    { ...about, code: 'ABORTED', reason: 'left' },
    { ...about, code: 'TIMED_OUT', scope: 'total', timeoutMs: 5 },
    { ...about, code: 'WORK_FAILED', mayRetry: false, error: 1 },
  ])('never makes another attempt after $code, $mayRetry', async (failure) => {
    const { retry } = setUp();
    const { work, calls } = scripted(failure);
    const outcome = await retry.run(work, callOf());
    expect(!outcome.ok && outcome.failure).toBe(failure);
    expect(calls).toHaveLength(1);
  });

  test.each<Failure>([
    { ...about, code: 'TIMED_OUT', scope: 'attempt', timeoutMs: 5 },
    { ...about, code: 'UPSTREAM_UNREACHABLE', phase: 'connect', error: 1 },
    { ...about, code: 'WORK_FAILED', error: new TypeError('not of the network') },
  ])('makes another attempt after $code', async (failure) => {
    const { retry } = setUp();
    expect(await retry.run(scripted(failure, 'ok').work, callOf())).toEqual(success('ok'));
  });

  test('all that its attempts left running must have ended before its failure says so', async () => {
    const { retry } = setUp({ retries: 2 });
    const [first, third] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const script = [
      unavailable({ stillRunning: first.promise }),
      unavailable(),
      unavailable({ stillRunning: third.promise }),
    ];
    const outcome = await retry.run(scripted(...script).work, callOf());
    const stillRunning = outcome.ok ? undefined : outcome.failure.stillRunning;
    third.resolve(undefined);
    expect(await hasSettled(stillRunning)).toBe(false);
    first.resolve(undefined);
    expect(await hasSettled(stillRunning)).toBe(true);
  });

  test('a failed attempt makes no error, so it costs no stack trace', async () => {
    const { retry } = setUp();
    const made = vi.fn();
    const construct = (target: ErrorConstructor, args: [string]): Error => {
      made();
      return new target(...args);
    };
    vi.stubGlobal('Error', new Proxy(Error, { construct }));
    await retry.run(scripted(unavailable()).work, callOf());
    vi.unstubAllGlobals();
    expect(made).not.toHaveBeenCalled();
  });

  test('work that breaks its promise never to throw is not run again', async () => {
    const { retry } = setUp();
    const work = vi.fn(() => Promise.reject(new Error('a bug')));
    await expect(retry.run(work, callOf())).rejects.toThrow('a bug');
    expect(work).toHaveBeenCalledTimes(1);
  });
});

describe('waits between attempts', () => {
  test.each([
    { random: 0, dueMs: [] },
    { random: 0.5, dueMs: [50, 150, 350, 750, 1_250] },
    { random: 0.999, dueMs: [99.9, 299.7, 699.3, 1_498.5, 2_497.5] },
  ])('full jitter: a draw of $random waits until $dueMs', async ({ random, dueMs }) => {
    const { clock, retry } = setUp(
      { retries: 5, baseDelayMs: 100, maxDelayMs: 1_000 },
      { random: () => random },
    );
    const outcome = seen(retry.run(scripted(unavailable()).work, callOf()));
    const due = await runOut(clock);
    expect(due.map((ms) => Math.round(ms * 1_000) / 1_000)).toEqual(dueMs);
    expect(outcome.value?.ok).toBe(false);
  });

  test.each([
    { name: 'none', retryAfterMs: undefined, waitMs: 50 },
    { name: 'now', retryAfterMs: 0, waitMs: 50 },
    { name: 'less than the jitter', retryAfterMs: 20, waitMs: 70 },
    { name: 'exactly the cap', retryAfterMs: 30_000, waitMs: 30_050 },
  ])('what the upstream asks for comes first, then the jitter: $name', async ({ retryAfterMs, waitMs }) => {
    const { clock, retry } = setUp({}, { random: () => 0.5 });
    void retry.run(scripted(unavailable({ retryAfterMs }), 'ok').work, callOf());
    expect(await runOut(clock)).toEqual([waitMs]);
  });

  test.each([
    { name: 'more than the cap', retryAfterMs: 30_001, deadlineMs: Infinity },
    { name: 'for ever', retryAfterMs: Infinity, deadlineMs: Infinity },
    { name: 'no number', retryAfterMs: NaN, deadlineMs: Infinity },
    { name: 'until the deadline', retryAfterMs: 9_950, deadlineMs: 10_000 },
    { name: 'nothing, but the jitter passes the deadline', retryAfterMs: undefined, deadlineMs: 50 },
  ])('gives up at once when the upstream asks for $name', async ({ retryAfterMs, deadlineMs }) => {
    const { clock, retry } = setUp({}, { random: () => 0.5 });
    const failure = unavailable({ retryAfterMs });
    const { work, calls } = scripted(failure);
    const outcome = await retry.run(work, callOf({ deadlineMs }));
    expect(!outcome.ok && outcome.failure).toBe(failure);
    expect([calls.length, clock.nextDueMs]).toEqual([1, Infinity]);
  });

  test('waits when there is a millisecond left before the deadline', async () => {
    const { clock, retry } = setUp({ retries: 1 }, { random: () => 0.5 });
    void retry.run(scripted(unavailable()).work, callOf({ deadlineMs: 51 }));
    expect(await runOut(clock)).toEqual([50]);
  });

  test('a wall clock that jumps back does not lengthen a wait', async () => {
    const { clock, retry } = setUp({ retries: 1 }, { random: () => 0.5 });
    const outcome = seen(retry.run(scripted(unavailable(), 'ok').work, callOf()));
    await nextTurn();
    clock.jump(-3_600_000);
    clock.advance(50);
    await nextTurn();
    expect(outcome.value).toEqual(success('ok'));
  });

  test('an abort ends the wait within one tick, with its reason, and leaves nothing behind', async () => {
    const { clock, retry } = setUp({}, { random: () => 0.5 });
    const caller = new AbortController();
    const stillRunning = Promise.resolve();
    const { work, calls } = scripted(unavailable({ stillRunning }));
    const outcome = seen(retry.run(work, callOf({ signal: caller.signal })));
    await nextTurn();
    expect(listenersOf(caller.signal)).toBe(1);
    caller.abort('shutdown');
    await nextTurn();
    expect(outcome.value).toEqual({
      ok: false,
      failure: { code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason: 'shutdown', stillRunning },
    });
    expect([calls.length, clock.nextDueMs, listenersOf(caller.signal)]).toEqual([1, Infinity, 0]);
  });

  test('a caller that left during the attempt gets no other, whatever the budget says', async () => {
    const { retry } = setUp({ budget: { ratio: 0, minPerSecond: 0 } });
    const caller = new AbortController();
    const { work, calls } = scripted(unavailable());
    const leaving: Work<string> = (call) => {
      caller.abort('left');
      return work(call);
    };
    const outcome = await retry.run(leaving, callOf({ signal: caller.signal }));
    expect(outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
    expect(calls).toHaveLength(1);
  });

  test('does not begin for a caller that has left', async () => {
    const { retry } = setUp();
    const { work, calls } = scripted('never');
    const outcome = await retry.run(work, callOf({ signal: AbortSignal.abort('left') }));
    expect(outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
    expect(calls).toEqual([]);
  });

  test('1,000 retried calls under one long-lived signal leave no listener', async () => {
    const { clock, retry } = setUp({}, { random: () => 0.5 });
    const { signal } = new AbortController();
    const all = Array.from({ length: 1_000 }, () =>
      retry.run(scripted(unavailable(), 'ok').work, callOf({ signal })),
    );
    await runOut(clock);
    expect((await Promise.all(all)).every(({ ok }) => ok)).toBe(true);
    expect(listenersOf(signal)).toBe(0);
  });
});

describe('what a further attempt needs', () => {
  const limited: Failure = {
    code: 'RATE_LIMITED',
    upstream: 'unknown',
    mayRetry: false,
    because: 'wait-too-long',
  };

  test('a token before each further attempt, none before the first', async () => {
    const before = vi.fn(() => Promise.resolve(undefined));
    const { retry } = setUp({ retries: 2 }, { before });
    const call = callOf({ priority: 'critical' });
    await retry.run(scripted(unavailable()).work, call);
    expect(before.mock.calls).toEqual([[call], [call]]);
  });

  test('the token refused: the failure of the attempt comes back, not the refusal', async () => {
    const { retry } = setUp({}, { before: () => Promise.resolve(limited) });
    const failure = unavailable();
    const { work, calls } = scripted(failure);
    const outcome = await retry.run(work, callOf());
    expect(!outcome.ok && outcome.failure).toBe(failure);
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['refused', limited],
    ['granted', undefined],
  ])('an abort while waiting for the token, %s, ends the call', async (_how, answer) => {
    const caller = new AbortController();
    const before = (): Promise<Failure | undefined> => {
      caller.abort('left');
      return Promise.resolve(answer);
    };
    const { retry } = setUp({}, { before });
    const { work, calls } = scripted(unavailable());
    const outcome = await retry.run(work, callOf({ signal: caller.signal }));
    expect(outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
    expect(calls).toHaveLength(1);
  });

  test('an abort in the wait before: no token is asked for', async () => {
    const before = vi.fn(() => Promise.resolve(undefined));
    const { retry } = setUp({}, { before, random: () => 0.5 });
    const caller = new AbortController();
    const outcome = retry.run(scripted(unavailable()).work, callOf({ signal: caller.signal }));
    await nextTurn();
    caller.abort('left');
    expect(await outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
    expect(before).not.toHaveBeenCalled();
  });

  test('a budget: when it is spent, the failure comes back at once', async () => {
    const { clock, retry } = setUp({ budget: { ratio: 0, minPerSecond: 2 } }, { random: () => 0.5 });
    const { work, calls } = scripted(unavailable());
    const outcome = seen(retry.run(work, callOf()));
    await nextTurn();
    clock.advance(50);
    await nextTurn();
    clock.advance(100);
    await nextTurn();
    expect([calls.length, clock.nextDueMs]).toEqual([3, Infinity]);
    expect(outcome.value).toEqual(failed(unavailable()));
  });
});

describe('metrics and options of Retry', () => {
  test('each retry counts, and each call that got none or no further one, by why', async () => {
    const metrics = new MetricsRegistry();
    const deps = { metrics, random: () => 0.5 };
    const clock = new ManualClock();
    const retry = new Retry(
      { retries: 1, baseDelayMs: 2, budget: { ratio: 0, minPerSecond: 2 } },
      { clock, ...deps },
    );
    const run = (script: readonly (Failure | string)[], deadlineMs = Infinity): Promise<unknown> => {
      const done = retry.run(scripted(...script).work, callOf({ deadlineMs }));
      return runOut(clock).then(() => done);
    };
    await run([unavailable(), 'ok']);
    await run([notFound()]);
    await run([unavailable()]);
    await run([unavailable()], 1);
    await run([unavailable()]);
    await run([{ code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason: 1 }]);
    expect(await samplesOf(metrics, 'trading_retries_total')).toEqual(
      [
        ['retried', 2],
        ['exhausted', 1],
        ['not-retryable', 1],
        ['budget', 1],
        ['wait-too-long', 1],
        ['aborted', 1],
      ].map(
        ([outcome, count]) =>
          `trading_retries_total{target="retry",outcome="${String(outcome)}"} ${String(count)}`,
      ),
    );
  });

  test('without a source of random numbers it takes the one of the machine', async () => {
    const clock = new ManualClock();
    const retry = new Retry({ retries: 1 }, { clock });
    void retry.run(scripted(unavailable()).work, callOf());
    const [dueMs] = await runOut(clock);
    expect(dueMs).toBeGreaterThan(0);
    expect(dueMs).toBeLessThan(100);
  });

  test.each([
    ['half a retry', { retries: 1.5 }],
    ['less than none', { retries: -1 }],
    ['a wait of NaN', { baseDelayMs: NaN }],
    ['a negative wait', { maxDelayMs: -1 }],
    ['a first wait longer than any', { baseDelayMs: 101, maxDelayMs: 100 }],
    ['a negative cap', { maxRetryAfterMs: -1 }],
    ['a negative ratio', { budget: { ratio: -0.1 } }],
    ['a misspelt option', { maxRetries: 3 } as never],
  ])('refuses %s', (_what, options: RetryOptions) => {
    expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

test.each<Failure>([
  { code: 'CIRCUIT_OPEN', upstream: 'unknown', mayRetry: false, state: 'open' },
  { code: 'BULKHEAD_FULL', upstream: 'unknown', mayRetry: false, running: 1, waiting: 1 },
  { code: 'RATE_LIMITED', upstream: 'unknown', mayRetry: false, because: 'queue-full' },
])('a further attempt that is not made ($code) does not hide what went wrong before', async (refusal) => {
  const { retry } = setUp({ retries: 3 });
  const first = unavailable();
  const { work, calls } = scripted(first, refusal);
  await expect(retry.run(work, callOf())).resolves.toEqual({ ok: false, failure: first });
  expect(calls).toHaveLength(2);
});
