import { describe, expect, test } from 'vitest';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { type Failure, Hedge, type HedgeOptions, ResilienceError } from '../../../src/resilience/index.ts';
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

const setUp = (options: Partial<HedgeOptions> = {}, metrics?: MetricsRegistry) => {
  const clock = new ManualClock();
  const hedge = new Hedge({ delayMs: 100, ...options }, { clock, metrics });
  return { clock, hedge, open: new OpenWork() };
};

const abortedOf = (open: OpenWork): readonly (boolean | undefined)[] =>
  open.calls.map(({ signal }) => signal?.aborted);

describe('Hedge', () => {
  test('an answer within the delay: one attempt, and nothing left behind', async () => {
    const { clock, hedge, open } = setUp();
    const { signal } = new AbortController();
    const outcome = seen(hedge.run(open.work, callOf({ signal })));
    clock.advance(99);
    await open.succeed(0, 'first');
    expect(outcome.value).toEqual(success('first'));
    expect([open.calls.length, clock.nextDueMs, listenersOf(signal)]).toEqual([1, Infinity, 0]);
    expect(abortedOf(open)).toEqual([false]);
  });

  test('no answer within the delay: a second attempt beside the first, under a signal of its own', () => {
    const { clock, hedge, open } = setUp();
    const call = callOf({ priority: 'high', deadlineMs: 5_000 });
    void hedge.run(open.work, call);
    clock.advance(99);
    expect(open.calls).toHaveLength(1);
    clock.advance(1);
    expect(open.calls).toHaveLength(2);
    const [first, second] = open.calls;
    expect(first).toEqual({ ...call, signal: first?.signal });
    expect(second).toEqual({ ...call, attempt: 2, signal: second?.signal });
    expect(second?.signal).not.toBe(first?.signal);
    expect(abortedOf(open)).toEqual([false, false]);
  });

  test.each([
    { winner: 0, loser: 1 },
    { winner: 1, loser: 0 },
  ])('attempt $winner answers first: the other is aborted, and told why', async ({ winner, loser }) => {
    const { clock, hedge, open } = setUp();
    const { signal } = new AbortController();
    const outcome = seen(hedge.run(open.work, callOf({ signal })));
    clock.advance(100);
    await open.succeed(winner, 'first');
    expect(outcome.value).toEqual(success('first'));
    const reason = open.calls[loser]?.signal?.reason as ResilienceError;
    expect(reason).toBeInstanceOf(ResilienceError);
    expect(reason.failure).toMatchObject({
      code: 'ABORTED',
      reason: 'another attempt of the call was faster',
    });
    expect(open.calls[winner]?.signal?.aborted).toBe(false);
    expect([clock.nextDueMs, listenersOf(signal)]).toEqual([Infinity, 0]);
    await open.fail(loser, notFound());
    expect([outcome.value, open.calls.length]).toEqual([success('first'), 2]);
  });

  test('a failure starts the next attempt at once, and the delay begins anew', async () => {
    const { clock, hedge, open } = setUp({ maxHedges: 2 });
    void hedge.run(open.work, callOf());
    clock.advance(60);
    await open.fail(0, unavailable());
    expect(open.calls).toHaveLength(2);
    clock.advance(99);
    expect(open.calls).toHaveLength(2);
    clock.advance(1);
    expect(open.calls).toHaveLength(3);
  });

  test.each([
    { maxHedges: 1, attempts: 2 },
    { maxHedges: 3, attempts: 4 },
  ])('at most $maxHedges beyond the first, one after each delay', ({ maxHedges, attempts }) => {
    const { clock, hedge, open } = setUp({ maxHedges });
    void hedge.run(open.work, callOf());
    clock.advance(10_000);
    expect(open.calls.map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: attempts }, (_, at) => at + 1),
    );
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('a delay of 0 starts the second with the next timers', () => {
    const { clock, hedge, open } = setUp({ delayMs: 0 });
    void hedge.run(open.work, callOf());
    expect(open.calls).toHaveLength(1);
    clock.advance(0);
    expect(open.calls).toHaveLength(2);
  });

  test('one failing while the other runs: the other may still win', async () => {
    const { clock, hedge, open } = setUp();
    const outcome = seen(hedge.run(open.work, callOf()));
    clock.advance(100);
    await open.fail(1, unavailable());
    expect(outcome.value).toBeUndefined();
    await open.succeed(0, 'saved');
    expect(outcome.value).toEqual(success('saved'));
  });

  test('both failing: the last failure comes back, and nothing is left behind', async () => {
    const { clock, hedge, open } = setUp();
    const { signal } = new AbortController();
    const outcome = seen(hedge.run(open.work, callOf({ signal })));
    await open.fail(0, unavailable());
    const last = unavailable({ status: 502 });
    await open.fail(1, last);
    expect(outcome.value).toEqual({ ok: false, failure: last });
    expect([open.calls.length, clock.nextDueMs, listenersOf(signal)]).toEqual([2, Infinity, 0]);
  });

  test('a failure that no attempt helps starts none, now or later', async () => {
    const { clock, hedge, open } = setUp({ maxHedges: 3 });
    const outcome = seen(hedge.run(open.work, callOf()));
    clock.advance(100);
    await open.fail(0, notFound());
    expect([outcome.value, clock.nextDueMs]).toEqual([undefined, Infinity]);
    await open.fail(1, unavailable());
    expect(outcome.value).toEqual({ ok: false, failure: unavailable() });
    expect(open.calls).toHaveLength(2);
  });

  test('a single attempt that no other helps ends the call', async () => {
    const { clock, hedge, open } = setUp();
    const outcome = seen(hedge.run(open.work, callOf()));
    await open.fail(0, notFound());
    expect(outcome.value).toEqual({ ok: false, failure: notFound() });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('the failure has ended when the work of both has', async () => {
    const { hedge, open } = setUp();
    const [one, other] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const outcome = hedge.run(open.work, callOf());
    await open.fail(0, unavailable({ stillRunning: one.promise }));
    await open.fail(1, unavailable({ stillRunning: other.promise }));
    const result = await outcome;
    const stillRunning = result.ok ? undefined : result.failure.stillRunning;
    other.resolve(undefined);
    expect(await hasSettled(stillRunning)).toBe(false);
    one.resolve(undefined);
    expect(await hasSettled(stillRunning)).toBe(true);
  });

  test('an abort of the caller ends all attempts within one tick, with its reason', async () => {
    const { clock, hedge, open } = setUp({ maxHedges: 2 });
    const caller = new AbortController();
    const outcome = seen(hedge.run(open.work, callOf({ signal: caller.signal })));
    clock.advance(100);
    caller.abort('shutdown');
    await nextTurn();
    expect(outcome.value).toEqual({
      ok: false,
      failure: {
        code: 'ABORTED',
        upstream: 'unknown',
        mayRetry: false,
        reason: 'shutdown',
        stillRunning: expect.any(Promise) as Promise<undefined>,
      },
    });
    expect(open.calls.map(({ signal }) => signal?.reason as unknown)).toEqual(['shutdown', 'shutdown']);
    expect([clock.nextDueMs, listenersOf(caller.signal)]).toEqual([Infinity, 0]);
    const stillRunning = outcome.value?.ok === false ? outcome.value.failure.stillRunning : undefined;
    await open.succeed(1, 'late');
    expect(await hasSettled(stillRunning)).toBe(false);
    await open.succeed(0, 'late');
    expect(await hasSettled(stillRunning)).toBe(true);
  });

  test('does not begin for a caller that has left', async () => {
    const { clock, hedge, open } = setUp();
    const outcome = await hedge.run(open.work, callOf({ signal: AbortSignal.abort('left') }));
    expect(outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
    expect([open.calls.length, clock.nextDueMs]).toEqual([0, Infinity]);
  });

  test('1,000 hedged calls under one long-lived signal leave no listener', async () => {
    const { clock, hedge, open } = setUp();
    const { signal } = new AbortController();
    const all = Array.from({ length: 1_000 }, () => hedge.run(open.work, callOf({ signal })));
    clock.advance(100);
    for (let at = 1_000; at < 2_000; at += 1) await open.succeed(at, 'hedge');
    await Promise.all(all);
    expect([listenersOf(signal), clock.nextDueMs]).toEqual([0, Infinity]);
  });

  test('counts the hedges that were started, and which were worth it', async () => {
    const metrics = new MetricsRegistry();
    const { clock, hedge } = setUp({ maxHedges: 2, name: 'binance' }, metrics);
    const answers = async (attempts: number, winner: number): Promise<void> => {
      const open = new OpenWork();
      void hedge.run(open.work, callOf());
      clock.advance((attempts - 1) * 100);
      await open.succeed(winner, 'won');
      for (let at = 0; at < attempts; at += 1) await open.succeed(at, 'late');
    };
    await answers(1, 0);
    await answers(3, 0);
    await answers(3, 1);
    expect(await samplesOf(metrics, 'trading_hedges_total')).toEqual([
      'trading_hedges_total{target="binance",won="yes"} 1',
      'trading_hedges_total{target="binance",won="no"} 3',
    ]);
  });

  test.each([
    ['no delay', { delayMs: undefined as never }],
    ['a delay of NaN', { delayMs: NaN }],
    ['a negative delay', { delayMs: -1 }],
    ['no hedge', { maxHedges: 0 }],
    ['half a hedge', { maxHedges: 1.5 }],
    ['a misspelt option', { hedges: 1 } as never],
  ])('refuses %s', (_what, options) => {
    expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('before a further attempt', () => {
  const world = (refusal: Failure | undefined) => {
    const clock = new ManualClock();
    const asked: number[] = [];
    const hedge = new Hedge(
      { delayMs: 10 },
      {
        clock,
        before: ({ attempt }) => {
          asked.push(attempt);
          return Promise.resolve(refusal);
        },
      },
    );
    return { clock, asked, hedge };
  };

  test('it is asked, and not before the first', async () => {
    const { clock, asked, hedge } = world(undefined);
    const started: number[] = [];
    const running = hedge.execute(({ attempt }) => {
      started.push(attempt);
      return attempt === 1 ? new Promise<never>(() => undefined) : Promise.resolve('second');
    });
    await clock.turn();
    expect({ asked, started }).toEqual({ asked: [], started: [1] });
    clock.advance(10);
    await expect(running).resolves.toBe('second');
    expect({ asked, started }).toEqual({ asked: [2], started: [1, 2] });
  });

  test('refused, the first goes on alone', async () => {
    const refusal: Failure = {
      code: 'RATE_LIMITED',
      upstream: 'unknown',
      mayRetry: false,
      because: 'wait-too-long',
    };
    const { clock, asked, hedge } = world(refusal);
    const first = Promise.withResolvers<string>();
    const running = hedge.execute(() => first.promise);
    clock.advance(10);
    await clock.turn();
    first.resolve('first');
    await expect(running).resolves.toBe('first');
    expect(asked).toEqual([2]);
  });
});
