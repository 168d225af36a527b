import { describe, expect, test } from 'vitest';
import { newCall } from '../../../src/resilience/call.ts';
import { RateLimiter, type RateLimiterOptions } from '../../../src/resilience/index.ts';
import { type Asked, limiterOf, rateLimited, WaitingWorld } from './waiting-world.ts';

const done = (name: string) => ({ ok: true, value: name });

const outcomesOf = (asked: readonly Asked[]) => asked.map(({ outcome }) => outcome);

describe('RateLimiter', () => {
  describe('bursts', () => {
    /** At a time, so many calls of weight 1 come: how many have begun by then. */
    const scenarios: Readonly<
      Record<
        string,
        {
          capacity: number;
          refillPerSecond: number;
          steps: readonly (readonly [atMs: number, calls: number, begun: number])[];
        }
      >
    > = {
      'starts full, then one by one as tokens grow': {
        capacity: 3,
        refillPerSecond: 2,
        steps: [
          [0, 5, 3],
          [499, 0, 3],
          [500, 0, 4],
          [999, 0, 4],
          [1_000, 0, 5],
        ],
      },
      'fractions that grew before count': {
        capacity: 1,
        refillPerSecond: 1,
        steps: [
          [0, 1, 1],
          [700, 1, 1],
          [999, 0, 1],
          [1_000, 0, 2],
        ],
      },
      'a rest longer than a window gives one burst, not two': {
        capacity: 3,
        refillPerSecond: 1,
        steps: [
          [0, 3, 3],
          [100_000, 6, 6],
          [100_999, 0, 6],
          [101_000, 0, 7],
          [103_000, 0, 9],
        ],
      },
      'what comes while others wait goes behind them': {
        capacity: 1,
        refillPerSecond: 1,
        steps: [
          [0, 2, 1],
          [900, 1, 1],
          [1_000, 1, 2],
          [2_000, 0, 3],
          [3_000, 0, 4],
        ],
      },
    };

    for (const [what, { capacity, refillPerSecond, steps }] of Object.entries(scenarios)) {
      test(what, async () => {
        const world = new WaitingWorld();
        const limiter = limiterOf(world, { capacity, refillPerSecond });
        const seen = [];
        let names = 0;
        for (const [atMs, calls] of steps) {
          await world.advance(atMs - world.clock.monotonicMs());
          for (let made = 0; made < calls; made++) world.ask(limiter, String(names++));
          await world.advance(0);
          seen.push([atMs, calls, world.began.length]);
        }
        expect(seen).toEqual(steps);
        expect(world.began).toEqual(world.began.map((_, at) => String(at)));
      });
    }

    test('a clock that jumps ahead lets a burst go, and the others at the rate', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { capacity: 2, refillPerSecond: 1 });
      for (let made = 0; made < 6; made++) world.ask(limiter, String(made));
      world.clock.advance(3_600_000); // one leap: the timer sees the time it was due at
      await world.clock.turn();
      expect(world.began).toEqual(['0', '1', '2', '3', '4', '5']);
      for (let made = 6; made < 9; made++) world.ask(limiter, String(made));
      await world.clock.turn();
      expect(world.began.slice(6)).toEqual(['6', '7']);
    });

    test('a clock that goes back or gives no time lets nobody go twice', async () => {
      const world = new WaitingWorld();
      let nowMs = 10_000;
      const limiter = new RateLimiter(
        { buckets: [{ name: 'a', capacity: 1, refillPerSecond: 1 }] },
        { clock: { monotonicMs: () => nowMs, deadline: (ms, late) => world.clock.deadline(ms, late) } },
      );
      const asked = [];
      for (const atMs of [10_000, 0, NaN, 10_999]) {
        nowMs = atMs;
        asked.push(world.ask(limiter, String(atMs)));
      }
      await world.clock.turn();
      expect(world.began).toEqual(['10000']);
      expect(limiter.status()).toMatchObject({ waiting: 3 });
    });
  });

  describe('several buckets', () => {
    const binance: RateLimiterOptions = {
      buckets: [
        { name: 'request-weight', capacity: 100, refillPerSecond: 10 },
        { name: 'raw-requests', capacity: 3, refillPerSecond: 1, counts: 'calls' },
      ],
    };

    test('each call takes its weight from one and 1 from the other', async () => {
      const world = new WaitingWorld();
      const limiter = new RateLimiter(binance, { clock: world.clock });
      world.ask(limiter, 'heavy', { weight: 40 });
      world.ask(limiter, 'light');
      expect(limiter.status()).toEqual({
        buckets: [
          { name: 'request-weight', level: 59, capacity: 100 },
          { name: 'raw-requests', level: 1, capacity: 3 },
        ],
        waiting: 0,
        pausedUntilMs: undefined,
      });
    });

    test('a call goes when all have enough, and takes nothing from any before', async () => {
      const world = new WaitingWorld();
      const limiter = new RateLimiter(binance, { clock: world.clock });
      world.ask(limiter, 'first', { weight: 90 });
      world.ask(limiter, 'waits for weight', { weight: 30 });
      expect(limiter.status().buckets.map(({ level }) => level)).toEqual([10, 2]);
      await world.advance(1_999);
      expect(limiter.status().buckets.map(({ level }) => Math.round(level * 100) / 100)).toEqual([29.99, 3]);
      await world.advance(1);
      expect(limiter.status().buckets.map(({ level }) => level)).toEqual([0, 2]);
      world.ask(limiter, 'b', { weight: 0 });
      world.ask(limiter, 'c', { weight: 0 });
      world.ask(limiter, 'waits for its turn among calls', { weight: 0 });
      expect(world.began).toEqual(['first', 'waits for weight', 'b', 'c']);
      await world.advance(999);
      expect(world.began).toHaveLength(4);
      await world.advance(1);
      expect(world.began).toHaveLength(5);
    });
  });

  describe('refuses at once', () => {
    test.each([
      [2, true],
      [2.001, false],
      [3, false],
      [Infinity, false],
      [NaN, false],
      [-1, false],
      [0, true],
    ])('or not, a weight of %d where 2 is the most: %s', async (weight, goes) => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      const asked = world.ask(limiter, 'a', { weight });
      await world.clock.turn();
      expect(asked.outcome).toEqual(goes ? done('a') : rateLimited('weight-too-high'));
      expect(limiter.status().buckets[0]?.level).toBe(goes ? 2 - weight : 2);
    });

    test('no weight is too high for buckets that count calls', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, {
        buckets: [{ name: 'a', capacity: 1, refillPerSecond: 1, counts: 'calls' }],
      });
      const asked = world.ask(limiter, 'a', { weight: 1_000 });
      await world.clock.turn();
      expect(asked.outcome).toEqual(done('a'));
    });

    test('the weight of the smallest bucket counts', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, {
        buckets: [
          { name: 'a', capacity: 10, refillPerSecond: 1 },
          { name: 'b', capacity: 4, refillPerSecond: 1 },
        ],
      });
      const asked = [world.ask(limiter, 'a', { weight: 5 }), world.ask(limiter, 'b', { weight: 4 })];
      await world.clock.turn();
      expect(outcomesOf(asked)).toEqual([rateLimited('weight-too-high'), done('b')]);
    });

    test('what would wait longer than `maxWaitMs`, by what waits before it, and says how long it would be', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { maxWaitMs: 2_000 });
      const asked = ['a', 'b', 'c', 'd', 'e'].map((name) => world.ask(limiter, name));
      await world.clock.turn();
      expect(outcomesOf(asked)).toEqual([
        done('a'),
        done('b'),
        undefined,
        undefined,
        rateLimited('wait-too-long', 3_000),
      ]);
      await world.advance(2_000);
      expect(world.began).toEqual(['a', 'b', 'c', 'd']);
    });

    test('what would wait longer than its deadline, to the millisecond', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      world.ask(limiter, 'a', { weight: 2 });
      const late = world.ask(limiter, 'late', { deadlineMs: 999 });
      const inTime = world.ask(limiter, 'in time', { deadlineMs: 1_000 });
      const never = world.ask(limiter, 'no deadline that can be', { deadlineMs: NaN });
      await world.advance(1_000);
      expect(outcomesOf([late, inTime, never])).toEqual([
        rateLimited('wait-too-long', 1_000),
        done('in time'),
        rateLimited('wait-too-long', 2_000),
      ]);
    });

    test('counts before a more urgent newcomer only what goes before it', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { maxWaitMs: 3_000, ageingMs: 1_000 });
      world.ask(limiter, 'first', { weight: 2 });
      world.ask(limiter, 'low', { weight: 2, priority: 'low' });
      const urgent = world.ask(limiter, 'urgent', { weight: 2, priority: 'critical' });
      const tooLate = world.ask(limiter, 'too late', { weight: 2, priority: 'critical' });
      await world.clock.turn();
      expect(outcomesOf([urgent, tooLate])).toEqual([undefined, rateLimited('wait-too-long', 4_000)]);
    });

    test('counts the calls before it where a bucket counts calls', async () => {
      const world = new WaitingWorld();
      const buckets = [{ name: 'a', capacity: 1, refillPerSecond: 1, counts: 'calls' as const }];
      const limiter = limiterOf(world, { buckets, maxWaitMs: 1_000 });
      const asked = ['a', 'b', 'c'].map((name) => world.ask(limiter, name));
      await world.clock.turn();
      expect(outcomesOf(asked)).toEqual([done('a'), undefined, rateLimited('wait-too-long', 2_000)]);
    });

    test('for its tokens, not for the ban, what could have waited for the end of that', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      world.ask(limiter, 'a', { weight: 2 });
      limiter.pauseFor(1_000);
      const asked = world.ask(limiter, 'b', { weight: 2, deadlineMs: 1_000 });
      await world.clock.turn();
      expect(asked.outcome).toEqual(rateLimited('wait-too-long', 2_000));
    });

    test('a call that is aborted already, which costs no token', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      const reason = new Error('gone');
      const asked = world.ask(limiter, 'a', { signal: AbortSignal.abort(reason) });
      await world.clock.turn();
      expect(asked.outcome).toEqual({
        ok: false,
        failure: { code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason, stillRunning: undefined },
      });
      expect(limiter.status().buckets[0]?.level).toBe(2);
    });
  });

  describe('refuses later', () => {
    test('what others have overtaken, as soon as it is the next and its tokens come too late', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { maxWaitMs: 2_000, ageingMs: 10_000 });
      world.ask(limiter, 'first', { weight: 2 });
      const low = world.ask(limiter, 'low', { priority: 'low', weight: 2 });
      world.ask(limiter, 'urgent', { priority: 'critical' });
      await world.advance(999);
      expect(low.outcome).toBeUndefined();
      await world.advance(1);
      expect(low.outcome).toEqual(rateLimited('wait-too-long', 2_000));
      expect(low.call.stats.waitMs).toBe(1_000);
    });

    test('what has waited as long as it may while another is still before it, to the millisecond', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { capacity: 4, maxWaitMs: 5_000, ageingMs: 10_000 });
      world.ask(limiter, 'first', { weight: 4 });
      const low = world.ask(limiter, 'low', { priority: 'low', deadlineMs: 2_000 });
      world.ask(limiter, 'urgent', { weight: 3, priority: 'critical' });
      await world.advance(1_999);
      expect(low.outcome).toBeUndefined();
      await world.advance(1);
      expect(low.outcome).toEqual(rateLimited('wait-too-long', 1_000));
      expect([low.call.stats.waitMs, limiter.status().waiting]).toEqual([2_000, 1]);
    });

    test('the next as soon as the server says that its tokens come too late', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { capacity: 10, maxWaitMs: 5_000 });
      world.ask(limiter, 'first', { weight: 10 });
      const head = world.ask(limiter, 'head', { weight: 5 });
      const light = world.ask(limiter, 'light, and in time', { deadlineMs: Infinity, weight: 0 });
      await world.advance(1_000);
      limiter.observe('requests', 10);
      await world.clock.turn();
      expect(outcomesOf([head, light])).toEqual([
        rateLimited('wait-too-long', 5_000),
        done('light, and in time'),
      ]);
    });
  });

  describe('observe', () => {
    test.each<readonly [used: number, level: number]>([
      [0, 6],
      [3, 6],
      [4, 6],
      [5, 5],
      [10, 0],
      [11, 0],
      [Infinity, 0],
      [-1, 6],
      [NaN, 6],
    ])('with 6 of 10 left, told that %d are used: %d', (used, level) => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { capacity: 10 });
      world.ask(limiter, 'a', { weight: 4 });
      expect(limiter.observe('requests', used)).toBe(true);
      expect(limiter.status().buckets[0]?.level).toBe(level);
    });

    test('measures against the limit of the window, where that is more than the burst', () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, {
        buckets: [{ name: 'w', capacity: 1_000, refillPerSecond: 83, windowLimit: 6_000 }],
      });
      limiter.observe('w', 5_000);
      expect(limiter.status().buckets[0]?.level).toBe(1_000);
      limiter.observe('w', 5_900);
      expect(limiter.status().buckets[0]?.level).toBe(100);
    });

    test('says when there is no such bucket', () => {
      expect(limiterOf(new WaitingWorld()).observe('orders', 1)).toBe(false);
    });

    test('those who wait, wait longer', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { capacity: 10 });
      world.ask(limiter, 'a', { weight: 10 });
      world.ask(limiter, 'b', { weight: 2 });
      await world.advance(1_500);
      limiter.observe('requests', 10);
      await world.advance(1_999);
      expect(world.began).toEqual(['a']);
      await world.advance(1);
      expect(world.began).toEqual(['a', 'b']);
    });
  });

  describe('pauseFor', () => {
    test('lets nobody go before it is over, then goes on with the tokens that grew', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      limiter.pauseFor(5_000);
      for (const name of ['a', 'b', 'c']) world.ask(limiter, name);
      expect(limiter.status()).toMatchObject({ pausedUntilMs: 5_000, waiting: 3 });
      await world.advance(4_999);
      expect(world.began).toEqual([]);
      await world.advance(1);
      expect(world.began).toEqual(['a', 'b']);
      expect(limiter.status()).toMatchObject({ pausedUntilMs: undefined, waiting: 1 });
      await world.advance(1_000);
      expect(world.began).toEqual(['a', 'b', 'c']);
    });

    test('refuses at once who cannot wait that long, on arrival and in the line, whoever is before', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { maxWaitMs: 10_000 });
      world.ask(limiter, 'first', { weight: 2 });
      const patient = world.ask(limiter, 'patient', { priority: 'high', weight: 2 });
      const hurried = world.ask(limiter, 'hurried', { deadlineMs: 4_999 });
      const exact = world.ask(limiter, 'exact', { deadlineMs: 8_000 });
      await world.advance(1_000);
      limiter.pauseFor(7_000);
      const newcomer = world.ask(limiter, 'newcomer', { deadlineMs: 7_999 });
      await world.clock.turn();
      expect(outcomesOf([patient, hurried, exact, newcomer])).toEqual([
        undefined,
        rateLimited('banned', 7_000),
        undefined,
        rateLimited('banned', 9_000),
      ]);
      expect(hurried.call.stats.waitMs).toBe(1_000);
      await world.advance(7_000);
      expect(world.began).toEqual(['first', 'patient']);
      expect(exact.outcome).toEqual(rateLimited('wait-too-long', 1_000));
    });

    test('longer than anybody waits empties the line and leaves no timer', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { maxWaitMs: 5_000 });
      const asked = ['a', 'b', 'c', 'd'].map((name) => world.ask(limiter, name));
      limiter.pauseFor(Infinity);
      await world.clock.turn();
      expect(outcomesOf(asked)).toEqual([
        done('a'),
        done('b'),
        rateLimited('banned', Infinity),
        rateLimited('banned', Infinity),
      ]);
      expect([limiter.status().waiting, world.clock.timers]).toEqual([0, 0]);
    });

    test.each([
      [1_000, 5_000],
      [5_000, 5_000],
      [5_001, 5_001],
      [0, 5_000],
      [-1, 5_000],
      [NaN, 5_000],
    ])('of %d ms after one of 5,000 ms: until %d', (ms, untilMs) => {
      const limiter = limiterOf(new WaitingWorld());
      limiter.pauseFor(5_000);
      limiter.pauseFor(ms);
      expect(limiter.status().pausedUntilMs).toBe(untilMs);
    });

    test('a second one, longer, moves those who wait', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      limiter.pauseFor(1_000);
      world.ask(limiter, 'a');
      await world.advance(500);
      limiter.pauseFor(1_500);
      await world.advance(1_499);
      expect(world.began).toEqual([]);
      await world.advance(1);
      expect(world.beganAtMs).toEqual([2_000]);
    });
  });

  describe('abort while it waits', () => {
    test('ends the wait within the tick, costs no token, and lets the next go', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      world.ask(limiter, 'first');
      const controller = new AbortController();
      const heavy = world.ask(limiter, 'heavy', { weight: 2, signal: controller.signal });
      world.ask(limiter, 'light');
      await world.advance(500);
      const reason = new Error('gone');
      controller.abort(reason);
      expect(limiter.status()).toMatchObject({ waiting: 0 });
      await Promise.resolve().then(() => undefined);
      await world.clock.turn();
      expect(heavy.outcome).toEqual({
        ok: false,
        failure: { code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason, stillRunning: undefined },
      });
      expect(heavy.call.stats.waitMs).toBe(500);
      expect(world.began).toEqual(['first', 'light']);
      expect(limiter.status().buckets[0]?.level).toBe(0.5);
    });

    test('no listener stays, however the wait ends', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { maxQueued: 2, maxWaitMs: 3_000 });
      const { signal } = new AbortController();
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      Object.assign(signal, {
        addEventListener: (...args: Parameters<typeof add>) => {
          listeners += 1;
          add(...args);
        },
        removeEventListener: (...args: Parameters<typeof remove>) => {
          listeners -= 1;
          remove(...args);
        },
      });
      world.ask(limiter, 'goes at once', { weight: 2, signal });
      world.ask(limiter, 'waits', { signal });
      world.ask(limiter, 'displaced', { signal, priority: 'low' });
      expect(listeners).toBe(2);
      world.ask(limiter, 'displaces', { signal, priority: 'high' });
      expect(listeners).toBe(2);
      await world.advance(1_000);
      expect(listeners).toBe(1);
      limiter.pauseFor(60_000);
      expect(listeners).toBe(0);
    });
  });

  describe('acquire', () => {
    test('takes tokens as `run` does, and adds to the time the call has waited', async () => {
      const world = new WaitingWorld();
      const limiter = limiterOf(world);
      const call = newCall({ weight: 2 });
      call.stats.waitMs = 10;
      expect(await limiter.acquire(call)).toBeUndefined();
      const second = limiter.acquire(call);
      await world.advance(2_000);
      expect(await second).toBeUndefined();
      expect(call.stats.waitMs).toBe(2_010);
    });

    test('says why not as a value', async () => {
      const limiter = limiterOf(new WaitingWorld());
      expect(await limiter.acquire(newCall({ weight: 3 }))).toEqual({
        code: 'RATE_LIMITED',
        upstream: 'unknown',
        mayRetry: false,
        because: 'weight-too-high',
        retryAfterMs: undefined,
      });
    });
  });

  test('gives the outcome of the work as it is, and the call to the work as it is', async () => {
    const world = new WaitingWorld();
    const limiter = limiterOf(world, { capacity: 1 });
    const failure = { code: 'WORK_FAILED', upstream: 'failing', mayRetry: true, error: 1 } as const;
    const calls: unknown[] = [];
    const work = async (call: unknown) => {
      calls.push(call);
      return { ok: false, failure } as const;
    };
    const asked = ['a', 'b'].map((name) => world.ask(limiter, name, {}, work));
    await world.advance(1_000);
    expect(asked.map(({ outcome }) => outcome?.ok === false && outcome.failure)).toEqual([failure, failure]);
    expect(calls).toEqual(asked.map(({ call }) => call));
  });

  test('has no timer while nobody waits, and one however many do', async () => {
    const world = new WaitingWorld();
    const limiter = limiterOf(world, { maxQueued: 1_000, maxWaitMs: 1e6 });
    for (let made = 0; made < 2; made++) world.ask(limiter, String(made));
    expect(world.clock.timersSet).toBe(0);
    for (let made = 0; made < 1_000; made++) world.ask(limiter, String(made));
    expect([world.clock.timers, world.clock.timersSet]).toEqual([1, 1]);
    await world.advance(1_000_000);
    expect([world.began.length, world.clock.timers]).toEqual([1_002, 0]);
  });

  describe('options', () => {
    test.each<readonly [string, unknown, RegExp]>([
      ['no bucket', { buckets: [] }, /buckets/],
      [
        'a bucket that holds no call',
        { buckets: [{ name: 'a', capacity: 0.5, refillPerSecond: 1 }] },
        /buckets\.0\.capacity/,
      ],
      [
        'one that never fills',
        { buckets: [{ name: 'a', capacity: 1, refillPerSecond: 0 }] },
        /refillPerSecond/,
      ],
      [
        'two of one name',
        {
          buckets: [
            { name: 'a', capacity: 1, refillPerSecond: 1 },
            { name: 'a', capacity: 2, refillPerSecond: 1 },
          ],
        },
        /a different name/,
      ],
      [
        'a misspelt one',
        { buckets: [{ name: 'a', capacity: 1, refillPerSecond: 1 }], maxQueue: 1 },
        /maxQueue/,
      ],
      [
        'an ageing of 0',
        { buckets: [{ name: 'a', capacity: 1, refillPerSecond: 1 }], ageingMs: 0 },
        /ageingMs/,
      ],
    ])('refuses %s', (_, options, message) => {
      const { clock } = new WaitingWorld();
      expect(() => new RateLimiter(options as RateLimiterOptions, { clock })).toThrow(message);
    });
  });
});
