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
  const hedge = new Hedge({ delayMs: 100, budget: { ratio: 10 }, ...options }, { clock, metrics });
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

  test('a failure starts no other attempt, at once or later: it comes back', async () => {
    const { clock, hedge, open } = setUp({ maxHedges: 2 });
    const { signal } = new AbortController();
    const outcome = seen(hedge.run(open.work, callOf({ signal })));
    clock.advance(60);
    await open.fail(0, unavailable({ retryAfterMs: 20_000 }));
    expect(outcome.value).toEqual({ ok: false, failure: unavailable({ retryAfterMs: 20_000 }) });
    expect([open.calls.length, clock.nextDueMs, listenersOf(signal)]).toEqual([1, Infinity, 0]);
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
    clock.advance(100);
    await open.fail(0, unavailable());
    expect(outcome.value).toBeUndefined();
    const last = unavailable({ status: 502 });
    await open.fail(1, last);
    expect(outcome.value).toEqual({ ok: false, failure: last });
    expect([open.calls.length, clock.nextDueMs, listenersOf(signal)]).toEqual([2, Infinity, 0]);
  });

  test.each([
    { decides: 0, other: 1 },
    { decides: 1, other: 0 },
  ])('attempt $decides failing for good ends the call at once, and the other with it', async (at) => {
    const { clock, hedge, open } = setUp({ maxHedges: 3 });
    const outcome = seen(hedge.run(open.work, callOf()));
    clock.advance(100);
    await open.fail(at.decides, notFound());
    expect(outcome.value).toEqual({
      ok: false,
      failure: notFound({ stillRunning: expect.any(Promise) as Promise<void> }),
    });
    expect(open.calls[at.other]?.signal?.reason).toBeInstanceOf(ResilienceError);
    expect([open.calls.length, clock.nextDueMs]).toEqual([2, Infinity]);
    const stillRunning = outcome.value?.ok === false ? outcome.value.failure.stillRunning : undefined;
    expect(await hasSettled(stillRunning)).toBe(false);
    await open.fail(at.other, unavailable());
    expect(await hasSettled(stillRunning)).toBe(true);
    expect(outcome.value).toMatchObject({ failure: { status: 404 } });
  });

  const refusals: readonly Failure[] = [
    {
      code: 'RATE_LIMITED',
      upstream: 'unknown',
      mayRetry: false,
      because: 'wait-too-long',
      retryAfterMs: undefined,
    },
    { code: 'BULKHEAD_FULL', upstream: 'unknown', mayRetry: false, running: 1, waiting: 0 },
    { code: 'CIRCUIT_OPEN', upstream: 'unknown', mayRetry: false, state: 'open' },
  ];

  test.each(refusals)('$code of one attempt leaves the other to answer', async (refusal) => {
    const { clock, hedge, open } = setUp();
    const outcome = seen(hedge.run(open.work, callOf()));
    clock.advance(100);
    await open.fail(1, refusal);
    expect(outcome.value).toBeUndefined();
    await open.succeed(0, 'answer');
    expect(outcome.value).toEqual(success('answer'));
  });

  test.each(refusals.flatMap((refusal) => [0, 1].map((refused) => ({ refusal, refused }))))(
    '$refusal.code of attempt $refused does not hide what the other came to',
    async ({ refusal, refused }) => {
      for (const order of [
        [refused, 1 - refused],
        [1 - refused, refused],
      ]) {
        const { clock, hedge, open } = setUp();
        const outcome = seen(hedge.run(open.work, callOf()));
        clock.advance(100);
        for (const at of order) await open.fail(at, at === refused ? refusal : unavailable());
        expect(outcome.value).toEqual({ ok: false, failure: unavailable() });
      }
    },
  );

  test.each(refusals)('$code of the only attempt comes back', async (refusal) => {
    const { clock, hedge, open } = setUp();
    const outcome = seen(hedge.run(open.work, callOf()));
    await open.fail(0, refusal);
    expect(outcome.value).toEqual({ ok: false, failure: refusal });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('the failure has ended when the work of both has', async () => {
    const { clock, hedge, open } = setUp();
    const [one, other] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const outcome = hedge.run(open.work, callOf());
    clock.advance(100);
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
    ['a budget below 0', { budget: { ratio: -1 } }],
    ['a misspelt option of the budget', { budget: { ration: 1 } as never }],
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

  const refusal: Failure = {
    code: 'RATE_LIMITED',
    upstream: 'unknown',
    mayRetry: false,
    because: 'wait-too-long',
  };

  test('refused, the first goes on alone', async () => {
    const { clock, asked, hedge } = world(refusal);
    const open = new OpenWork();
    const outcome = seen(hedge.run(open.work, callOf()));
    clock.advance(10);
    await clock.turn();
    await open.succeed(0, 'first');
    expect(outcome.value).toEqual(success('first'));
    expect([asked, open.calls.length]).toEqual([[2], 1]);
  });

  test('refused, the failure of the first comes back', async () => {
    const { clock, hedge } = world(refusal);
    const open = new OpenWork();
    const outcome = seen(hedge.run(open.work, callOf()));
    clock.advance(10);
    await clock.turn();
    await open.fail(0, unavailable());
    expect(outcome.value).toEqual({ ok: false, failure: unavailable() });
  });

  test.each([unavailable(), notFound()])(
    'a hedge that still waits for it does not hold up the answer $status, and is not made',
    async (answer) => {
      const clock = new ManualClock();
      const metrics = new MetricsRegistry();
      const token = Promise.withResolvers<undefined>();
      const signals: (AbortSignal | undefined)[] = [];
      const before = ({ signal }: { signal: AbortSignal | undefined }): Promise<undefined> => {
        signals.push(signal);
        return token.promise;
      };
      const hedge = new Hedge({ delayMs: 10 }, { clock, before, metrics });
      const open = new OpenWork();
      const outcome = seen(hedge.run(open.work, callOf()));
      clock.advance(10);
      expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
      await open.fail(0, answer);
      expect(outcome.value).toMatchObject({ ok: false, failure: { status: answer.status } });
      expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
      token.resolve(undefined);
      await clock.turn();
      expect(open.calls).toHaveLength(1);
      expect(await samplesOf(metrics, 'trading_hedges_total')).toEqual([]);
    },
  );
});

describe('the budget of a hedge', () => {
  /** How many attempts so many slow calls make, one after the other within one second. */
  const attemptsOf = async (calls: number, budget: HedgeOptions['budget']): Promise<number> => {
    const { clock, hedge, open } = setUp({ delayMs: 0, budget: budget ?? {} });
    for (let at = 0; at < calls; at += 1) {
      const made = open.calls.length;
      const outcome = hedge.run(open.work, callOf());
      clock.advance(0);
      await open.succeed(made, 'slow');
      await outcome;
    }
    return open.calls.length;
  };

  test('of 100 slow calls a tenth is hedged, and one more for the second', async () => {
    expect(await attemptsOf(100, undefined)).toBe(111);
  });

  test('is as it is set', async () => {
    expect(await attemptsOf(100, { ratio: 0.5, minPerSecond: 0 })).toBe(150);
    expect(await attemptsOf(100, { ratio: 0 })).toBe(101);
    expect(await attemptsOf(100, { ratio: 0, minPerSecond: 3 })).toBe(103);
  });

  test('fills again with time', async () => {
    const { clock, hedge, open } = setUp({ budget: { ratio: 0 } });
    const hedgesOf = async (): Promise<number> => {
      const made = open.calls.length;
      void hedge.run(open.work, callOf());
      clock.advance(100);
      const hedges = open.calls.length - made - 1;
      await open.succeed(made, 'slow');
      return hedges;
    };
    expect([await hedgesOf(), await hedgesOf()]).toEqual([1, 0]);
    clock.advance(800);
    expect([await hedgesOf(), await hedgesOf()]).toEqual([1, 0]);
  });
});
