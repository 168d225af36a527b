import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { type GroupsWorld, openGroups, tick } from './groups-world.ts';

const soon = { timeout: 25_000, interval: 10 };
const keys = redisKeys('test');
const stream = keys.events('market', 0);

describe.skipIf(redisMissing !== undefined)('who trims, and up to where', () => {
  let server: RedisServer;
  const worlds: GroupsWorld[] = [];
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const open: typeof openGroups = async (url, options, deps) => {
    const world = await openGroups(url, options, deps);
    worlds.push(world);
    return world;
  };
  const length = (world: GroupsWorld): Promise<number> => world.link.command<number>(['XLEN', stream]);
  const ticks = (count: number): string[] => Array.from({ length: count }, (_, n) => tick('A', n));
  const add = (world: GroupsWorld, id: string): Promise<string> =>
    world.link.command<string>(['XADD', stream, id, 'e', tick('A', 0)]);
  const ids = async (world: GroupsWorld): Promise<readonly string[]> =>
    (await world.link.command<[string][]>(['XRANGE', stream, '-', '+'])).map(([id]) => id);

  test('two processes with a slow archive: nothing goes that no archive has', async () => {
    const a = await open(server.url);
    const texts = ticks(600);
    await a.add('market', 0, ...texts);
    const archived = new Set<string>();
    const once = () => {
      let calls = 0;
      return async (_topic: string, events: readonly string[]): Promise<void> => {
        if (calls === 0) await sleep(300);
        if (++calls > 1) throw new Error('the archive is down');
        for (const text of events) archived.add(text);
      };
    };
    await open(server.url, { keepMs: 0, trimEveryMs: 100 }, { archive: once() });
    await open(server.url, { keepMs: 0, trimEveryMs: 130 }, { archive: once() });
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(200);
    }, soon);
    await sleep(800);
    expect(await length(a)).toBe(200);
    expect(archived.size).toBe(400);
  });

  test('one process trims at a time, however long its archive takes', async () => {
    const a = await open(server.url);
    await a.add('market', 0, ...ticks(10));
    let running = 0;
    let most = 0;
    let calls = 0;
    const archive = async (): Promise<void> => {
      calls++;
      most = Math.max(most, ++running);
      await sleep(2000);
      running--;
    };
    await open(server.url, { keepMs: 0, trimEveryMs: 300 }, { archive });
    await open(server.url, { keepMs: 0, trimEveryMs: 300 }, { archive });
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(0);
    }, soon);
    expect([calls, most]).toEqual([1, 1]);
  });

  test('a process whose right to trim has gone to another removes nothing', async () => {
    const a = await open(server.url);
    await a.add('market', 0, ...ticks(10));
    let calls = 0;
    const archive = async (): Promise<void> => {
      calls++;
      await a.link.command(['SET', keys.trimmer('market', 0), 'another', 'PX', '60000']);
    };
    const b = await open(server.url, { keepMs: 0, trimEveryMs: 50 }, { archive });
    await vi.waitFor(() => {
      expect(calls).toBe(1);
    }, soon);
    await sleep(500);
    expect(calls).toBe(1);
    await b.close();
    expect(await length(a)).toBe(10);
  });

  test('what a group was not given stays, and what it was goes, where ids are too long for a double', async () => {
    const a = await open(server.url);
    for (const seq of ['9007199254740991', '9007199254740992', '9007199254740993', '9007199254740999'])
      await add(a, `5-${seq}`);
    await a.link.command(['XGROUP', 'CREATE', stream, 'risk', '5-9007199254740992']);
    await open(server.url, { keepMs: 0, trimEveryMs: 20 });
    await vi.waitFor(async () => {
      expect(await ids(a)).toEqual(['5-9007199254740993', '5-9007199254740999']);
    }, soon);
    await a.link.command(['XGROUP', 'SETID', stream, 'risk', '5-9007199254740999']);
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(0);
    }, soon);
  });

  test('a group that begins at a time, where the last number of a millisecond is its place', async () => {
    const a = await open(server.url);
    for (const id of ['5-1', '9-0', '10-0', '10-1']) await add(a, id);
    await a.link.command(['XGROUP', 'CREATE', stream, 'risk', '9-18446744073709551615']);
    await open(server.url, { keepMs: 0, trimEveryMs: 20 });
    await vi.waitFor(async () => {
      expect(await ids(a)).toEqual(['10-0', '10-1']);
    }, soon);
  });

  test('what is pending stays, with all behind it', async () => {
    const a = await open(server.url);
    for (const id of ['5-1', '5-2', '5-3', '5-4']) await add(a, id);
    await a.link.command(['XGROUP', 'CREATE', stream, 'risk', '0']);
    await a.link.command(['XREADGROUP', 'GROUP', 'risk', 'member', 'STREAMS', stream, '>']);
    await a.link.command(['XACK', stream, 'risk', '5-1', '5-3']);
    await open(server.url, { keepEvents: 0, trimEveryMs: 20 });
    await vi.waitFor(async () => {
      expect(await ids(a)).toEqual(['5-2', '5-3', '5-4']);
    }, soon);
    await sleep(100);
    expect(await length(a)).toBe(3);
  });

  test('by age in large steps, and then by number, exactly, without looking into what is too old', async () => {
    const a = await open(server.url);
    await a.link.command([
      ...['EVAL', "for n = 1, 25000 do redis.call('XADD', KEYS[1], '5-' .. n, 'e', 'x') end", '1', stream],
    ]);
    await a.add('market', 0, ...ticks(500));
    await a.link.command(['CONFIG', 'RESETSTAT']);
    await open(server.url, { keepMs: 3_600_000, keepEvents: 33, trimEveryMs: 20 });
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(33);
    }, soon);
    const stats = await a.link.command<string>(['INFO', 'commandstats']);
    expect(Number(/cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(40);
  });
});
