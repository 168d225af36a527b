import { describe, expect, test } from 'vitest';
import { deadLetter } from '../../../src/events/dead-letter.ts';
import { lastingStorage } from './support/lasting-storage.ts';
import { ENDED, HAPPENED, openBus, recorder, settle } from './support/bus-world.ts';

const refuse = (): unknown => deadLetter('not for me');
const RARELY = { cursorEveryMs: 60_000 };

describe('EmbeddedEventBus: dead letters that outlive the process', () => {
  test('of letters written at the same time each acknowledges its event', async () => {
    const storage = lastingStorage();
    const { bus, happen } = await openBus(RARELY, { storage });
    const fail = async (): Promise<void> => {
      await settle();
      throw new Error('no');
    };
    await bus.subscribe('g', [HAPPENED], fail, { concurrency: 5, maxAttempts: 1 }).ready;
    await Promise.all([happen(1, 'a'), happen(2, 'b'), happen(3, 'c')]);
    await settle();
    await settle();
    expect(await storage.store.list('bus.events.letter.')).toHaveLength(3);
    const { bus: next } = await openBus({}, { storage });
    const { seen, handle } = recorder();
    next.subscribe('g', [HAPPENED], handle);
    await settle();
    expect([seen, (await next.deadLetters.list()).length]).toEqual([[], 3]);
  });

  test('a letter that cannot be written when its member stops is written once', async () => {
    const storage = lastingStorage();
    const { bus, clock, happen } = await openBus(RARELY, { storage });
    const subscription = bus.subscribe('g', [HAPPENED], refuse);
    await subscription.ready;
    storage.isAway = true;
    await happen(1);
    await settle();
    await subscription.stop(0);
    const { seen, handle } = recorder();
    bus.subscribe('g', [HAPPENED], handle);
    storage.isAway = false;
    clock.advance(1000);
    await settle();
    expect([seen, (await bus.deadLetters.list()).length]).toEqual([[], 1]);
    expect(await bus.groups()).toMatchObject([{ lag: 0, pending: 0, deadLetters: 1 }]);
  });

  test('no letter gets the id of one that is gone', async () => {
    const storage = lastingStorage();
    const ids: string[] = [];
    for (let life = 1; life <= 3; life += 1) {
      const { bus, happen } = await openBus({}, { storage });
      await bus.subscribe('g', [HAPPENED], refuse).ready;
      await happen(life);
      await settle();
      const letters = await bus.deadLetters.list();
      ids.push(...letters.map(({ letterId }) => letterId));
      await bus.deadLetters.discard(ids);
      await bus.close();
    }
    expect(ids).toEqual(['1', '2', '3']);
  });

  test('requeued in vain, its event is not put behind the newest twice', async () => {
    const storage = lastingStorage();
    const { bus, happen } = await openBus({}, { storage });
    const seen: number[] = [];
    await bus.subscribe('g', [HAPPENED], ({ data: { n } }, { position }) => {
      if (position === '1') return refuse();
      return void seen.push(n);
    }).ready;
    await happen(1);
    await settle();
    storage.isAway = true;
    await expect(bus.deadLetters.requeue(['1'])).rejects.toThrow('the store is away');
    expect(await bus.deadLetters.list()).toHaveLength(1);
    storage.isAway = false;
    expect(await bus.deadLetters.requeue(['1'])).toEqual(['1']);
    await settle();
    expect([seen, await bus.deadLetters.list()]).toEqual([[1], []]);
  });

  test('says which of several were requeued before the store went away', async () => {
    const storage = lastingStorage();
    const { bus, happen } = await openBus({}, { storage });
    await bus.subscribe('g', [HAPPENED], refuse).ready;
    for (let n = 1; n <= 3; n += 1) await happen(n);
    await settle();
    const { store } = storage;
    const remove = store.delete.bind(store);
    store.delete = async (key, options) => {
      const result = await remove(key, options);
      storage.isAway = true;
      return result;
    };
    expect(await bus.deadLetters.discard(['1', '2', '3'])).toEqual(['1']);
    expect((await bus.deadLetters.list()).map(({ letterId }) => letterId)).toEqual(['2', '3']);
  });
});

describe('EmbeddedEventBus: closing beside a handler that hangs', () => {
  test('saves where groups are in what is left of the time', async () => {
    const storage = lastingStorage();
    const { bus, clock, happen } = await openBus(RARELY, { storage });
    const hang = ({ data: { n } }: { data: { n: number } }): unknown =>
      n === 2 ? new Promise(() => undefined) : undefined;
    await bus.subscribe('g', [HAPPENED], hang).ready;
    await happen(1);
    await happen(2);
    const closed = bus.close(100);
    await settle();
    clock.advance(75);
    await settle();
    await closed;
    expect(await storage.store.get('bus.events.open')).toBeUndefined();
    expect(await storage.store.get('bus.events.place.g.thing')).toMatchObject({ value: { floor: 1 } });
  });

  test('writes nothing any more once the time is up', async () => {
    const storage = lastingStorage();
    const { bus, clock, happen } = await openBus(RARELY, { storage });
    await bus.subscribe('g', [HAPPENED], refuse).ready;
    storage.isAway = true;
    await happen(1);
    await settle();
    const closed = bus.close(100);
    await settle();
    clock.advance(100);
    await settle();
    await closed;
    storage.isAway = false;
    const { writes } = storage;
    clock.advance(10_000);
    await settle();
    expect([storage.writes, (await storage.store.list('bus.events.open')).length]).toEqual([writes, 1]);
  });
});

describe('EmbeddedEventBus: groups whose place is looked for on disk', () => {
  const from = { timeMs: 0 };

  test('one that is dropped meanwhile pins nothing', async () => {
    const storage = lastingStorage();
    const { bus, happen } = await openBus({ overflow: { maxUnhandled: 10 } }, { storage });
    await happen(0);
    await bus.subscribe('g', [HAPPENED], refuse, { from }).stop();
    expect(await bus.dropGroup('g')).toBe(true);
    await settle();
    for (let n = 1; n <= 30; n += 1) await happen(n);
    expect(await bus.groups()).toEqual([]);
  });

  test('one whose place is not found has no member', async () => {
    const storage = lastingStorage();
    const { bus, happen } = await openBus({}, { storage });
    await happen(1);
    storage.isAway = true;
    const { ready } = bus.subscribe('g', [HAPPENED], refuse, { from });
    await expect(ready).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    storage.isAway = false;
    expect([await bus.groups(), await bus.dropGroup('g')]).toEqual([[], false]);
    const { seen, handle } = recorder();
    await bus.subscribe('g', [HAPPENED, ENDED], handle, { from }).ready;
    await settle();
    expect(seen).toEqual(['a1']);
  });
});
