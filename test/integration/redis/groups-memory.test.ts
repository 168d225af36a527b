import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { type GroupsWorld, TICK, openGroups, tick } from './groups-world.ts';

const soon = { timeout: 25_000, interval: 10 };
const stream = redisKeys('test').events('market', 0);

describe.skipIf(redisMissing !== undefined)('a server that is out of memory', () => {
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
  const fill = async (world: GroupsWorld): Promise<void> => {
    await world.link.command(['CONFIG', 'SET', 'maxmemory', '100kb']);
    await expect(world.link.command(['SET', 'more', '1'])).rejects.toThrow('OOM');
  };

  test.each(['that is there', 'that is new'])(
    'a member begins in a group %s, handles what is there, and it is removed',
    async (which) => {
      const a = await open();
      await a.add('market', 0, ...Array.from({ length: 200 }, (_, n) => tick('A', n)));
      if (which === 'that is there') await a.link.command(['XGROUP', 'CREATE', stream, 'risk', '0']);
      await fill(a);
      const b = await open({ keepMs: 0, trimEveryMs: 50 });
      const seen: unknown[] = [];
      const one = b.groups.subscribe('risk', [TICK], (event) => seen.push(event.data), {
        from: 'beginning',
      });
      await one.ready;
      await vi.waitFor(async () => {
        expect(seen).toHaveLength(200);
        expect(await a.link.command(['XLEN', stream])).toBe(0);
      }, soon);
    },
  );

  test('two members share a group, and the one that stays takes over what the other had', async () => {
    const a = await open({ partitions: 4 });
    for (let p = 0; p < 4; p++) await a.add('market', p, tick('A', p));
    await fill(a);
    const seen = new Set<number>();
    const handler = (event: { data: unknown }): void => void seen.add((event.data as { n: number }).n);
    const one = a.groups.subscribe('risk', [TICK], handler, { from: 'beginning' });
    await one.ready;
    const two = a.groups.subscribe('risk', [TICK], handler, { from: 'beginning' });
    await two.ready;
    await one.stop();
    await a.link.command(['CONFIG', 'SET', 'maxmemory', '0']);
    for (let p = 0; p < 4; p++) await a.add('market', p, tick('A', p + 4));
    await vi.waitFor(() => {
      expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }, soon);
  });

  test('dead letters can be discarded, and are no longer counted', async () => {
    const a = await open();
    const one = a.groups.subscribe('risk', '*', () => undefined, { from: 'beginning' });
    await one.ready;
    await a.add('market', 0, 'no event');
    await vi.waitFor(async () => {
      expect(await a.groups.deadLetters.list()).toHaveLength(1);
    }, soon);
    await fill(a);
    const ids = (await a.groups.deadLetters.list()).map(({ letterId }) => letterId);
    expect(await a.groups.deadLetters.discard(ids)).toEqual(ids);
    expect((await a.groups.groups())[0]).toMatchObject({ deadLetters: 0 });
  });
});
