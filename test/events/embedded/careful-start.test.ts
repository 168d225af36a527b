import { describe, expect, test } from 'vitest';
import { CarefulStart, SUSPECTS, TryTurns } from '../../../src/events/embedded/careful-start.ts';
import { GroupCursor } from '../../../src/events/embedded/group-cursor.ts';
import { type LastingStorage, lastingStorage } from './support/lasting-storage.ts';
import { type BusWorld, HAPPENED, gate, openBus, recorder, settle } from './support/bus-world.ts';

const never = (): Promise<void> => new Promise(() => undefined);

/** A bus that was killed with these events on their way to these groups, by thing. */
async function killed(things: readonly string[], groups: readonly string[] = ['g']): Promise<LastingStorage> {
  const storage = lastingStorage();
  const { bus, happen } = await openBus({}, { storage });
  for (const group of groups) await bus.subscribe(group, [HAPPENED], never).ready;
  for (const [at, thing] of things.entries()) await happen(at, thing);
  await settle();
  return storage;
}

const reopened = async (storage: LastingStorage): Promise<BusWorld> => openBus({}, { storage });

describe('EmbeddedEventBus: after a process that has died', () => {
  test('a clean close in between forgets nothing of what kills it', async () => {
    const storage = await killed(['a']);
    for (let life = 0; life < 3; life += 1) {
      const { bus } = await reopened(storage);
      bus.subscribe('g', [HAPPENED], never);
      await settle();
    }
    const looked = await reopened(storage);
    await looked.bus.close();
    const { bus } = await reopened(storage);
    bus.subscribe('g', [HAPPENED], never, { maxAttempts: 3 });
    await settle();
    expect(await bus.deadLetters.list()).toMatchObject([{ reason: 'CRASHED', attempts: 3 }]);
  });

  test('an attempt that was stopped by a close is no death', async () => {
    const storage = await killed(['a']);
    for (let life = 0; life < 4; life += 1) {
      const { bus, clock } = await reopened(storage);
      bus.subscribe('g', [HAPPENED], never, { maxAttempts: 3 });
      await settle();
      const closed = bus.close(100);
      await settle();
      clock.advance(100);
      await closed;
    }
    const { bus } = await reopened(storage);
    const { seen, handle } = recorder();
    bus.subscribe('g', [HAPPENED], handle, { maxAttempts: 3 });
    await settle();
    expect([seen, await bus.deadLetters.list()]).toEqual([['a0'], []]);
  });

  test('one that kills it on its second attempt is charged, and no other', async () => {
    const storage = await killed(['a', 'b', 'c']);
    let deaths = 0;
    const seen: string[] = [];
    for (let life = 0; life < 5; life += 1) {
      const { bus, clock } = await reopened(storage);
      let attempts = 0;
      bus.subscribe(
        'g',
        [HAPPENED],
        ({ data: { thing } }) => {
          if (thing !== 'a') return void seen.push(thing);
          attempts += 1;
          if (attempts === 1) throw new Error('first');
          deaths += 1;
          return never();
        },
        { concurrency: 5, maxAttempts: 4, maxBackoffMs: 100 },
      );
      await settle();
      clock.advance(100);
      await settle();
    }
    const { bus } = await reopened(storage);
    expect(await bus.deadLetters.list()).toMatchObject([{ position: '1', reason: 'CRASHED', attempts: 4 }]);
    // The first attempt of each life failed, the second killed it.
    expect([deaths, seen]).toEqual([2, ['b', 'c']]);
  });

  test('one that waits for its next attempt holds up its key alone', async () => {
    const storage = await killed(['a', 'a', 'b', 'c'], ['g', 'h']);
    const { bus, clock } = await reopened(storage);
    const { seen, handle } = recorder();
    const other = recorder();
    let fails = true;
    bus.subscribe(
      'g',
      [HAPPENED],
      (event) => {
        if (event.data.n === 0 && fails) throw new Error('later');
        handle(event);
      },
      { concurrency: 10, maxBackoffMs: 400 },
    );
    bus.subscribe('h', [HAPPENED], other.handle);
    await settle();
    expect([seen, other.seen]).toEqual([
      ['b2', 'c3'],
      ['a0', 'a1', 'b2', 'c3'],
    ]);
    fails = false;
    clock.advance(400);
    await settle();
    expect(seen).toEqual(['b2', 'c3', 'a0', 'a1']);
    expect(await bus.groups()).toMatchObject([
      { lag: 0, pending: 0 },
      { lag: 0, pending: 0 },
    ]);
  });

  test('one that waits for its next attempt goes on with another member, in order', async () => {
    const storage = await killed(['a', 'a']);
    const { bus } = await reopened(storage);
    const first = bus.subscribe('g', [HAPPENED], () => Promise.reject(new Error('no')));
    await settle();
    await first.stop(0);
    const attempts: string[] = [];
    bus.subscribe('g', [HAPPENED], ({ data }, { attempt }) => attempts.push(`${data.n} ${attempt}`));
    await settle();
    expect(attempts).toEqual(['0 2', '1 1']);
  });

  test('where two were being tried, neither is charged, and they are tried in turns', async () => {
    const storage = await killed(['a'], ['g', 'h']);
    const lives = [];
    for (let life = 0; life < 3; life += 1) {
      const { bus } = await reopened(storage);
      const { running, handle } = gate();
      const attempts: number[] = [];
      for (const group of ['g', 'h']) {
        bus.subscribe(group, [HAPPENED], (event, { attempt }) => {
          attempts.push(attempt);
          return handle(event);
        });
      }
      await settle();
      lives.push([running.length, attempts]);
    }
    expect(lives).toEqual([
      [2, [1, 1]],
      [1, [1]],
      [1, [2]],
    ]);
  });

  test('those that can hardly have been on their way go out freely, together', async () => {
    const storage = lastingStorage();
    const count = SUSPECTS * 2;
    const first = await openBus({}, { storage });
    await first.bus.subscribe('g', [HAPPENED], never).ready;
    await Promise.all(Array.from({ length: count }, (_, n) => first.happen(n, `t${n % 5}`)));
    const { bus } = await reopened(storage);
    const before = storage.writes;
    const { seen, handle } = recorder();
    bus.subscribe('g', [HAPPENED], handle);
    for (let round = 0; round < 1000 && seen.length < count; round += 1) await settle();
    expect(seen).toHaveLength(count);
    expect(storage.writes - before).toBeGreaterThanOrEqual(SUSPECTS);
    expect(storage.writes - before).toBeLessThan(SUSPECTS + 50);
  }, 60_000);
});

describe('CarefulStart', () => {
  const open = (until: number, fence: number, isAlone = false): CarefulStart =>
    new CarefulStart({ until, fence, attempts: [] }, new TryTurns(isAlone));

  test('tries alone up to its bound, and freely behind it', () => {
    const cursor = new GroupCursor({ floor: 4, above: [] });
    const careful = open(10, 0);
    expect([careful.admits(10, cursor), careful.admits(11, cursor)]).toEqual(['alone', 'freely']);
    careful.begin(10);
    expect(careful.admits(11, cursor)).toBe('later');
    expect([careful.end(9), careful.end(10), careful.end(10)]).toEqual([false, true, false]);
    expect(careful.admits(11, cursor)).toBe('freely');
  });

  test('goes no further than can be told afterwards, until that is saved', () => {
    const cursor = new GroupCursor({ floor: 10, above: [] });
    const careful = open(10, 5000);
    expect([careful.admits(10 + SUSPECTS, cursor), careful.admits(11 + SUSPECTS, cursor)]).toEqual([
      'freely',
      'later',
    ]);
    cursor.acknowledge(12);
    expect(careful.admits(11 + SUSPECTS, cursor)).toBe('saved');
    cursor.saved(cursor.save());
    expect([careful.admits(12 + SUSPECTS, cursor), careful.admits(13 + SUSPECTS, cursor)]).toEqual([
      'freely',
      'later',
    ]);
    expect(careful.admits(5001, cursor)).toBe('freely');
  });

  test('is over behind the last that may have been on its way', () => {
    const at = (floor: number): GroupCursor => new GroupCursor({ floor, above: [] });
    expect([open(10, 12).isOver(at(11)), open(10, 12).isOver(at(12))]).toEqual([false, true]);
    expect([open(10, 0).isOver(at(9)), open(10, 0).isOver(at(10))]).toEqual([false, true]);
  });
});
