import { describe, expect, test, vi } from 'vitest';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/index.ts';
import {
  type Outcome,
  ResilienceError,
  Timeout,
  type TimeoutOptions,
  type Work,
} from '../../../src/resilience/index.ts';
import { success } from '../../../src/resilience/outcome.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import {
  OpenWork,
  callOf,
  hasSettled,
  listenersOf,
  notFound,
  samplesOf,
  seen,
  unavailable,
} from './attempts.ts';

const setUp = (options: Partial<TimeoutOptions> = {}, metrics?: MetricsRegistry) => {
  const clock = new ManualClock(1_000_000);
  const timeout = new Timeout({ timeoutMs: 100, scope: 'attempt', ...options }, { clock, metrics });
  return { clock, timeout, open: new OpenWork() };
};

const attemptTimedOut = {
  code: 'TIMED_OUT',
  scope: 'attempt',
  upstream: 'failing',
  mayRetry: true,
  timeoutMs: 100,
} as const;

describe('Timeout', () => {
  test('gives what the work gives, and leaves no timer and no listener behind', async () => {
    const { clock, timeout, open } = setUp();
    const { signal } = new AbortController();
    const outcome = seen(timeout.run(open.work, callOf({ signal })));
    expect(listenersOf(signal)).toBe(1);
    await open.succeed(0, 'in time');
    expect(outcome.value).toEqual(success('in time'));
    expect([clock.nextDueMs, listenersOf(signal)]).toEqual([Infinity, 0]);
  });

  test('waits one millisecond less than its time, and no longer than it', async () => {
    const { clock, timeout, open } = setUp();
    const outcome = seen(timeout.run(open.work, callOf()));
    clock.advance(99);
    await nextTurn();
    expect(outcome.value).toBeUndefined();
    clock.advance(1);
    await nextTurn();
    expect(outcome.value).toEqual({
      ok: false,
      failure: { ...attemptTimedOut, stillRunning: expect.any(Promise) as Promise<void> },
    });
  });

  test('aborts its own attempt, with the timeout as the reason, and no other', async () => {
    const { clock, timeout, open } = setUp();
    const { signal } = new AbortController();
    void timeout.run(open.work, callOf({ signal }));
    clock.advance(50);
    const second = seen(timeout.run(open.work, callOf({ signal })));
    clock.advance(50);
    const [given, other] = open.calls.map((call) => call.signal);
    expect(given?.reason).toBeInstanceOf(ResilienceError);
    expect((given?.reason as ResilienceError).failure).toEqual(attemptTimedOut);
    expect([other?.aborted, signal.aborted, listenersOf(signal)]).toEqual([false, false, 1]);
    await open.succeed(1, 'unharmed');
    expect(second.value).toEqual(success('unharmed'));
  });

  test.each([
    ['a success', (open: OpenWork) => open.succeed(0, 'late')],
    ['a failure', (open: OpenWork) => open.fail(0, notFound())],
  ])('drops %s that comes late, and says when the work has really ended', async (_what, end) => {
    const { clock, timeout, open } = setUp();
    const outcome = timeout.run(open.work, callOf());
    clock.advance(100);
    const result = await outcome;
    const stillRunning = result.ok ? undefined : result.failure.stillRunning;
    expect(await hasSettled(stillRunning)).toBe(false);
    await end(open);
    expect(await hasSettled(stillRunning)).toBe(true);
    expect(await outcome).toBe(result);
  });

  test('has ended only when what the work had itself given up has ended', async () => {
    const { clock, timeout, open } = setUp();
    const outcome = timeout.run(open.work, callOf());
    clock.advance(100);
    const result = await outcome;
    const deeper = Promise.withResolvers<undefined>();
    await open.fail(0, unavailable({ stillRunning: deeper.promise }));
    const stillRunning = result.ok ? undefined : result.failure.stillRunning;
    expect(await hasSettled(stillRunning)).toBe(false);
    deeper.resolve(undefined);
    expect(await hasSettled(stillRunning)).toBe(true);
  });

  test('passes on a failure that came in time as it is, with the work that still runs', async () => {
    const { timeout, open } = setUp();
    const failure = unavailable({ stillRunning: Promise.resolve() });
    const outcome = seen(timeout.run(open.work, callOf()));
    await open.fail(0, failure);
    expect(outcome.value).toEqual({ ok: false, failure });
    expect(outcome.value?.ok === false && outcome.value.failure).toBe(failure);
  });

  test('an abort of the caller wins within one tick, whatever the work does, with its reason', async () => {
    const { clock, timeout, open } = setUp();
    const caller = new AbortController();
    const outcome = seen(timeout.run(open.work, callOf({ signal: caller.signal })));
    caller.abort('shutdown');
    await Promise.resolve();
    expect(outcome.value).toEqual({
      ok: false,
      failure: {
        code: 'ABORTED',
        upstream: 'unknown',
        mayRetry: false,
        reason: 'shutdown',
        stillRunning: expect.any(Promise) as Promise<void>,
      },
    });
    expect(open.calls[0]?.signal?.reason).toBe('shutdown');
    expect([clock.nextDueMs, listenersOf(caller.signal)]).toEqual([Infinity, 0]);
    const stillRunning = outcome.value?.ok === false ? outcome.value.failure.stillRunning : undefined;
    expect(await hasSettled(stillRunning)).toBe(false);
    await open.succeed(0, 'late');
    expect(await hasSettled(stillRunning)).toBe(true);
  });

  test.each(['attempt', 'total'] as const)(
    'scope %s does not begin for a caller that has left',
    async (scope) => {
      const { clock, timeout, open } = setUp({ scope });
      const outcome = await timeout.run(open.work, callOf({ signal: AbortSignal.abort('left') }));
      expect(outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
      expect([open.calls.length, clock.nextDueMs]).toEqual([0, Infinity]);
    },
  );

  test('an abort while the work starts is not lost', async () => {
    const { timeout } = setUp();
    const caller = new AbortController();
    const work: Work<string> = () => {
      caller.abort('at once');
      return new Promise(() => {});
    };
    const outcome = seen(timeout.run(work, callOf({ signal: caller.signal })));
    await nextTurn();
    expect(outcome.value).toMatchObject({ failure: { code: 'ABORTED', reason: 'at once' } });
  });

  test('what came first stands, whatever the work does about its abort', async () => {
    const { clock, timeout } = setUp();
    const caller = new AbortController();
    const abortsTheCaller: Work<string> = ({ signal }) => {
      signal?.addEventListener('abort', () => caller.abort('too late'));
      return new Promise(() => {});
    };
    const late = seen(timeout.run(abortsTheCaller, callOf({ signal: caller.signal })));
    clock.advance(100);
    await nextTurn();
    expect(late.value).toMatchObject({ failure: { code: 'TIMED_OUT' } });

    const other = new AbortController();
    const movesTheClock: Work<string> = ({ signal }) => {
      signal?.addEventListener('abort', () => clock.advance(100));
      return new Promise(() => {});
    };
    const left = seen(timeout.run(movesTheClock, callOf({ signal: other.signal })));
    other.abort('left');
    await nextTurn();
    expect(left.value).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
  });

  test.each<[string, Work<string>]>([
    ['rejects', () => Promise.reject(new Error('a bug'))],
    [
      'throws',
      () => {
        throw new Error('a bug');
      },
    ],
  ])('work that breaks its promise and %s has failed', async (_how, work) => {
    const { clock, timeout } = setUp();
    const error = new Error('a bug');
    expect(await timeout.run(work, callOf())).toEqual({
      ok: false,
      failure: { code: 'WORK_FAILED', upstream: 'unknown', mayRetry: false, error },
    });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('a clock set back or forward changes nothing', async () => {
    const { clock, timeout, open } = setUp();
    const outcome = seen(timeout.run(open.work, callOf()));
    clock.jump(3_600_000);
    clock.jump(-7_200_000);
    clock.advance(99);
    await nextTurn();
    expect(outcome.value).toBeUndefined();
    clock.advance(1);
    await nextTurn();
    expect(outcome.value).toMatchObject({ failure: { code: 'TIMED_OUT' } });
  });

  test('10,000 calls under one long-lived signal leave no listener, and 1,000 at once no warning', async () => {
    const { clock, timeout } = setUp();
    const warned = vi.fn();
    process.on('warning', warned);
    const { signal } = new AbortController();
    const quick: Work<number> = async () => success(1);
    for (let at = 0; at < 10_000; at += 1) await timeout.run(quick, callOf({ signal }));
    expect([listenersOf(signal), clock.nextDueMs]).toEqual([0, Infinity]);
    const open = new OpenWork();
    const all = Array.from({ length: 1_000 }, () => timeout.run(open.work, callOf({ signal })));
    clock.advance(100);
    await Promise.all(all);
    await nextTurn();
    expect([listenersOf(signal), warned.mock.calls]).toEqual([0, []]);
    process.off('warning', warned);
  });

  test('counts what it gave up, and only that', async () => {
    const metrics = new MetricsRegistry();
    const { clock, timeout, open } = setUp({ name: 'binance' }, metrics);
    void timeout.run(open.work, callOf());
    void timeout.run(open.work, callOf());
    await open.succeed(0, 'in time');
    clock.advance(100);
    expect(await samplesOf(metrics, 'trading_timeouts_total')).toEqual([
      'trading_timeouts_total{target="binance",scope="attempt"} 1',
    ]);
  });
});

describe('Timeout of scope total', () => {
  const total = { scope: 'total', timeoutMs: 100 } as const;

  test.each([
    { name: 'a call without a deadline gets one', outerMs: Infinity, deadlineMs: 1_100, timeoutMs: 100 },
    { name: 'a later one comes nearer', outerMs: 1_101, deadlineMs: 1_100, timeoutMs: 100 },
    { name: 'an earlier one stays', outerMs: 1_030, deadlineMs: 1_030, timeoutMs: 30 },
  ])('narrows the deadline: $name', async ({ outerMs, deadlineMs, timeoutMs }) => {
    const { clock, timeout, open } = setUp(total);
    clock.advance(1_000);
    const outcome = seen(timeout.run(open.work, callOf({ deadlineMs: outerMs })));
    expect(open.calls[0]?.deadlineMs).toBe(deadlineMs);
    clock.advance(timeoutMs - 1);
    await nextTurn();
    expect(outcome.value).toBeUndefined();
    clock.advance(1);
    await nextTurn();
    expect(outcome.value).toMatchObject({ failure: { code: 'TIMED_OUT', scope: 'total', timeoutMs } });
  });

  test('an attempt leaves the deadline of the call as it is', () => {
    const { timeout, open } = setUp();
    void timeout.run(open.work, callOf({ deadlineMs: 5_000 }));
    expect(open.calls[0]?.deadlineMs).toBe(5_000);
  });

  test.each([
    { deadlineMs: 1_000, scope: 'total' },
    { deadlineMs: 999, scope: 'total' },
    { deadlineMs: NaN, scope: 'total' },
    { deadlineMs: 1_000, scope: 'attempt' },
  ] as const)(
    'a deadline of $deadlineMs at 1,000 fails at once, scope $scope',
    async ({ deadlineMs, scope }) => {
      const { clock, timeout, open } = setUp({ scope });
      clock.advance(1_000);
      expect(await timeout.run(open.work, callOf({ deadlineMs }))).toEqual({
        ok: false,
        failure: { code: 'TIMED_OUT', scope: 'total', upstream: 'unknown', mayRetry: false, timeoutMs: 0 },
      });
      expect([open.calls.length, clock.nextDueMs]).toEqual([0, Infinity]);
    },
  );

  test('speaks against the upstream when it was asked, and not when the call only waited', async () => {
    const { clock, timeout, open } = setUp(total);
    const stillWaiting: Work<string> = () => new Promise(() => {});
    const asked = seen(timeout.run(open.work, callOf()));
    const waited = seen(timeout.run(stillWaiting, callOf()));
    clock.advance(100);
    await nextTurn();
    const failure = { code: 'TIMED_OUT', scope: 'total', mayRetry: false, timeoutMs: 100 };
    expect(asked.value).toMatchObject({ failure: { ...failure, upstream: 'failing' } });
    expect(waited.value).toMatchObject({ failure: { ...failure, upstream: 'unknown' } });
  });

  test('around an attempt of its own ends the attempt as well', async () => {
    const { clock, timeout, open } = setUp(total);
    const attempt = new Timeout({ timeoutMs: 500, scope: 'attempt' }, { clock });
    const outcome = timeout.run((call) => attempt.run(open.work, call), callOf());
    clock.advance(100);
    const result = await outcome;
    expect(result).toMatchObject({ failure: { code: 'TIMED_OUT', scope: 'total', upstream: 'failing' } });
    expect([open.calls[0]?.signal?.aborted, clock.nextDueMs]).toEqual([true, Infinity]);
    const stillRunning = result.ok ? undefined : result.failure.stillRunning;
    expect(await hasSettled(stillRunning)).toBe(false);
    await open.succeed(0, 'late');
    expect(await hasSettled(stillRunning)).toBe(true);
  });
});

describe('options of Timeout', () => {
  test.each([
    ['NaN', { timeoutMs: NaN }],
    ['0', { timeoutMs: 0 }],
    ['-1', { timeoutMs: -1 }],
    ['Infinity', { timeoutMs: Infinity }],
    ['another scope', { scope: 'both' as never }],
    ['an empty name', { name: '' }],
    ['a misspelt option', { timeout: 5 } as never],
  ])('refuses %s', (_what, overrides) => {
    expect(() => setUp(overrides)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('an attempt within a total timeout', () => {
  const clock = new ManualClock();
  const attempt = new Timeout({ timeoutMs: 3_000, scope: 'attempt' }, { clock });
  const total = new Timeout({ timeoutMs: 100, scope: 'total' }, { clock });

  test('that is cut short has timed out, which counts against the upstream', async () => {
    let inner: unknown;
    const running = total.tryExecute((call) =>
      attempt
        .run(() => new Promise<Outcome<never>>(() => undefined), call)
        .then((outcome) => {
          inner = outcome;
        }),
    );
    clock.advance(100);
    await clock.turn();
    expect(inner).toMatchObject({
      ok: false,
      failure: { code: 'TIMED_OUT', scope: 'total', upstream: 'failing', mayRetry: false },
    });
    await expect(running).resolves.toMatchObject({
      ok: false,
      failure: { code: 'TIMED_OUT', scope: 'total' },
    });
  });

  test('that the caller leaves is aborted', async () => {
    const caller = new AbortController();
    let inner: unknown;
    void total.tryExecute(
      (call) =>
        attempt
          .run(() => new Promise<Outcome<never>>(() => undefined), call)
          .then((outcome) => {
            inner = outcome;
          }),
      { signal: caller.signal },
    );
    caller.abort('left');
    await clock.turn();
    expect(inner).toMatchObject({ ok: false, failure: { code: 'ABORTED', reason: 'left' } });
  });
});

test('giveUpAll ends all that runs within the tick, and nothing that comes later', async () => {
  const clock = new ManualClock();
  const timeout = new Timeout({ timeoutMs: 100, scope: 'total' }, { clock });
  const reason = new Error('closed');
  const signals: AbortSignal[] = [];
  const running = [1, 2].map(() =>
    timeout.tryExecute(({ signal }) => {
      if (signal !== undefined) signals.push(signal);
      return new Promise<never>(() => undefined);
    }),
  );
  await clock.turn();
  timeout.giveUpAll(reason);
  for (const one of running) {
    await expect(one).resolves.toMatchObject({ failure: { code: 'ABORTED', reason } });
  }
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(clock.nextDueMs).toBe(Infinity);
  await expect(timeout.execute(() => Promise.resolve(1))).resolves.toBe(1);
});
