import { describe, expect, test } from 'vitest';
import {
  Bulkhead,
  CircuitBreaker,
  Hedge,
  type Outcome,
  type Policy,
  RateLimiter,
  type RateLimiterOptions,
  Retry,
  pipeline,
} from '../../../src/resilience/index.ts';
import { callOf, listenersOf, unavailable } from './attempts.ts';
import { WaitingWorld, rateLimited } from './waiting-world.ts';

const DONE: Outcome<string> = { ok: true, value: 'done' };
const IDLE = { running: 0, abandoned: 0, waiting: 0 };

/** A limiter before a bulkhead, whose work ends when the test says how. */
class RoomWorld extends WaitingWorld {
  readonly ends: ((outcome: Outcome<unknown>) => void)[] = [];
  readonly limiter: RateLimiter;
  readonly bulkhead: Bulkhead;

  constructor(
    maxConcurrent: number,
    { capacity = 10, ...options }: Partial<RateLimiterOptions> & { capacity?: number } = {},
  ) {
    super();
    this.bulkhead = new Bulkhead(
      { maxConcurrent, maxQueued: 100 },
      {
        clock: this.clock,
        onFree: () => {
          this.limiter.roomMade();
        },
      },
    );
    this.limiter = new RateLimiter(
      { buckets: [{ name: 'requests', capacity, refillPerSecond: 1 }], maxWaitMs: 60_000, ...options },
      { clock: this.clock, room: this.bulkhead },
    );
  }

  send(
    name: string,
    options: Parameters<WaitingWorld['ask']>[2] = {},
    policies: Parameters<typeof pipeline>[0] = {},
  ): ReturnType<WaitingWorld['ask']> {
    const policy: Policy = pipeline({ rateLimit: this.limiter, bulkhead: this.bulkhead, ...policies });
    return this.ask(policy, name, options, () => new Promise((end) => this.ends.push(end)));
  }

  async end(at: number, outcome: Outcome<unknown> = DONE): Promise<void> {
    this.ends[at]?.(outcome);
    await this.clock.turn();
  }

  get waiting(): readonly [inLimiter: number, inBulkhead: number] {
    return [this.limiter.status().waiting, this.bulkhead.status().waiting];
  }

  get level(): number | undefined {
    return this.limiter.status().buckets[0]?.level;
  }
}

describe('a rate limiter with room further in', () => {
  test('lets go as many as there are slots, of a hundred that come in one tick; the others keep their tokens', async () => {
    const world = new RoomWorld(4, { capacity: 200 });
    for (let at = 0; at < 100; at += 1) world.send(String(at));
    await world.clock.turn();
    expect([world.began.length, world.waiting, world.level]).toEqual([4, [96, 0], 196]);
  });

  test('a slot that is free lets the most urgent go, in the same turn', async () => {
    const world = new RoomWorld(1);
    world.send('runs');
    world.send('low', { priority: 'low' });
    world.send('critical', { priority: 'critical' });
    await world.end(0);
    expect([world.began, world.waiting]).toEqual([
      ['runs', 'critical'],
      [1, 0],
    ]);
    await world.end(1);
    await world.end(2);
    expect([world.began, world.bulkhead.status()]).toEqual([['runs', 'critical', 'low'], IDLE]);
  });

  test('room without tokens lets nobody go', async () => {
    const world = new RoomWorld(2, { capacity: 1 });
    const [, second] = [world.send('first'), world.send('second')];
    await world.end(0);
    await world.advance(999);
    expect(world.began).toEqual(['first']);
    await world.advance(1);
    expect(world.began).toEqual(['first', 'second']);
    expect(second.call.stats.waitMs).toBe(1_000);
  });

  test('what waited for slots goes no faster than its tokens come when they are free', async () => {
    const world = new RoomWorld(4, { capacity: 6 });
    for (let at = 0; at < 20; at += 1) world.send(String(at));
    await world.advance(4_000);
    expect(world.began).toHaveLength(4);
    for (let at = 0; at < 20; at += 1) await world.end(at);
    // 4 gone long ago, then a full bucket of 6.
    expect(world.began).toHaveLength(10);
    await world.advance(1_000);
    expect(world.began).toHaveLength(11);
  });

  test('work that was given up has its slot until it has really ended', async () => {
    const world = new RoomWorld(1);
    world.send('given up');
    world.send('next');
    const ended = Promise.withResolvers<undefined>();
    await world.end(0, { ok: false, failure: unavailable({ stillRunning: ended.promise }) });
    expect([world.began, world.waiting]).toEqual([['given up'], [1, 0]]);
    ended.resolve(undefined);
    await world.clock.turn();
    expect(world.began).toEqual(['given up', 'next']);
  });

  test.each([
    ['maxWaitMs', { maxWaitMs: 500 }, {}, rateLimited('wait-too-long')],
    ['its deadline', {}, { deadlineMs: 500 }, rateLimited('wait-too-long')],
  ])('who waits for room only gives up at %s', async (_what, options, call, refused) => {
    const world = new RoomWorld(1, options);
    world.send('runs');
    const asked = world.send('waits', call);
    await world.advance(499);
    expect(asked.outcome).toBeUndefined();
    await world.advance(1);
    expect(asked.outcome).toEqual(refused);
    expect([world.waiting, world.clock.timers]).toEqual([[0, 0], 0]);
  });

  test('one that may not wait is refused at once', async () => {
    const world = new RoomWorld(1, { maxWaitMs: 0 });
    world.send('runs');
    const asked = world.send('refused');
    await world.clock.turn();
    expect(asked.outcome).toEqual(rateLimited('wait-too-long'));
  });

  test('an abort ends the wait for room, and the next has the place', async () => {
    const world = new RoomWorld(1);
    world.send('runs');
    const caller = new AbortController();
    const asked = world.send('aborted', { signal: caller.signal });
    world.send('next');
    caller.abort('left');
    await world.clock.turn();
    expect(asked.outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'left' } });
    await world.end(0);
    expect(world.began).toEqual(['runs', 'next']);
  });

  test('a place kept for a call that never comes is free when the call has ended', async () => {
    const world = new RoomWorld(1);
    const breaker = new CircuitBreaker({}, { clock: world.clock });
    breaker.isolate('by hand');
    const refused = world.send('refused', {}, { breaker });
    world.send('next');
    await world.clock.turn();
    expect(refused.outcome).toMatchObject({ failure: { code: 'CIRCUIT_OPEN' } });
    expect([world.began, world.bulkhead.hasRoom()]).toEqual([['next'], false]);
    await world.end(0);
    expect(world.bulkhead.hasRoom()).toBe(true);
  });

  test('so it is when a policy of somebody else throws', async () => {
    const world = new RoomWorld(1);
    const throws = (): never => {
      throw new Error('broken');
    };
    await expect(world.limiter.run(throws, callOf())).rejects.toThrow('broken');
    expect(world.bulkhead.hasRoom()).toBe(true);
  });

  test('who is let go has the place, whoever comes to the bulkhead by another way meanwhile', async () => {
    const world = new RoomWorld(1);
    world.send('runs');
    world.send('waits');
    world.ends[0]?.(DONE);
    // The slot is free in this turn, and the limiter has let the next go: it is on its way.
    for (let turn = 0; !world.bulkhead.hasRoom() && world.waiting[0] > 0 && turn < 20; turn += 1)
      await Promise.resolve();
    world.ask(world.bulkhead, 'other way');
    await world.clock.turn();
    expect(world.began).toEqual(['runs', 'waits']);
    await world.end(1);
    expect(world.began).toEqual(['runs', 'waits', 'other way']);
    expect(world.bulkhead.status()).toEqual(IDLE);
  });

  test('a retry has no place while it waits, and goes when there is one', async () => {
    const world = new RoomWorld(1);
    const before: ConstructorParameters<typeof Retry>[1]['before'] = (call) => world.limiter.acquire(call);
    const retry = new Retry(
      { baseDelayMs: 100, retries: 1 },
      { clock: world.clock, random: () => 0.5, before },
    );
    const asked = world.send('retried', {}, { retry });
    world.send('other');
    await world.end(0, { ok: false, failure: unavailable() });
    expect(world.began).toEqual(['retried', 'other']);
    await world.advance(50);
    expect([world.began.length, world.waiting]).toEqual([2, [1, 0]]);
    await world.end(1);
    expect(world.began).toEqual(['retried', 'other', 'retried']);
    await world.end(2);
    expect([asked.outcome, world.bulkhead.status(), world.bulkhead.hasRoom()]).toEqual([DONE, IDLE, true]);
  });

  test('a hedge without room is not made, and keeps nobody waiting', async () => {
    const world = new RoomWorld(1);
    const hedge = new Hedge(
      { delayMs: 10 },
      { clock: world.clock, before: (call) => world.limiter.acquire(call) },
    );
    const asked = world.send('slow', {}, { hedge });
    await world.advance(10);
    expect(world.waiting).toEqual([1, 0]);
    await world.end(0);
    expect([asked.outcome, world.waiting, world.began.length]).toEqual([DONE, [0, 0], 1]);
    expect(world.bulkhead.hasRoom()).toBe(true);
  });

  test('`acquire` for a call that it does not run keeps no place', async () => {
    const world = new RoomWorld(1);
    expect(await world.limiter.acquire(callOf())).toBeUndefined();
    expect([world.bulkhead.hasRoom(), world.level]).toEqual([true, 9]);
  });
});

describe('resume', () => {
  test('ends a pause of a week at once: who waits goes, and who comes', async () => {
    const world = new RoomWorld(4, { maxWaitMs: 1e10 });
    world.limiter.pauseFor(7 * 24 * 3_600_000);
    world.send('waits');
    await world.advance(1_000);
    expect(world.began).toEqual([]);
    world.limiter.resume();
    world.send('comes');
    await world.clock.turn();
    expect(world.began.toSorted()).toEqual(['comes', 'waits']);
    expect(world.limiter.status().pausedUntilMs).toBeUndefined();
  });
});

describe.each([
  ['close with a reason', (limiter: RateLimiter): void => limiter.close('shutdown'), 'shutdown'],
  ['dispose', (limiter: RateLimiter): void => limiter[Symbol.dispose](), 'the rate limiter was closed'],
] as const)('%s', (_what, close, reason) => {
  test('ends every wait at once, and refuses later calls the same; what runs goes on', async () => {
    const world = new RoomWorld(1);
    const { signal } = new AbortController();
    const runs = world.send('runs');
    const waits = [world.send('waits', { signal }), world.send('waits too', { priority: 'low' })];
    close(world.limiter);
    const later = world.send('later');
    await world.clock.turn();
    const refused = { ok: false, failure: { code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason } };
    expect([...waits, later].map(({ outcome }) => outcome)).toEqual([refused, refused, refused]);
    expect([world.waiting, world.clock.timers, listenersOf(signal)]).toEqual([[0, 0], 0, 0]);
    await world.end(0);
    expect([runs.outcome, world.began]).toEqual([DONE, ['runs']]);
    expect(await world.limiter.acquire(callOf())).toEqual(refused.failure);
  });
});
