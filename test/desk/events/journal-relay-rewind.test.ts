import { describe, expect, test, vi } from 'vitest';
import { PortcullisError } from '../../../src/core/index.ts';
import type { JournalRelay } from '../../../src/desk/events/journal-relay.ts';
import type { JournalRelayOptions } from '../../../src/desk/events/relay-options.ts';
import type { BusEvent } from '../../../src/events/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { LosableBus } from '../support/losable-bus.ts';
import { RelayWorld } from '../support/relay-world.ts';

const OPENED = ['account.opened acc', 'account.opened other'];
const down = new PortcullisError('BUS_UNAVAILABLE', 'down');

class RewindWorld extends RelayWorld {
  readonly losable = new LosableBus(this.clock);
  readonly metrics = new MetricsRegistry({}, { clock: this.clock });

  static override async open(): Promise<RewindWorld> {
    const world = new RewindWorld();
    await world.restart();
    return world;
  }

  begin(options: Partial<JournalRelayOptions> = {}): Promise<JournalRelay> {
    return this.relay(options, { bus: this.losable, metrics: this.metrics });
  }

  get said(): readonly string[] {
    return this.losable.said;
  }
}

const identities = (events: readonly BusEvent[]): readonly unknown[] =>
  events.map(({ source, id, type, time, data }) => ({ source, id, type, time, data }));

describe('JournalRelay over a bus that loses what it held', () => {
  test('tells it once more: the same events, in order, before anything newer', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    await world.drive.submit('a');
    await world.drive.fill('a', 'x', 4);
    await world.turns();
    const before = identities(world.losable.held);
    expect(before).toHaveLength(4);
    world.losable.lose('g2');
    await world.drive.fill('a', 'y', 5);
    await world.later(100);
    expect(identities(world.losable.held.slice(0, 4))).toEqual(before);
    expect(world.losable.held.slice(4)).toMatchObject([
      { data: { executionId: 'y', cumulativeQuantity: '0.009', leavesQuantity: '0.001' } },
    ]);
    expect(relay.status()).toEqual({ seq: 4, lag: 0, lost: 0, rewinds: 1, error: undefined });
    const shown = await world.metrics.exposition();
    expect(shown).toContain('trading_desk_relay_rewinds_total{desk="paper",outcome="told-again"} 1');
    expect(shown).toContain('trading_desk_relay_rewinds_total{desk="paper",outcome="impossible"} 0');
    expect(world.lines).toContainEqual('the bus has lost what it held, which is told once more');
    await relay.stop();
  });

  test('notices it without a new record', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    await world.turns();
    world.losable.lose('g2');
    await world.later(1_000);
    expect(world.said).toEqual(OPENED);
    await relay.stop();
  });

  test('notices at its start what was lost while nobody was there', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    await world.drive.submit('a');
    await world.drive.fill('a', 'x', 4);
    await relay.stop();
    await world.restart();
    world.losable.lose('g2');
    const again = await world.begin();
    await world.drive.fill('a', 'y', 5);
    await world.turns();
    expect(world.said).toEqual([...OPENED, 'order.submitted a', 'order.executed a', 'order.executed a']);
    expect(
      world.losable.held.map(({ data }) => (data as { cumulativeQuantity?: string }).cumulativeQuantity),
    ).toEqual([...[undefined, undefined, '0.000', '0.004', '0.009']]);
    await again.stop();
    expect(again.status()).toMatchObject({ lag: 0, lost: 0, rewinds: 1 });
  });

  test('what is on its way at that moment does not come before what was lost', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    await world.drive.submit('a');
    await world.turns();
    world.losable.answer = () =>
      new Promise(
        (resolve) =>
          void world.clock.sleep(500).then(() => {
            resolve('published');
          }),
      );
    await world.drive.fill('a', 'x', 4);
    await world.turns();
    world.losable.lose('g2');
    world.losable.answer = () => 'published';
    await world.later(500);
    await world.later(1_000);
    expect(world.said).toEqual([...OPENED, 'order.submitted a', 'order.executed a']);
    expect(relay.status()).toMatchObject({ lag: 0, lost: 0, rewinds: 1, error: undefined });
    await relay.stop();
  });

  test('nor does what waits in the memory of the bus until a server is there', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    await world.drive.submit('a');
    await world.turns();
    world.losable.gate = world.clock.sleep(500);
    await world.drive.fill('a', 'x', 4);
    await world.turns();
    world.losable.lose('g2');
    await world.later(500);
    world.losable.gate = undefined;
    await world.later(1_000);
    expect(world.said).toEqual([...OPENED, 'order.submitted a', 'order.executed a']);
    expect(relay.status()).toMatchObject({ lag: 0, lost: 0, rewinds: 1, error: undefined });
    await relay.stop();
  });

  test('lost again while it is told again, it begins once more', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    for (let order = 0; order < 40; order += 1) await world.drive.submit(`o${order}`);
    await world.turns(40);
    world.losable.lose('g2');
    let left = 25;
    world.losable.answer = () => ((left -= 1) < 0 ? down : 'published');
    await world.later(1_000);
    expect(world.said).toHaveLength(25);
    world.losable.lose('g3');
    world.losable.answer = () => 'published';
    await world.later(1_000);
    await world.later(1_000);
    await world.turns(40);
    expect(world.said).toEqual([...OPENED, ...Array.from({ length: 40 }, (_, n) => `order.submitted o${n}`)]);
    expect(relay.status()).toMatchObject({ lag: 0, rewinds: 2 });
    await relay.stop();
  });

  test('a bus that does not say which one it is changes nothing', async () => {
    const world = await RewindWorld.open();
    world.losable.generation = undefined;
    const relay = await world.begin();
    await world.drive.submit('a');
    await world.turns();
    world.losable.lose(undefined);
    await world.later(5_000);
    expect(world.said).toEqual([]);
    expect(await world.store.get('relay/paper/rewind')).toBeUndefined();
    world.losable.generation = 'g1'; // from here on it is known
    await world.later(1_000);
    await world.drive.fill('a', 'x', 4);
    await world.later(1_000);
    world.losable.lose(undefined);
    await world.later(5_000);
    expect(world.said).toEqual([]);
    world.losable.lose('g2');
    await world.later(1_000);
    expect(world.said).toEqual(['order.executed a']); // what was told before it was known is not
    expect(relay.status()).toMatchObject({ rewinds: 1 });
    await relay.stop();
  });

  test('goes on from a place that was saved before there were generations', async () => {
    const world = await RewindWorld.open();
    const older = await world.relay({}, { bus: { publish: world.losable.publish.bind(world.losable) } });
    await world.drive.submit('a');
    await older.stop();
    const relay = await world.begin();
    await world.drive.fill('a', 'x', 4);
    await world.later(1_000);
    expect(world.said).toEqual([...OPENED, 'order.submitted a', 'order.executed a']);
    world.losable.lose('g2');
    await world.later(1_000);
    expect(world.losable.held).toMatchObject([{ data: { executionId: 'x', cumulativeQuantity: '0.004' } }]);
    await relay.stop();
  });

  test('what was told within rewindMs is told again, what is twice as old is not; so long the log keeps it', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin({ rewindMs: 10_000 });
    await world.turns();
    const told = async (id: string, ms: number): Promise<void> => {
      await world.drive.submit(id);
      await world.turns();
      await world.later(ms);
      await world.drive.journal.checkpoint();
    };
    await told('a', 10_000); // a point behind it
    await told('b', 4_999);
    await told('c', 5_001); // and one behind this: it takes the place of the first
    await told('d', 9_999);
    expect(world.log.firstSeq).toBe(2);
    world.losable.lose('g2');
    await world.later(1_000);
    expect(world.said).toEqual(['b', 'c', 'd'].map((id) => `order.submitted ${id}`));
    await relay.stop();
  });

  test('more orders than one entry holds come back whole', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin({ rewindMs: 1_000 });
    for (let order = 0; order < 300; order += 1) await world.drive.submit(`o${order}`);
    await world.turns(200);
    await world.later(1_000); // a point
    await world.turns(20);
    await world.drive.fill('o0', 'x', 1);
    await world.drive.fill('o299', 'y', 2);
    await world.later(1_000); // and another
    await world.turns(20);
    world.losable.lose('g2');
    await world.later(1_000);
    await world.turns(20);
    expect(world.losable.held).toMatchObject([
      { data: { executionId: 'x', cumulativeQuantity: '0.001' } },
      { data: { executionId: 'y', cumulativeQuantity: '0.002' } },
    ]);
    expect(relay.status()).toMatchObject({ lost: 0, rewinds: 1 });
    await relay.stop();
    expect(await world.store.list('relay/paper/order/')).toHaveLength(300);
  });

  test('killed while it tells again, its successor goes on there, with the orders as they were there', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    await world.turns();
    for (let order = 0; order < 40; order += 1) await world.drive.submit(`o${order}`);
    await world.turns(40);
    await world.later(250);
    expect(await world.store.list('relay/paper/order/')).toHaveLength(40);
    world.losable.lose('g2');
    let left = 17; // as many as one batch of records makes
    world.losable.answer = () => ((left -= 1) < 0 ? down : 'published');
    await world.later(1_000);
    await world.crash(relay);
    expect(await world.store.get('relay/paper')).toMatchObject({ value: { seq: 16 } });
    expect(await world.store.list('relay/paper/order/')).toHaveLength(15);
    expect(await world.store.get('relay/paper/rewind')).toMatchObject({ value: { generation: 'g2' } });
    world.losable.answer = () => 'published';
    const again = await world.begin();
    await world.turns(60);
    expect(world.said).toEqual([...OPENED, ...Array.from({ length: 40 }, (_, n) => `order.submitted o${n}`)]);
    expect(again.status()).toMatchObject({ rewinds: 0 });
    await again.stop();
  });

  test.each([
    ['cannot be read', (world: RewindWorld) => world.store.set('relay/paper/rewind/0/0', { orders: [{}] })],
    ['is gone', (world: RewindWorld) => world.store.delete('relay/paper/rewind/0/0')],
  ])('where to go back to %s: it says so, and goes on where it is', async (_, damage) => {
    const world = await RewindWorld.open();
    const older = await world.relay({}, { bus: { publish: world.losable.publish.bind(world.losable) } });
    await world.drive.submit('a');
    await older.stop();
    const relay = await world.begin();
    await world.later(1_000);
    await damage(world);
    world.losable.answer = () => down;
    await world.drive.fill('a', 'x', 4); // on its way
    await world.turns();
    world.losable.lose('g2');
    world.losable.answer = () => 'published';
    await world.later(100);
    await world.later(1_000);
    expect(world.losable.held).toMatchObject([{ data: { executionId: 'x', cumulativeQuantity: '0.004' } }]);
    expect(relay.status()).toEqual({ seq: 3, lag: 0, lost: 0, rewinds: 0, error: undefined });
    expect(world.lines).toContainEqual('the bus has lost what it held, and it is not known what that was');
    expect(await world.metrics.exposition()).toContain('{desk="paper",outcome="impossible"} 1');
    await world.drive.fill('a', 'y', 1);
    await world.later(1_000);
    world.losable.lose('g3'); // and from then on it knows again
    await world.later(1_000);
    expect(world.losable.held).toMatchObject([{ data: { executionId: 'y', cumulativeQuantity: '0.005' } }]);
    await relay.stop();
  });

  test('a point that the log does not reach back to any more is passed over', async () => {
    const world = await RewindWorld.open();
    await world.restart(world.files, { maxPinned: 3, maxRecent: 1 });
    const relay = await world.begin({ rewindMs: 1_000 });
    await world.turns();
    await world.drive.submit('a');
    await world.turns();
    await world.later(1_000); // a point behind it
    await world.drive.submit('b');
    await world.turns();
    await world.drive.journal.checkpoint();
    await world.files.trim(3);
    expect(world.files.firstSeq).toBe(3);
    world.losable.lose('g2');
    await world.later(1_000);
    expect(world.said).toEqual(['order.submitted b']);
    expect(relay.status()).toMatchObject({ lost: 0, rewinds: 1 });
    await relay.stop();
  });

  test('a store that cannot say where to go back to is asked again, and nothing newer is told before', async () => {
    const world = await RewindWorld.open();
    const older = await world.relay({}, { bus: { publish: world.losable.publish.bind(world.losable) } });
    await world.drive.submit('a');
    await older.stop();
    const relay = await world.begin();
    await world.drive.submit('b');
    await world.later(1_000);
    const get = vi
      .spyOn(world.store, 'get')
      .mockRejectedValue(new PortcullisError('STORE_UNAVAILABLE', 'away'));
    world.losable.lose('g2');
    await world.drive.submit('c');
    await world.later(1_000);
    expect(world.said).toEqual([]);
    expect(relay.status()).toMatchObject({ error: 'away', rewinds: 0 });
    get.mockRestore();
    await world.later(1_000);
    expect(world.said).toEqual(['order.submitted b', 'order.submitted c']);
    await relay.stop();
  });

  test('another journal of that name knows nothing of the points of the former', async () => {
    const world = await RewindWorld.open();
    const relay = await world.begin();
    await world.drive.submit('a');
    await relay.stop();
    world.clock.advance(1_000);
    const { MemoryAppendLog } = await import('../../../src/storage/index.ts');
    await world.restart(new MemoryAppendLog());
    world.losable.lose('g2');
    const again = await world.begin();
    await world.turns();
    expect(world.said).toEqual(OPENED);
    expect(again.status()).toMatchObject({ rewinds: 0 });
    await again.stop();
  });
});
