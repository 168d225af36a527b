import { describe, expect, test } from 'vitest';
import { PRIORITIES, type Priority } from '../../../src/resilience/index.ts';
import { limiterOf, rateLimited, WaitingWorld } from './waiting-world.ts';

/** One waiter: it comes at a time, with a priority. */
type Arrival = readonly [name: string, atMs: number, priority: Priority, weight?: number];

/** One token a second and no burst, from the first second on: the order in which they go. */
async function orderOf(
  arrivals: readonly Arrival[],
  ageingMs: number,
  perSecond = 1,
): Promise<readonly string[]> {
  const world = new WaitingWorld();
  const limiter = limiterOf(world, { capacity: 4, refillPerSecond: perSecond, ageingMs });
  world.ask(limiter, 'first', { weight: 4 });
  for (const [name, atMs, priority, weight] of arrivals) {
    await world.advance(atMs - world.clock.monotonicMs());
    world.ask(limiter, name, { priority, weight });
  }
  await world.advance(100_000);
  return world.began.slice(1);
}

describe('the order of those who wait', () => {
  const scenarios: Readonly<
    Record<string, { ageingMs: number; arrivals: readonly Arrival[]; order: readonly string[] }>
  > = {
    'the most urgent first': {
      ageingMs: 50_000,
      arrivals: [
        ['d', 0, 'low'],
        ['c', 0, 'normal'],
        ['b', 0, 'high'],
        ['a', 0, 'critical'],
      ],
      order: ['a', 'b', 'c', 'd'],
    },
    'of equals the first to come, whatever it weighs': {
      ageingMs: 50_000,
      arrivals: [
        ['a', 0, 'normal', 3],
        ['b', 0, 'normal', 1],
        ['c', 0, 'normal', 4],
        ['d', 0, 'normal', 2],
      ],
      order: ['a', 'b', 'c', 'd'],
    },
    'a light one does not pass a heavy one that is before it': {
      ageingMs: 50_000,
      arrivals: [
        ['heavy', 0, 'normal', 4],
        ['light low', 0, 'low', 1],
        ['light', 900, 'normal', 1],
        ['none at all', 900, 'normal', 0],
      ],
      order: ['heavy', 'light', 'none at all', 'light low'],
    },
    'a more urgent one does': {
      ageingMs: 50_000,
      arrivals: [
        ['heavy', 0, 'normal', 4],
        ['urgent', 1_500, 'high', 1],
      ],
      order: ['urgent', 'heavy'],
    },
    'one who has waited `ageingMs` is one level up, where it came first': {
      ageingMs: 900,
      arrivals: [
        ['low', 0, 'low'],
        ['normal', 900, 'normal'],
      ],
      order: ['low', 'normal'],
    },
    'one who has waited a millisecond less is not': {
      ageingMs: 900,
      arrivals: [
        ['low', 0, 'low'],
        ['normal', 899, 'normal'],
      ],
      order: ['normal', 'low'],
    },
    'three levels take three such times': {
      ageingMs: 300,
      arrivals: [
        ['low', 0, 'low'],
        ['critical', 899, 'critical'],
        ['critical, later', 900, 'critical'],
      ],
      order: ['critical', 'low', 'critical, later'],
    },
    'lanes are mixed by age': {
      ageingMs: 100,
      arrivals: [
        ['low 0', 0, 'low'],
        ['normal 50', 50, 'normal'],
        ['low 90', 90, 'low'],
        ['high 150', 150, 'high'],
        ['critical 245', 245, 'critical'],
        ['critical 305', 305, 'critical'],
      ],
      order: ['critical 245', 'normal 50', 'high 150', 'low 0', 'critical 305', 'low 90'],
    },
  };

  for (const [what, { ageingMs, arrivals, order }] of Object.entries(scenarios)) {
    test(what, async () => {
      expect(await orderOf(arrivals, ageingMs)).toEqual(order);
    });
  }

  test('a critical call waits when tokens are out, and goes first', async () => {
    const world = new WaitingWorld();
    const limiter = limiterOf(world);
    for (const name of ['a', 'b', 'c']) world.ask(limiter, name);
    world.ask(limiter, 'critical', { priority: 'critical' });
    await world.advance(999);
    expect(world.began).toEqual(['a', 'b']);
    await world.advance(1);
    expect(world.began).toEqual(['a', 'b', 'critical']);
  });

  test('a critical call goes at once before a heavy one that waits, if its tokens are there', async () => {
    const world = new WaitingWorld();
    const limiter = limiterOf(world);
    world.ask(limiter, 'first');
    world.ask(limiter, 'heavy', { weight: 2 });
    world.ask(limiter, 'same', { weight: 1 });
    expect(world.began).toEqual(['first']);
    world.ask(limiter, 'critical', { priority: 'critical' });
    expect(world.began).toEqual(['first', 'critical']);
  });

  test.each(PRIORITIES)(
    'under a constant load of all that is above, %s has its turn within the bounds of ageing',
    async (priority) => {
      const ageingMs = 1_000;
      const world = new WaitingWorld();
      const limiter = limiterOf(world, { capacity: 1, refillPerSecond: 10, ageingMs, maxQueued: 1_000 });
      world.ask(limiter, 'first');
      const rank = PRIORITIES.indexOf(priority);
      // Twice as many calls of each priority above come as can go.
      let beganAtMs: number | undefined;
      const waiter = world.ask(limiter, 'it', { priority });
      const boundMs = rank * ageingMs;
      let before = 0;
      for (let atMs = 0; beganAtMs === undefined && atMs < 60_000; atMs += 50) {
        for (const above of PRIORITIES.slice(0, rank)) {
          world.ask(limiter, above, { priority: above });
          // What goes before it: all that comes in the time that its priority is ahead.
          if (atMs < (rank - PRIORITIES.indexOf(above)) * ageingMs) before += 1;
        }
        await world.advance(50);
        if (waiter.outcome !== undefined) beganAtMs = world.clock.monotonicMs();
      }
      expect(beganAtMs).toBeLessThanOrEqual(Math.max(boundMs, (before + 1) * 100) + 50);
      expect(waiter.outcome).toEqual({ ok: true, value: 'it' });
    },
  );
});

test('whoever leaves from anywhere in the line, the others keep their places', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const pairs = names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other]));
  for (const leaving of pairs) {
    const world = new WaitingWorld();
    const limiter = limiterOf(world);
    world.ask(limiter, 'first', { weight: 2 });
    const controllers = new Map(names.map((name) => [name, new AbortController()]));
    for (const [name, { signal }] of controllers) world.ask(limiter, name, { signal });
    for (const name of leaving) controllers.get(name)?.abort();
    await world.advance(3_000);
    expect([leaving, world.began.slice(1)]).toEqual([
      leaving,
      names.filter((name) => !leaving.includes(name)),
    ]);
  }
});

test.each([
  [999, undefined],
  [1_000, 2_000],
])(
  'a low call that has waited %d ms of 1,000 counts before a normal newcomer or not',
  async (waitedMs, retryAfterMs) => {
    const world = new WaitingWorld();
    const limiter = limiterOf(world, { ageingMs: 1_000 });
    limiter.pauseFor(waitedMs);
    await world.advance(0);
    world.ask(limiter, 'low', { priority: 'low', weight: 2 });
    await world.advance(waitedMs - 1);
    limiter.pauseFor(1);
    limiter.observe('requests', 2);
    await world.advance(1);
    limiter.observe('requests', 2);
    const newcomer = world.ask(limiter, 'newcomer', { weight: 0, deadlineMs: waitedMs + 1_999 });
    await world.clock.turn();
    expect(newcomer.outcome).toEqual(
      retryAfterMs === undefined
        ? { ok: true, value: 'newcomer' }
        : rateLimited('wait-too-long', retryAfterMs),
    );
  },
);

describe('a full line', () => {
  const full = (world: WaitingWorld, priorities: readonly Priority[], ageingMs = 1_000) => {
    const limiter = limiterOf(world, { maxQueued: priorities.length, ageingMs, maxWaitMs: 600_000 });
    world.ask(limiter, 'first', { weight: 2 });
    const waiting = priorities.map((priority, at) => world.ask(limiter, `${priority} ${at}`, { priority }));
    return { limiter, waiting };
  };

  test.each<readonly [Priority, ...Priority[]]>([
    ['low', 'normal', 'normal'],
    ['normal', 'normal', 'normal'],
    ['high', 'critical', 'high'],
    ['critical', 'critical', 'critical'],
  ])('refuses a newcomer of %s where %s and %s wait', async (newcomer, ...priorities) => {
    const world = new WaitingWorld();
    const { limiter, waiting } = full(world, priorities);
    const asked = world.ask(limiter, 'newcomer', { priority: newcomer });
    await world.clock.turn();
    expect(asked.outcome).toEqual(rateLimited('queue-full'));
    expect(waiting.map(({ outcome }) => outcome)).toEqual([undefined, undefined]);
    expect(limiter.status().waiting).toBe(2);
  });

  test('gives the place of the last of the lowest to a more urgent one', async () => {
    const world = new WaitingWorld();
    const { limiter, waiting } = full(world, ['low', 'normal', 'low', 'high']);
    const asked = world.ask(limiter, 'newcomer', { priority: 'normal' });
    await world.clock.turn();
    expect(waiting.map(({ outcome }) => outcome)).toEqual([
      undefined,
      undefined,
      rateLimited('queue-full'),
      undefined,
    ]);
    expect([asked.outcome, limiter.status().waiting]).toEqual([undefined, 4]);
    await world.advance(10_000);
    expect(world.began).toEqual(['first', 'high 3', 'normal 1', 'newcomer', 'low 0']);
  });

  test.each([
    [999, true],
    [1_000, false],
  ])(
    'by the age of the last: a low one that has waited %d ms of 1,000 makes room for normal: %s',
    async (waitedMs, isDisplaced) => {
      const world = new WaitingWorld();
      const { limiter, waiting } = full(world, ['low']);
      limiter.pauseFor(60_000);
      await world.advance(waitedMs);
      const asked = world.ask(limiter, 'newcomer', { priority: 'normal' });
      await world.clock.turn();
      const refused = rateLimited('queue-full');
      const expected = isDisplaced ? [refused, undefined] : [undefined, refused];
      expect([waiting[0]?.outcome, asked.outcome]).toEqual(expected);
    },
  );

  test('of no place refuses everybody who cannot go', async () => {
    const world = new WaitingWorld();
    const { limiter } = full(world, []);
    const asked = world.ask(limiter, 'a', { priority: 'critical' });
    await world.advance(1_000);
    const later = world.ask(limiter, 'b');
    await world.clock.turn();
    expect([asked.outcome, later.outcome]).toEqual([rateLimited('queue-full'), { ok: true, value: 'b' }]);
  });

  test('of thousands is cheap: each comes, goes, is displaced or gives up at the same cost', async () => {
    const world = new WaitingWorld();
    const limiter = limiterOf(world, { refillPerSecond: 100, maxQueued: 5_000, maxWaitMs: 1e9 });
    world.ask(limiter, 'first', { weight: 2 });
    const controllers = Array.from({ length: 20_000 }, () => new AbortController());
    const asked = controllers.map(({ signal }, at) =>
      world.ask(limiter, String(at), {
        signal,
        priority: PRIORITIES[3 - Math.floor(at / 5_000)],
        deadlineMs: 1e6 + ((at * 7_919) % 20_000),
      }),
    );
    expect(limiter.status().waiting).toBe(5_000);
    for (const [at, controller] of controllers.entries()) if (at % 3 > 0) controller.abort();
    await world.advance(10);
    const count = (because: string) =>
      asked.filter(
        ({ outcome }) =>
          outcome?.ok === false && 'because' in outcome.failure && outcome.failure.because === because,
      ).length;
    expect(count('queue-full')).toBe(15_000);
    expect(limiter.status().waiting).toBe(asked.filter(({ outcome }) => outcome === undefined).length);
    expect(world.clock.timers).toBe(1);
    limiter.pauseFor(2e6);
    expect([limiter.status().waiting, world.clock.timers]).toEqual([0, 0]);
  });
});
