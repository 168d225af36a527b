import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { type GroupsWorld, TICK, eventText, openGroups, tick } from './groups-world.ts';

const soon = { timeout: 25_000, interval: 10 };
const keys = redisKeys('test');
const stream = keys.events('market', 0);

describe.skipIf(redisMissing !== undefined)('where groups stand, and who is there', () => {
  let server: RedisServer;
  const worlds: GroupsWorld[] = [];
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const open = async (options: Parameters<typeof openGroups>[1] = {}): Promise<GroupsWorld> => {
    const world = await openGroups(server.url, options);
    worlds.push(world);
    return world;
  };
  const large = (count: number, size: number): string[] =>
    Array.from({ length: count }, (_, n) => eventText('market.tick', 'A', n, { subject: 'x'.repeat(size) }));
  const makeGroup = (world: GroupsWorld, group: string, id: string): Promise<string> =>
    world.link.command(['XGROUP', 'CREATE', stream, group, id, 'MKSTREAM']);
  const lags = async (world: GroupsWorld): Promise<Record<string, number | undefined>> =>
    Object.fromEntries((await world.groups.groups()).map(({ group, lag }) => [group, lag]));
  const loaded = async (world: GroupsWorld): Promise<number> => {
    const stats = await world.link.command<string>(['INFO', 'commandstats']);
    return Number(/cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };

  test('lags of many groups at either end of a stream, without a look at an event', async () => {
    const a = await open();
    await makeGroup(a, 'through', '0');
    await a.add('market', 0, ...Array.from({ length: 1100 }, (_, n) => tick('A', n)));
    await a.link.command(['XREADGROUP', 'GROUP', 'through', 'm', 'NOACK', 'STREAMS', stream, '>']);
    for (let n = 0; n < 50; n++) await makeGroup(a, `new-${n}`, '0');
    await makeGroup(a, 'late', '$');
    await a.link.command(['CONFIG', 'RESETSTAT']);
    const found = await lags(a);
    expect(await loaded(a)).toBe(0);
    expect(Object.keys(found)).toHaveLength(52);
    expect(new Set(Object.values(found))).toEqual(new Set([1100, 0]));
    expect([found['through'], found['late'], found['new-7']]).toEqual([0, 0, 1100]);
  });

  test('in the midst of a stream: counted up to 1,000, past which nothing is said', async () => {
    const a = await open();
    const ids = await a.add('market', 0, ...Array.from({ length: 1100 }, (_, n) => tick('A', n)));
    await makeGroup(a, 'counted', ids[99] ?? '');
    await makeGroup(a, 'beyond', ids[98] ?? '');
    expect(await lags(a)).toEqual({ counted: 1000, beyond: undefined });
  });

  test('large events are not counted, since that would load them', async () => {
    const a = await open();
    const ids = await a.add('market', 0, ...large(100, 30_000));
    await makeGroup(a, 'few', ids[97] ?? '');
    await makeGroup(a, 'many', ids[9] ?? '');
    await a.link.command(['CONFIG', 'RESETSTAT']);
    expect(await lags(a)).toEqual({ few: 2, many: undefined });
    expect(await loaded(a)).toBeLessThanOrEqual(8);
  });

  test('a member begins before a long line of large events, and its lag is known', async () => {
    const a = await open();
    await a.add('market', 0, ...large(300, 100_000));
    await a.link.command(['CONFIG', 'RESETSTAT']);
    let handled = 0;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const one = a.groups.subscribe(
      'risk',
      [TICK],
      async () => {
        await gate;
        handled++;
      },
      { from: 'beginning', maxInFlight: 8 },
    );
    await one.ready;
    await vi.waitFor(async () => {
      expect(await lags(a)).toEqual({ risk: 292 });
    }, soon);
    expect(await loaded(a)).toBe(0);
    release();
    await vi.waitFor(() => {
      expect(handled).toBe(300);
    }, soon);
    expect(await lags(a)).toEqual({ risk: 0 });
  });

  test('a member from before the clock of the server was set back keeps no share', async () => {
    const a = await open({ partitions: 4 });
    const inAnHour = Date.now() + 3_600_000;
    await a.link.command(['ZADD', keys.members('risk'), String(inAnHour), 'aaa market 1000']);
    const seen = new Set<number>();
    const one = a.groups.subscribe('risk', [TICK], (event) => seen.add((event.data as { n: number }).n), {
      from: 'beginning',
    });
    await one.ready;
    for (let n = 0; n < 4; n++) await a.add('market', n, tick('A', n));
    await vi.waitFor(() => {
      expect([...seen].sort()).toEqual([0, 1, 2, 3]);
    }, soon);
    expect(await a.link.command(['ZCARD', keys.members('risk')])).toBe(1);
  });

  test('a member is judged by its own lease: one with a shorter lease neither drops its group nor takes its share', async () => {
    const slow = await open({ leaseMs: 60_000, partitions: 2 });
    const quick = await open({ leaseMs: 300, partitions: 2 });
    const one = slow.groups.subscribe('risk', [TICK], () => undefined);
    await one.ready;
    const [entry = ''] = await slow.link.command<string[]>(['ZRANGE', keys.members('risk'), '0', '-1']);
    // As if its last heartbeat was a while ago: the next one is 6 s after the first.
    await slow.link.command(['ZADD', keys.members('risk'), String(Date.now() - 2000), entry]);
    expect(await quick.groups.dropGroup('risk')).toBe(false);
    const two = quick.groups.subscribe('risk', [TICK], () => undefined);
    await two.ready;
    expect(await slow.link.command(['ZCARD', keys.members('risk')])).toBe(2);
    expect((await quick.groups.groups())[0]).toMatchObject({ members: 2 });
  });

  test('a member that was not heard of for its own lease is gone', async () => {
    const a = await open({ leaseMs: 60_000 });
    await makeGroup(a, 'risk', '0');
    await a.link.command(['ZADD', keys.members('risk'), String(Date.now() - 1100), 'dead market 1000']);
    expect(await a.groups.groups()).toMatchObject([{ group: 'risk', members: 0 }]);
    expect(await a.groups.dropGroup('risk')).toBe(true);
  });
});
