import { describe, expect, test } from 'vitest';
import { World, childSpec } from './fake-children.ts';

const pair = [
  childSpec('trading-1', { role: 'trading', stage: 1 }),
  childSpec('trading-2', { role: 'trading', instance: 2, stage: 1 }),
];

describe('start', () => {
  test('a stage begins when that before it is ready', async () => {
    const world = new World([childSpec('late', { stage: 1 }), childSpec('early'), childSpec('other')]);
    world.isPrompt = false;
    const started = world.supervisor.start();
    await world.settle();
    expect([...world.processes.keys()]).toEqual(['early', 'other']);
    world.of('early').ready();
    await world.settle();
    expect(world.processes.has('late')).toBe(false);
    world.of('other').ready();
    await world.settle();
    world.of('late').ready();
    expect(await started).toBe(true);
    expect([world.supervisor.phase, world.told.at(-1)]).toEqual(['running', 'all-ready']);
  });

  test('ends with false when one of them is given up', async () => {
    const world = new World([childSpec('a'), childSpec('b', { stage: 1 })], { maxCrashes: 1 });
    world.isPrompt = false;
    const started = world.supervisor.start();
    await world.settle();
    world.of('a').end(1);
    expect(await started).toBe(false);
    expect([world.processes.has('b'), world.supervisor.hasGivenUp]).toEqual([false, true]);
  });

  test('ends with false when it is stopped meanwhile', async () => {
    const world = new World([childSpec('a'), childSpec('b', { stage: 1 })]);
    world.isPrompt = false;
    const started = world.supervisor.start();
    await world.settle();
    await world.supervisor.stop('over');
    expect([await started, world.processes.has('b')]).toEqual([false, false]);
  });

  test('refuses two children of one name, and rules that are misspelt', () => {
    expect(() => new World([childSpec('a'), childSpec('a')])).toThrow(/each name once/);
    expect(() => new World([], { maxCrash: 3 } as object)).toThrow(/maxCrash/);
  });
});

describe('stop', () => {
  test('goes through the stages backwards, each gone before the next is told', async () => {
    const world = new World([childSpec('first'), childSpec('second', { stage: 1 })]);
    await world.supervisor.start();
    world.of('second').heeds = false;
    const stopped = world.supervisor.stop('over');
    await world.settle();
    expect([world.of('second').signals, world.of('first').signals]).toEqual([['SIGTERM'], []]);
    world.of('second').end(0);
    await stopped;
    expect(world.told.slice(-6)).toEqual(
      ['stopping second', 'ended second', 'stopping first', 'ended first', 'all-stopped'].toSpliced(
        0,
        0,
        'stop-begun',
      ),
    );
    expect(world.supervisor.status().map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  });

  test('the one that has the work ends when the others of its role are gone', async () => {
    const world = new World(pair);
    world.active.add('trading-1');
    await world.supervisor.start();
    world.of('trading-2').heeds = false;
    const stopped = world.supervisor.stop('over');
    await world.settle();
    expect([world.of('trading-1').signals, world.of('trading-2').signals]).toEqual([[], ['SIGTERM']]);
    world.of('trading-2').end(0);
    await stopped;
    expect(world.of('trading-1').signals).toEqual(['SIGTERM']);
  });

  test('a second call waits for the first', async () => {
    const world = new World([childSpec('a')]);
    await world.supervisor.start();
    await Promise.all([world.supervisor.stop('over'), world.supervisor.stop('again')]);
    expect(world.told.filter((event) => event === 'stop-begun')).toEqual(['stop-begun']);
  });
});

describe('restart', () => {
  test('goes one by one, the next when the one before is ready', async () => {
    const world = new World([childSpec('venue', { isFixed: true }), childSpec('a'), childSpec('b')]);
    await world.supervisor.start();
    world.isPrompt = false;
    const restarted = world.supervisor.restart('new version');
    await world.settle();
    expect([world.of('a').pid, world.of('b').signals]).toEqual([4, []]);
    world.of('a').ready();
    await world.settle();
    expect([world.of('b').pid, world.supervisor.isRestarting]).toEqual([5, true]);
    world.of('b').ready();
    expect(await restarted).toBe(true);
    expect([world.of('venue').signals, world.supervisor.isRestarting]).toEqual([[], false]);
    expect(world.events.at(-1)).toMatchObject({
      ...{ event: 'restart-ended', outcome: 'done', restarted: ['a', 'b'] },
    });
  });

  test('takes the standby first, so that the active one hands over once', async () => {
    const world = new World(pair);
    world.active.add('trading-1');
    await world.supervisor.start();
    await world.supervisor.restart('new version');
    expect(world.events.at(-1)).toMatchObject({ restarted: ['trading-2', 'trading-1'] });
  });

  test('goes in the order of the names when nobody can say who is active', async () => {
    const world = new World(pair);
    await world.supervisor.start();
    await world.supervisor.restart('new version');
    expect(world.events.at(-1)).toMatchObject({ restarted: ['trading-1', 'trading-2'] });
  });

  test('ends at the first that does not come back, and leaves the others as they are', async () => {
    const world = new World([childSpec('a'), childSpec('b')], { maxCrashes: 1 });
    await world.supervisor.start();
    world.isPrompt = false;
    const restarted = world.supervisor.restart('bad version');
    await world.settle();
    world.of('a').end(1);
    expect(await restarted).toBe(false);
    expect(world.events.at(-1)).toMatchObject({ outcome: 'failed', restarted: [] });
    expect(world.of('b').signals).toEqual([]);
  });

  test('gives one that was given up another chance', async () => {
    const world = new World([childSpec('a'), childSpec('b')], { maxCrashes: 1 });
    await world.supervisor.start();
    world.of('a').end(1);
    await world.settle();
    expect(world.supervisor.status().map(({ state }) => state)).toEqual(['given-up', 'ready']);
    expect(await world.supervisor.restart('repaired', ['a'])).toBe(true);
    expect(world.supervisor.status().map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect([world.of('b').pid, world.supervisor.hasGivenUp]).toEqual([2, true]);
  });

  test('a stop ends it', async () => {
    const world = new World([childSpec('a'), childSpec('b')]);
    await world.supervisor.start();
    world.isPrompt = false;
    const restarted = world.supervisor.restart('new version');
    await world.settle();
    await world.supervisor.stop('over');
    expect(await restarted).toBe(false);
    expect(world.supervisor.status().map(({ state, pid }) => [state, pid])).toEqual([
      ['stopped', undefined],
      ['stopped', undefined],
    ]);
  });

  test('refuses a name that is not there, a second one meanwhile, and one before all is running', async () => {
    const world = new World([childSpec('a')]);
    await expect(world.supervisor.restart('early')).rejects.toThrow(/it is idle/);
    await world.supervisor.start();
    await expect(world.supervisor.restart('why not', ['z'])).rejects.toThrow(/no child z/);
    const first = world.supervisor.restart('first');
    await expect(world.supervisor.restart('second')).rejects.toThrow(/under way/);
    expect(await first).toBe(true);
  });
});
