import { describe, expect, test, vi } from 'vitest';
import { PortcullisError } from '../../../src/core/index.ts';
import { lots } from '../../../src/core/units.ts';
import { EventCatalogue } from '../../../src/events/index.ts';
import { type LogEntry, MemoryAppendLog } from '../../../src/storage/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { RecordingBus } from '../support/recording-bus.ts';
import { RelayWorld } from '../support/relay-world.ts';

const down = new PortcullisError('BUS_UNAVAILABLE', 'down');

const OPENED = ['account.opened acc', 'account.opened other'];

describe('JournalRelay', () => {
  test('tells what is there and then what comes, with identities made of the record', async () => {
    const world = await RelayWorld.open();
    await world.drive.submit('a');
    const relay = await world.relay();
    await world.turns();
    expect(world.bus.said).toEqual([...OPENED, 'order.submitted a']);
    world.clock.advance(3);
    await world.drive.fill('a', 'x', 4);
    await world.turns();
    const { bus } = world;
    expect(bus.said).toEqual([...OPENED, 'order.submitted a', 'order.executed a']);
    expect(bus.taken.map(({ source, id }) => `${source} ${id}`)).toEqual([
      expect.stringMatching(/^\/desk\/paper journal-1-[0-9a-f]{16}$/),
      expect.stringMatching(/^\/desk\/paper journal-1-[0-9a-f]{16}-1$/),
      expect.stringMatching(/^\/desk\/paper journal-2-[0-9a-f]{16}$/),
      expect.stringMatching(/^\/desk\/paper journal-3-[0-9a-f]{16}$/),
    ]);
    expect(bus.taken.at(-1)).toMatchObject({
      time: '2026-01-02T12:00:00.003Z',
      subject: 'a',
      partitionkey: 'acc',
      data: { executionId: 'x', cumulativeQuantity: '0.004', leavesQuantity: '0.006' },
    });
    expect(relay.status()).toEqual({ seq: 3, lag: 0, lost: 0, rewinds: 0, error: undefined });
    await relay.stop();
  });

  test('goes on where it was after a restart, with the orders as they were', async () => {
    const world = await RelayWorld.open();
    const first = await world.relay();
    await world.drive.submit('a');
    await world.drive.fill('a', 'x', 4);
    await first.stop();
    expect(first.status()).toMatchObject({ seq: 3, lag: 0 });
    expect(world.bus.tried).toHaveLength(4);
    await world.restart();
    await world.drive.fill('a', 'y', 5);
    const second = await world.relay();
    await world.turns();
    await second.stop();
    expect(world.bus.tried.slice(4).map(({ type, data }) => [type, data])).toEqual([
      [
        'order.executed',
        expect.objectContaining({ executionId: 'y', cumulativeQuantity: '0.009', leavesQuantity: '0.001' }),
      ],
    ]);
  });

  test('a crash before the place is saved repeats itself, and the bus knows it', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay({ saveEveryMs: 1_000 });
    await world.turns();
    await world.later(1_000); // saved
    await world.drive.submit('a');
    await world.turns();
    world.bus.answer = () => down; // from here on nothing more
    await world.drive.fill('a', 'x', 1);
    await world.turns();
    await world.crash(relay);
    world.bus.answer = () => 'published';
    const again = await world.relay();
    await world.turns();
    await again.stop();
    expect(world.bus.said).toEqual([...OPENED, 'order.submitted a', 'order.executed a']);
    expect(world.bus.tried.map(({ type }) => type)).toEqual([
      'account.opened',
      'account.opened',
      'order.submitted',
      'order.executed',
      'order.submitted',
      'order.executed',
    ]);
  });

  test.each([
    ['cannot be reached', down],
    ['drops what it is given', 'dropped' as const],
    ['fails in a way that nobody knows', new Error('what')],
  ])('waits while the bus %s, longer each time, and keeps the order', async (_, answer) => {
    const world = await RelayWorld.open();
    const metrics = new MetricsRegistry({}, { clock: world.clock });
    const relay = await world.relay({ backoffMs: 100, maxBackoffMs: 300 }, { metrics });
    await world.turns();
    world.bus.answer = () => answer;
    await world.drive.submit('a');
    await world.turns();
    await world.drive.fill('a', 'x', 1);
    const tries: number[] = [];
    for (let step = 0; step < 11; step += 1) {
      tries.push(world.bus.tried.length - 2);
      await world.later(100);
    }
    // After 100, 200, 300, 300 milliseconds: the second event has not been tried.
    expect(tries).toEqual([1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5]);
    expect(relay.status()).toMatchObject({
      seq: 1,
      lag: 2,
      lost: 0,
      error: expect.stringContaining('order.submitted') as string,
    });
    const shown = await metrics.exposition();
    expect(shown).toContain('trading_desk_relay_lag_records{desk="paper"} 2');
    expect(shown).toContain('trading_desk_relay_oldest_age_seconds{desk="paper"} 1.1');
    expect(shown).toContain('trading_desk_relay_failures_total{desk="paper"} 5');
    expect(world.lines).toHaveLength(1); // one line a minute
    world.bus.answer = () => 'published';
    await world.later(300);
    expect(world.bus.said.slice(2)).toEqual(['order.submitted a', 'order.executed a']);
    expect(relay.status()).toEqual({ seq: 3, lag: 0, lost: 0, rewinds: 0, error: undefined });
    expect(await metrics.exposition()).toContain('trading_desk_relay_oldest_age_seconds{desk="paper"} 0');
    await relay.stop();
    expect(await metrics.exposition()).toContain('trading_desk_relay_lost_records_total');
  });

  test('an event that waits holds up its account, not another', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    await world.turns();
    world.bus.answer = ({ partitionkey }) => (partitionkey === 'acc' ? down : 'published');
    void world.drive.submit('a');
    void world.drive.submit('b');
    void world.drive.submit('c', { accountId: 'other' });
    await world.turns();
    expect(world.bus.said.slice(2)).toEqual(['order.submitted c']);
    world.bus.answer = () => 'spilled';
    await world.later(100);
    expect(world.bus.said.slice(2)).toEqual(['order.submitted c', 'order.submitted a', 'order.submitted b']);
    await relay.stop();
  });

  test('what the bus refuses for good is counted and told, and does not stop the rest', async () => {
    const world = await RelayWorld.open();
    const metrics = new MetricsRegistry({}, { clock: world.clock });
    const bus = new RecordingBus(world.clock, new EventCatalogue([]));
    const relay = await world.relay({}, { metrics, bus });
    await world.turns();
    expect(relay.status()).toEqual({ seq: 1, lag: 0, lost: 2, rewinds: 0, error: undefined });
    expect(world.lines).toEqual([
      expect.stringMatching(
        /^records of the journal do not reach the bus refused 1 account\.opened journal-1-[0-9a-f]{16}: publish: account\.opened: expected a type of the bus's catalogue$/,
      ),
      expect.stringContaining('-1: publish'),
    ]);
    expect(await metrics.exposition()).toContain(
      'trading_desk_relay_lost_records_total{desk="paper",because="refused"} 2',
    );
    await relay.stop();
  });

  test('a record that cannot be read is counted and told, and does not stop the rest', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    await world.turns();
    await world.log.append({ type: 'nonsense', atMs: 1 });
    await world.drive.submit('a');
    await world.turns();
    expect(world.bus.said.slice(2)).toEqual(['order.submitted a']);
    expect(relay.status()).toMatchObject({ seq: 3, lost: 1 });
    expect(world.lines).toEqual([expect.stringContaining('unreadable 1 journal record 2')]);
    await relay.stop();
  });

  test('nothing is published in the turn in which a record becomes durable', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    await world.turns();
    const tried = world.bus.tried.length;
    await world.drive.submit('a');
    for (let microtask = 0; microtask < 50; microtask += 1) await Promise.resolve();
    expect(world.bus.tried).toHaveLength(tried);
    await world.turns();
    expect(world.bus.tried).toHaveLength(tried + 1);
    await relay.stop();
  });

  test('the place is saved at most each so often, orders with it in one write', async () => {
    const world = await RelayWorld.open();
    const writes = vi.spyOn(world.store, 'setAll');
    const relay = await world.relay({ saveEveryMs: 250 });
    for (let order = 0; order < 5; order += 1) {
      await world.drive.submit(`o${order}`);
      await world.turns();
    }
    expect(writes).toHaveBeenCalledTimes(0);
    await world.later(250);
    expect(writes).toHaveBeenCalledTimes(1);
    expect(writes.mock.calls[0]?.[0].map(({ key }) => key)).toEqual([
      ...['o0', 'o1', 'o2', 'o3', 'o4'].map((id) => `relay/paper/order/${id}`),
      'relay/paper',
    ]);
    await world.later(10_000);
    expect(writes).toHaveBeenCalledTimes(1); // nothing has changed
    await relay.stop();
    expect(writes).toHaveBeenCalledTimes(1);
  });

  test('a store that fails is tried again, and the telling goes on', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    await world.turns();
    const writes = vi
      .spyOn(world.store, 'setAll')
      .mockRejectedValueOnce(new PortcullisError('STORE_UNAVAILABLE', 'full'));
    await world.drive.submit('a');
    await world.later(250);
    expect(relay.status()).toMatchObject({ seq: 2, error: 'full' });
    await world.later(250);
    await world.later(250);
    expect(writes).toHaveBeenCalledTimes(2);
    expect(await world.store.get('relay/paper')).toMatchObject({ value: { seq: 2 } });
    expect(await world.store.get('relay/paper/order/a')).toBeDefined();
    await relay.stop();
  });

  test('a backlog is read from the disk where memory does not have it', async () => {
    const world = await RelayWorld.open();
    for (let order = 0; order < 60; order += 1) await world.drive.submit(`o${order}`);
    await world.restart(); // and nothing of it is in memory
    const relay = await world.relay();
    await world.drive.submit('new');
    await world.turns(60);
    const submitted = world.bus.said.filter((said) => said.startsWith('order.submitted'));
    expect(submitted).toEqual([
      ...Array.from({ length: 60 }, (_, order) => `order.submitted o${order}`),
      'order.submitted new',
    ]);
    expect(relay.status()).toMatchObject({ lag: 0, lost: 0 });
    await relay.stop();
  });

  test('the log keeps what has not been told, and lets go of it then', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    world.bus.answer = () => down;
    await world.turns();
    for (const id of ['a', 'b', 'c']) {
      await world.drive.submit(id);
      await world.drive.journal.checkpoint();
    }
    expect(world.log.firstSeq).toBe(1);
    world.bus.answer = () => 'published';
    await world.later(30_000);
    await world.later(250);
    await world.drive.submit('d');
    await world.drive.journal.checkpoint();
    expect(world.log.firstSeq).toBe(4); // of the two checkpoints the older one
    await relay.stop();
  });

  test('where the log has let go of what was not told it says so, counts it, and goes on with the orders as they are', async () => {
    const world = await RelayWorld.open();
    const metrics = new MetricsRegistry({}, { clock: world.clock });
    const relay = await world.relay();
    await world.turns();
    await relay.stop(); // at record 1
    await world.drive.submit('a');
    await world.drive.fill('a', 'x', 4);
    await world.drive.submit('b');
    await world.files.trim(4);
    await world.drive.journal.checkpoint();
    await world.restart(world.files);
    const again = await world.relay({}, { metrics });
    const last = again.status().seq;
    await world.drive.fill('a', 'y', 1);
    await world.turns();
    expect(world.lines).toEqual([
      `records of the journal do not reach the bus trimmed ${last - 1} the log no longer has them`,
    ]);
    expect(await metrics.exposition()).toContain(
      `trading_desk_relay_lost_records_total{desk="paper",because="trimmed"} ${last - 1}`,
    );
    expect(world.bus.taken.at(-1)).toMatchObject({
      type: 'order.executed',
      data: { executionId: 'y', cumulativeQuantity: '0.005', leavesQuantity: '0.005' },
    });
    await again.stop();
  });

  test('the same while it runs, once it is further behind than the log keeps', async () => {
    const world = await RelayWorld.open();
    await world.restart(world.files, { maxPinned: 2, maxRecent: 1 });
    const relay = await world.relay();
    world.bus.answer = () => down;
    await world.turns();
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      await world.drive.submit(id);
      await world.drive.journal.checkpoint();
    }
    expect(world.log.firstSeq).toBeGreaterThan(2);
    world.bus.answer = () => 'published';
    await world.later(30_000);
    await world.drive.fill('a', 'x', 4);
    await world.turns(30);
    expect(world.bus.taken.at(-1)).toMatchObject({ data: { executionId: 'x', cumulativeQuantity: '0.004' } });
    expect(relay.status()).toMatchObject({ lag: 0, lost: 5 });
    await relay.stop();
  });

  test('a journal that was put back and has gone on differently since is known by the record that was told', async () => {
    const world = await RelayWorld.open();
    const backup: LogEntry[] = [];
    for await (const entry of world.files.read()) backup.push(entry);
    const relay = await world.relay();
    await world.drive.submit('a');
    await world.turns();
    await relay.stop(); // at record 2
    await world.restart(new MemoryAppendLog(backup));
    for (const id of ['b', 'c']) await world.drive.submit(id);
    const again = await world.relay();
    await world.drive.fill('b', 'x', 4);
    await world.turns();
    expect(world.lines).toEqual([
      expect.stringContaining('restored 1 record 2 is not the one that was told: the journal was put back'),
    ]);
    expect(world.bus.said.slice(2)).toEqual(['order.submitted a', 'order.executed b']);
    await again.stop();
  });

  test('a journal that was put back from a backup is not told again: it begins behind it, and says so', async () => {
    const world = await RelayWorld.open();
    await world.drive.submit('a');
    const backup: LogEntry[] = [];
    for await (const entry of world.files.read()) backup.push(entry);
    const relay = await world.relay();
    await world.drive.submit('b');
    await world.drive.submit('c');
    await world.turns();
    await relay.stop();
    await world.restart(new MemoryAppendLog(backup));
    const again = await world.relay();
    await world.drive.submit('d');
    await world.turns();
    expect(world.lines).toEqual([
      expect.stringContaining('restored 0 record 4 is not the one that was told'),
    ]);
    expect(world.bus.said.slice(2)).toEqual([
      'order.submitted a',
      'order.submitted b',
      'order.submitted c',
      'order.submitted d',
    ]);
    await again.stop();
  });

  test('another journal of that name is told from its beginning', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    await world.drive.submit('a');
    await world.turns();
    await relay.stop();
    world.clock.advance(1_000);
    await world.restart(new MemoryAppendLog());
    const again = await world.relay();
    await world.turns();
    await again.stop();
    expect(world.bus.said).toEqual([...OPENED, 'order.submitted a', ...OPENED]);
    expect(await world.store.list('relay/paper/order/')).toEqual([]);
    expect(world.lines).toEqual([]);
  });

  test('one that is new to a journal that was trimmed begins behind it, and says so', async () => {
    const world = await RelayWorld.open();
    await world.drive.submit('a');
    await world.drive.journal.checkpoint();
    await world.files.trim(2);
    const relay = await world.relay();
    expect(relay.status()).toEqual({ seq: 2, lag: 0, lost: 2, rewinds: 0, error: undefined });
    await world.drive.event({ type: 'cancelled', clientOrderId: 'a', cumulative: lots(0) });
    await world.turns();
    expect(world.bus.said).toEqual(['order.cancelled a']);
    await relay.stop();
  });

  test('the orders are taken from the Book only while nothing is on its way to the disk', async () => {
    const world = await RelayWorld.open();
    await world.drive.submit('a');
    await world.drive.journal.checkpoint();
    await world.files.trim(2);
    const quiet = vi.spyOn(world.log, 'isQuiet', 'get').mockReturnValueOnce(false);
    const snapshots = vi.spyOn(world.drive.book, 'snapshot');
    const relay = await world.relay();
    expect(quiet).toHaveBeenCalledTimes(2);
    expect(snapshots).toHaveBeenCalledTimes(1);
    expect(relay.status()).toMatchObject({ seq: 2, lost: 2 });
    await relay.stop();
  });

  test('what is retired goes from the store as well', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    await world.drive.submit('a');
    await world.drive.event({ type: 'cancelled', clientOrderId: 'a', cumulative: lots(0) });
    await world.later(250);
    expect(await world.store.list('relay/paper/order/')).toHaveLength(1);
    await world.log.append({ type: 'retired', atMs: 1, before: '2026-01-03' });
    await world.later(250);
    expect(await world.store.list('relay/paper/order/')).toEqual([]);
    await relay.stop();
  });

  test('stopping tells what is there, and gives up on a bus that does not answer', async () => {
    const world = await RelayWorld.open();
    const relay = await world.relay();
    await world.drive.submit('a');
    await relay.stop();
    expect(world.bus.said).toEqual([...OPENED, 'order.submitted a']);
    const stuck = await world.relay();
    world.bus.answer = () => new Promise(() => undefined);
    await world.drive.submit('b');
    await world.turns();
    const stopped = stuck.stop(5_000);
    let isOver = false;
    void stopped.then(() => (isOver = true));
    await world.later(4_999);
    expect(isOver).toBe(false);
    await world.later(1);
    await stopped;
    expect(await stuck.stop()).toBeUndefined();
    world.bus.answer = () => 'published';
    const again = await world.relay();
    await world.turns();
    await again[Symbol.asyncDispose]();
    expect(world.bus.said.at(-1)).toBe('order.submitted b');
  });

  test.each([
    [{ name: 'Paper' }, 'name: expected 1 to 64 lower-case letters, digits and hyphens'],
    [{ saveEveryMs: 0 }, 'saveEveryMs'],
    [{ every: 1 }, 'every'],
  ])('refuses %o', async (options, why) => {
    const world = await RelayWorld.open();
    await expect(world.relay(options as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(why) as string,
    });
  });
});
