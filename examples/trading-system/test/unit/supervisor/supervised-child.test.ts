import { describe, expect, test } from 'vitest';
import { type FakeProcess, World, childSpec } from './fake-children.ts';

const RULES = { backoffMs: 100, maxBackoffMs: 400, maxCrashes: 5, crashWindowMs: 30_000, steadyMs: 5_000 };

async function running(rules: object = {}): Promise<World> {
  const world = new World([childSpec('a')], { ...RULES, ...rules });
  await world.supervisor.start();
  return world;
}

const state = (world: World): string | undefined => world.supervisor.status()[0]?.state;

describe('a child that dies', () => {
  test('is started again after a wait that doubles up to its bound', async () => {
    const world = await running();
    for (let death = 0; death < 4; death += 1) {
      world.of('a').end(1);
      await world.settle();
      const waiting = world.events.findLast(({ event }) => event === 'waiting');
      await world.advance(waiting !== undefined && 'forMs' in waiting ? waiting.forMs : NaN);
    }
    const waits = world.events.flatMap((event) => (event.event === 'waiting' ? [event.forMs] : []));
    expect(waits).toEqual([50, 100, 200, 200]); // half of each, as the random source says 0
    expect(world.supervisor.status()).toEqual([
      {
        ...{ name: 'a', role: 'a', instance: 1, state: 'ready', pid: 5, url: 'http://127.0.0.1:5' },
        ...{ starts: 5, deaths: 4 },
      },
    ]);
  });

  test('waits as at first again after one that stayed up', async () => {
    const world = await running();
    world.of('a').end(1);
    await world.settle();
    await world.advance(50);
    await world.advance(RULES.steadyMs);
    world.of('a').end(1);
    await world.settle();
    expect(world.events.at(-1)).toEqual({ event: 'waiting', child: 'a', forMs: 50, crashes: 2 });
  });

  test('is given up with the fifth death within the window, and everybody is told', async () => {
    const world = await running();
    for (let death = 0; death < 5; death += 1) {
      world.of('a').end(null, 'SIGSEGV');
      await world.settle();
      await world.advance(400);
    }
    expect(world.events.at(-1)).toEqual({ event: 'given-up', child: 'a', crashes: 5, withinMs: 30_000 });
    expect([state(world), world.of('a').pid, world.supervisor.hasGivenUp]).toEqual(['given-up', 5, true]);
    await world.advance(60_000);
    expect(world.of('a').pid).toBe(5);
  });

  test('is not given up while its deaths are further apart', async () => {
    const world = await running();
    for (let death = 0; death < 10; death += 1) {
      world.of('a').end(1);
      await world.settle();
      await world.advance(7_500); // four within any 30 s
    }
    expect([state(world), world.supervisor.hasGivenUp]).toEqual(['ready', false]);
  });

  test('also one that ends with 0 is started again', async () => {
    const world = await running();
    world.of('a').end(0);
    await world.settle();
    expect(world.told.slice(-2)).toEqual(['ended a', 'waiting a']);
  });

  test('one that cannot be started counts as one that died', async () => {
    const world = new World([childSpec('a')], { ...RULES, maxCrashes: 1 });
    world.missing.add('a');
    expect(await world.supervisor.start()).toBe(false);
    expect(world.events[0]).toMatchObject({ event: 'ended', error: 'ENOENT', asked: false });
  });
});

describe('exit code 75', () => {
  test('starts it again at once, and is no crash', async () => {
    const world = await running({ maxCrashes: 1 });
    await world.advance(100);
    world.of('a').end(75);
    await world.settle();
    expect([world.of('a').pid, state(world), world.supervisor.hasGivenUp]).toEqual([2, 'ready', false]);
  });

  test('starts it again at once each time that it has stayed up', async () => {
    const world = await running({ maxCrashes: 1 });
    for (let turn = 0; turn < 3; turn += 1) {
      await world.advance(RULES.steadyMs);
      world.of('a').end(75);
      await world.settle();
    }
    expect([world.of('a').pid, state(world), world.told.includes('waiting a')]).toEqual([4, 'ready', false]);
  });

  test('again and again before it has stayed up: waits longer each time, up to the bound, and is never given up', async () => {
    const world = await running({ maxCrashes: 1 });
    for (let turn = 0; turn < 100; turn += 1) {
      await world.advance(RULES.steadyMs - 1_000);
      world.of('a').end(75);
      await world.settle();
      await world.advance(200);
    }
    const waits = world.events.flatMap((event) => (event.event === 'waiting' ? [event.forMs] : []));
    expect(waits.slice(0, 5)).toEqual([50, 100, 200, 200, 200]); // of the second on; half of each
    expect([waits.length, world.of('a').pid, state(world)]).toEqual([99, 101, 'ready']);
    expect(world.supervisor.hasGivenUp).toBe(false);
  });

  test('has to wait when it comes right after the start', async () => {
    const world = await running({ maxCrashes: 1 });
    await world.advance(99);
    world.of('a').end(75);
    await world.settle();
    expect([state(world), world.events.at(-1)]).toEqual([
      'waiting',
      { event: 'waiting', child: 'a', forMs: 50, crashes: 0 },
    ]);
  });
});

describe('a child that does not answer', () => {
  test('is killed after so many times in a row, and started again', async () => {
    const world = await running({ liveEveryMs: 1_000, liveFailures: 3 });
    world.frozen.add('http://127.0.0.1:1');
    await world.advance(1_000);
    await world.advance(1_000);
    expect(world.of('a').signals).toEqual([]);
    await world.advance(1_000);
    expect((world.processes.get('a') as FakeProcess[])[0]?.signals).toEqual(['SIGKILL']);
    await world.advance(50);
    expect([state(world), world.of('a').pid]).toEqual(['ready', 2]);
  });

  test('is left alone when it answers in between', async () => {
    const world = await running({ liveEveryMs: 1_000, liveFailures: 3 });
    for (let turn = 0; turn < 4; turn += 1) {
      world.frozen.add('http://127.0.0.1:1');
      await world.advance(1_000);
      await world.advance(1_000);
      world.frozen.clear();
      await world.advance(1_000);
    }
    expect(world.of('a').pid).toBe(1);
  });

  test('is killed when it is not ready in time', async () => {
    const world = new World([childSpec('a')], { ...RULES, readyTimeoutMs: 1_000 });
    world.isPrompt = false;
    void world.supervisor.start();
    await world.advance(999);
    expect(world.of('a').signals).toEqual([]);
    await world.advance(1);
    expect([world.of('a').signals, state(world)]).toEqual([['SIGKILL'], 'waiting']);
  });
});

describe('a stop', () => {
  test('kills what does not end in time', async () => {
    const world = await running({ stopTimeoutMs: 2_000 });
    world.of('a').heeds = false;
    const stopped = world.supervisor.stop('over');
    await world.settle();
    await world.advance(1_999);
    expect(world.of('a').signals).toEqual(['SIGTERM']);
    await world.advance(1);
    await stopped;
    expect(world.of('a').signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(world.told.slice(-4)).toEqual(['stopping a', 'killed a', 'ended a', 'all-stopped']);
  });

  test('goes on without one that not even SIGKILL ends', async () => {
    const world = await running({ stopTimeoutMs: 2_000 });
    const stuck = world.of('a');
    stuck.kill = (signal) => stuck.signals.push(signal);
    const stopped = world.supervisor.stop('over');
    await world.settle();
    await world.advance(2_000);
    await world.advance(5_000);
    await stopped;
    expect(world.events.findLast(({ event }) => event === 'ended')).toMatchObject({
      error: 'still there after SIGKILL',
    });
  });

  test('of one that waits for its next start starts nothing more', async () => {
    const world = await running();
    world.of('a').end(1);
    await world.settle();
    await world.supervisor.stop('over');
    await world.advance(60_000);
    expect([state(world), world.of('a').pid]).toEqual(['stopped', 1]);
  });

  test('of one that is starting ends it before it is ready', async () => {
    const world = new World([childSpec('a')], RULES);
    world.isPrompt = false;
    void world.supervisor.start();
    await world.settle();
    await world.supervisor.stop('over');
    world.of('a').ready();
    await world.settle();
    expect([state(world), world.told.includes('ready a')]).toEqual(['stopped', false]);
  });
});

describe('what a child writes', () => {
  test('is passed on, each line', async () => {
    const world = await running();
    world.of('a').line('hello');
    world.of('a').order.onLine('trouble', 'stderr');
    expect(world.lines.slice(1)).toEqual(['a stdout hello', 'a stderr trouble']);
  });

  test('makes it ready only by the line that says so, on stdout', async () => {
    const world = new World([childSpec('a')], RULES);
    world.isPrompt = false;
    void world.supervisor.start();
    await world.settle();
    const { order } = world.of('a');
    for (const line of ['ready', '{"ready":false}', '{"ready":true', '{"listening":0}'])
      order.onLine(line, 'stdout');
    order.onLine('{"ready":true}', 'stderr');
    await world.settle();
    expect(state(world)).toBe('starting');
    order.onLine('{"listening":4711,"pid":1}', 'stdout');
    await world.settle();
    expect(world.supervisor.status()[0]).toMatchObject({ state: 'ready', url: 'http://127.0.0.1:4711' });
  });

  test('one that tells no URL is ready and is asked nothing', async () => {
    const world = new World([childSpec('a')], { ...RULES, liveEveryMs: 10, liveFailures: 1 });
    world.isPrompt = false;
    const started = world.supervisor.start();
    await world.settle();
    world.of('a').line('{"ready":true}');
    await started;
    await world.advance(10_000);
    expect(world.of('a').signals).toEqual([]);
  });
});
