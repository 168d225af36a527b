import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { MemorySharedRate, RateLimiter } from '../../../src/resilience/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { ScriptedShared, sharedLimiter } from './shared-rate-world.ts';
import { rateLimited, WaitingWorld } from './waiting-world.ts';

let world: WaitingWorld;
let shared: ScriptedShared;

beforeEach(() => {
  world = new WaitingWorld();
  shared = new ScriptedShared();
});

describe('a limit that others hold as well', () => {
  test('asks them for what the call takes, and lets it go when they allow it', async () => {
    const limiter = sharedLimiter(world, shared);
    const asked = world.ask(limiter, 'a', { weight: 3 });
    await world.advance(0);
    expect(shared.questions.map(({ limit, takes }) => ({ limit, takes }))).toEqual([
      { limit: 'venue', takes: [{ bucket: 'requests', capacity: 4, refillPerSecond: 4, cost: 3 }] },
    ]);
    expect(world.began).toEqual([]);
    shared.questions[0]?.answer({ outcome: 'allowed' });
    await world.advance(0);
    expect(asked.outcome).toEqual({ ok: true, value: 'a' });
    expect(limiter.status()).toMatchObject({ decidedBy: 'shared', waiting: 0 });
  });

  test('waits as long as they say, then asks again', async () => {
    const limiter = sharedLimiter(world, shared);
    world.ask(limiter, 'a');
    shared.questions[0]?.answer({ outcome: 'wait', waitMs: 700 });
    await world.advance(699);
    expect(shared.questions).toHaveLength(1);
    await world.advance(1);
    expect(shared.questions).toHaveLength(2);
    shared.questions[1]?.answer({ outcome: 'allowed' });
    await world.advance(0);
    expect(world.beganAtMs).toEqual([700]);
  });

  test('refuses at once who cannot wait as long as they say, and tells how long that is', async () => {
    const limiter = sharedLimiter(world, shared, { maxWaitMs: 500 });
    shared.answer = { outcome: 'wait', waitMs: 500 };
    const fits = world.ask(limiter, 'fits');
    await world.advance(0);
    expect(fits.outcome).toBeUndefined();
    shared.answer = { outcome: 'wait', waitMs: 501 };
    const late = world.ask(sharedLimiter(world, shared, { maxWaitMs: 500 }), 'late');
    await world.advance(0);
    expect(late.outcome).toEqual(rateLimited('wait-too-long', 501));
  });

  test('refuses what never fits on the other side', async () => {
    shared.answer = { outcome: 'never' };
    const asked = world.ask(sharedLimiter(world, shared), 'a');
    await world.advance(0);
    expect(asked.outcome).toMatchObject({ ok: false, failure: { because: 'wait-too-long' } });
  });

  test('takes an answer that is no number for one to ask again later', async () => {
    const limiter = sharedLimiter(world, shared);
    shared.answer = { outcome: 'wait', waitMs: NaN };
    world.ask(limiter, 'a');
    await world.advance(999);
    expect(shared.questions).toHaveLength(1);
    shared.answer = { outcome: 'allowed' };
    await world.advance(1);
    expect(world.beganAtMs).toEqual([1000]);
  });

  test('one question at a time, the most urgent first', async () => {
    const limiter = sharedLimiter(world, shared);
    world.ask(limiter, 'low', { priority: 'low' });
    world.ask(limiter, 'critical', { priority: 'critical' });
    world.ask(limiter, 'normal');
    expect(shared.questions).toHaveLength(1);
    shared.answer = { outcome: 'allowed' };
    shared.questions[0]?.answer({ outcome: 'allowed' });
    await world.advance(0);
    expect(world.began).toEqual(['critical', 'normal', 'low']);
    expect(shared.costs).toEqual([[1], [1], [1]]);
  });

  test('what was taken for a light call counts for the heavier one that goes before it', async () => {
    const limiter = sharedLimiter(world, shared);
    world.ask(limiter, 'light', { weight: 1, priority: 'low' });
    world.ask(limiter, 'heavy', { weight: 3, priority: 'high' });
    shared.answer = { outcome: 'allowed' };
    shared.questions[0]?.answer({ outcome: 'allowed' });
    await world.advance(0);
    expect(world.began).toEqual(['heavy', 'light']);
    expect(shared.costs).toEqual([[1], [2], [1]]);
  });

  test('what was taken for a call that has gone meanwhile is not kept for later', async () => {
    const limiter = sharedLimiter(world, shared);
    const gone = new AbortController();
    world.ask(limiter, 'gone', { signal: gone.signal });
    gone.abort();
    shared.questions[0]?.answer({ outcome: 'allowed' });
    await world.advance(10_000);
    world.ask(limiter, 'next');
    await world.advance(0);
    expect(shared.costs).toEqual([[1], [1]]);
    expect(world.began).toEqual([]);
  });

  test('a wait that was told to one is not that of the next', async () => {
    const limiter = sharedLimiter(world, shared);
    const gone = new AbortController();
    world.ask(limiter, 'heavy', { weight: 4, signal: gone.signal });
    world.ask(limiter, 'light');
    shared.questions[0]?.answer({ outcome: 'wait', waitMs: 900 });
    await world.advance(0);
    gone.abort();
    shared.answer = { outcome: 'allowed' };
    await world.advance(0);
    shared.questions[1]?.answer({ outcome: 'allowed' });
    await world.advance(0);
    expect(world.began).toEqual(['light']);
  });

  test('nothing is asked while there is no room further in, during a ban, or for what never fits', async () => {
    let hasRoom = false;
    const room = { hasRoom: () => hasRoom, begin: () => {}, keep: () => {}, end: () => {} };
    const limiter = new RateLimiter(
      {
        buckets: [{ name: 'requests', capacity: 4, refillPerSecond: 4 }],
        shared: { expectedProcesses: 1 },
      },
      { clock: world.clock, shared, room },
    );
    world.ask(limiter, 'a');
    await world.advance(0);
    expect(shared.questions).toHaveLength(0);
    hasRoom = true;
    limiter.pauseFor(100);
    limiter.roomMade();
    const heavy = world.ask(limiter, 'heavy', { weight: 5 });
    await world.advance(99);
    expect(shared.questions).toHaveLength(0);
    expect(heavy.outcome).toEqual(rateLimited('weight-too-high'));
    await world.advance(1);
    expect(shared.questions.map(({ limit }) => limit)).toEqual(['rate-limiter']);
  });

  test('what a server counts holds here as well', async () => {
    const limiter = sharedLimiter(world, shared);
    shared.answer = { outcome: 'allowed' };
    limiter.observe('requests', 4);
    world.ask(limiter, 'a');
    await world.advance(249);
    expect(shared.questions).toHaveLength(0);
    await world.advance(1);
    expect(world.beganAtMs).toEqual([250]);
  });

  test('buckets that count calls are asked for one, whatever the weight', async () => {
    const limiter = sharedLimiter(world, shared, {
      buckets: [
        { name: 'weight', capacity: 10, refillPerSecond: 1 },
        { name: 'calls', capacity: 5, refillPerSecond: 1, counts: 'calls' },
      ],
    });
    world.ask(limiter, 'a', { weight: 7 });
    expect(shared.costs).toEqual([[7, 1]]);
  });

  test('close ends the wait of all, and an answer after it changes nothing', async () => {
    const limiter = sharedLimiter(world, shared);
    const asked = world.ask(limiter, 'a');
    limiter.close('enough');
    shared.questions[0]?.answer({ outcome: 'allowed' });
    await world.advance(0);
    expect(asked.outcome).toMatchObject({ ok: false, failure: { code: 'ABORTED', reason: 'enough' } });
    expect(world.began).toEqual([]);
    expect(world.clock.timers).toBe(0);
  });
});

describe('when the others cannot be asked', () => {
  test('no answer in time: goes on with its part, which is empty at first', async () => {
    const limiter = sharedLimiter(world, shared);
    world.ask(limiter, 'a');
    await world.advance(99);
    expect(limiter.status().decidedBy).toBe('shared');
    await world.advance(1);
    expect(limiter.status().decidedBy).toBe('fallback');
    await world.advance(499);
    expect(world.began).toEqual([]);
    await world.advance(1);
    expect(world.beganAtMs).toEqual([600]);
  });

  test('a failure is one at once; it is never a refusal', async () => {
    shared.answer = new Error('nobody is there');
    const limiter = sharedLimiter(world, shared);
    const asked = Array.from({ length: 5 }, (_, at) => world.ask(limiter, String(at)));
    await world.advance(2_500);
    expect(world.beganAtMs).toEqual([500, 1_000, 1_500, 2_000, 2_500]);
    expect(asked.every(({ outcome }) => outcome?.ok)).toBe(true);
  });

  test('a refusal is never a failure: the part is not asked', async () => {
    shared.answer = { outcome: 'wait', waitMs: 10_000 };
    const limiter = sharedLimiter(world, shared);
    world.ask(limiter, 'a');
    await world.advance(9_999);
    expect(world.began).toEqual([]);
    expect(limiter.status().decidedBy).toBe('shared');
  });

  test('the part bursts as far as its fraction of the capacity, and no further', async () => {
    shared.answer = new Error('nobody is there');
    const limiter = sharedLimiter(world, shared, {
      shared: { expectedProcesses: 4, fallbackFraction: 0.5 },
    });
    world.ask(limiter, 'first');
    await world.advance(60_000);
    for (const name of ['a', 'b', 'c']) world.ask(limiter, name);
    await world.advance(0);
    expect(world.began).toEqual(['first', 'a', 'b']);
    await world.advance(500);
    expect(world.began).toEqual(['first', 'a', 'b', 'c']);
  });

  test('a call that weighs more than the part saves up for itself', async () => {
    shared.answer = new Error('nobody is there');
    const limiter = sharedLimiter(world, shared, { shared: { expectedProcesses: 4 } });
    world.ask(limiter, 'heavy', { weight: 4 });
    world.ask(limiter, 'light');
    await world.advance(3_999);
    expect(world.began).toEqual([]);
    await world.advance(1);
    expect(world.beganAtMs).toEqual([4_000]);
    await world.advance(1_000);
    expect(world.beganAtMs).toEqual([4_000, 5_000]);
  });

  test('asks again from time to time, for nothing, and is back with the first answer', async () => {
    shared.answer = new Error('nobody is there');
    const limiter = sharedLimiter(world, shared, { capacity: 1, refillPerSecond: 0.1 });
    world.ask(limiter, 'a');
    await world.advance(1_000);
    expect(shared.costs).toEqual([[1], [0]]);
    shared.answer = { outcome: 'allowed' };
    await world.advance(1_000);
    expect(shared.costs).toEqual([[1], [0], [0], [1]]);
    expect(world.beganAtMs).toEqual([2_000]);
    expect(limiter.status().decidedBy).toBe('shared');
  });

  test('while the question that tries it is open, the part goes on', async () => {
    shared.answer = new Error('nobody is there');
    const limiter = sharedLimiter(world, shared, {
      shared: { expectedProcesses: 1, timeoutMs: 5_000, retryMs: 100 },
    });
    world.ask(limiter, 'a');
    await world.advance(50);
    shared.answer = undefined;
    await world.advance(950);
    world.ask(limiter, 'b');
    await world.advance(0);
    expect(world.began).toEqual(['a', 'b']);
    expect(shared.questions).toHaveLength(2);
  });

  test('an answer that comes too late is none', async () => {
    const limiter = sharedLimiter(world, shared);
    world.ask(limiter, 'a');
    await world.advance(100);
    shared.questions[0]?.answer({ outcome: 'allowed' });
    await world.advance(0);
    expect(world.began).toEqual([]);
    expect(limiter.status().decidedBy).toBe('fallback');
  });

  test('one that throws instead of rejecting is no other', async () => {
    const limiter = sharedLimiter(world, {
      take: () => {
        throw new Error('broken');
      },
    });
    world.ask(limiter, 'a');
    await world.advance(0);
    expect(limiter.status().decidedBy).toBe('fallback');
  });

  test('a process that stood still looks whether the answer is there before it counts as late', async () => {
    let nowMs = 0;
    const timers: (() => void)[] = [];
    const clock = {
      monotonicMs: () => nowMs,
      deadline: (_ms: number, onLate: () => void) => {
        timers.push(onLate);
        return { [Symbol.dispose]: () => void timers.splice(timers.indexOf(onLate), 1) };
      },
    };
    const limiter = new RateLimiter(
      { buckets: [{ name: 'requests', capacity: 1, refillPerSecond: 1 }], shared: { expectedProcesses: 2 } },
      { clock, shared },
    );
    const going = limiter.execute(() => Promise.resolve('went'));
    nowMs = 1_000;
    for (const onLate of timers.splice(0)) onLate();
    shared.questions[0]?.answer({ outcome: 'allowed' });
    expect(await going).toBe('went');
    expect(limiter.status().decidedBy).toBe('shared');
  });

  test('counts who let a call go, and what was not answered', async () => {
    const metrics = new MetricsRegistry();
    const limiter = sharedLimiter(world, shared, {}, metrics);
    shared.answer = { outcome: 'allowed' };
    world.ask(limiter, 'a');
    await world.advance(0);
    shared.answer = new Error('nobody is there');
    world.ask(limiter, 'b');
    await world.advance(500);
    const text = await metrics.exposition();
    expect(text).toMatch(/trading_rate_limit_shared_total\{[^}]*by="shared"[^}]*\} 1\n/);
    expect(text).toMatch(/trading_rate_limit_shared_total\{[^}]*by="fallback"[^}]*\} 1\n/);
    expect(text).toMatch(/trading_rate_limit_shared_failures_total\{[^}]*\} 1\n/);
  });
});

describe('options of a shared limit', () => {
  const buckets = [{ name: 'requests', capacity: 1, refillPerSecond: 1 }];
  const make = (given: object, withShared = true) =>
    new RateLimiter(
      { buckets, shared: given as { expectedProcesses: number } },
      { clock: new ManualClock(), shared: withShared ? new ScriptedShared() : undefined },
    );

  test.each([
    [{}, 'shared.expectedProcesses'],
    [{ expectedProcesses: 0 }, 'shared.expectedProcesses'],
    [{ expectedProcesses: 2, fallbackFraction: 0 }, 'shared.fallbackFraction'],
    [{ expectedProcesses: 2, fallbackFraction: 1.01 }, 'shared.fallbackFraction'],
    [{ expectedProcesses: 2, limit: 'a b' }, 'shared.limit'],
    [{ expectedProcesses: 2, timeoutMs: 0 }, 'shared.timeoutMs'],
    [{ expectedProcesses: 2, retry: 1 }, 'retry'],
  ])('refuses %o', (given, name) => {
    expect(() => make(given)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) as string }),
    );
  });

  test('nobody to ask is refused, not taken for a limit of its own', () => {
    expect(() => make({ expectedProcesses: 2 }, false)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

describe('MemorySharedRate', () => {
  test('two limiters hold one limit together', async () => {
    const memory = new MemorySharedRate({ clock: world.clock });
    const limiters = [sharedLimiter(world, memory), sharedLimiter(world, memory)];
    for (let count = 0; count < 10; count++) {
      for (const limiter of limiters) world.ask(limiter, String(count));
    }
    await world.advance(0);
    expect(world.began).toHaveLength(4);
    await world.advance(1_000);
    expect(world.began).toHaveLength(8);
    await world.advance(3_000);
    expect(world.began).toHaveLength(20);
  });

  test('takes from all buckets or from none', async () => {
    const memory = new MemorySharedRate({ clock: world.clock });
    const take = (small: number, large: number) =>
      memory.take('venue', [
        { bucket: 'small', capacity: 2, refillPerSecond: 1, cost: small },
        { bucket: 'large', capacity: 9, refillPerSecond: 1, cost: large },
      ]);
    expect(await take(2, 2)).toEqual({ outcome: 'allowed' });
    expect(await take(1, 7)).toEqual({ outcome: 'wait', waitMs: 1_000 });
    expect(await take(0, 7)).toEqual({ outcome: 'allowed' });
    expect(await take(3, 0)).toEqual({ outcome: 'never' });
  });

  test('limits of other names are others', async () => {
    const memory = new MemorySharedRate({ clock: world.clock });
    const takes = [{ bucket: 'b', capacity: 1, refillPerSecond: 1, cost: 1 }];
    expect(await memory.take('one', takes)).toEqual({ outcome: 'allowed' });
    expect(await memory.take('two', takes)).toEqual({ outcome: 'allowed' });
    expect(await memory.take('one', takes)).toEqual({ outcome: 'wait', waitMs: 1_000 });
  });
});
