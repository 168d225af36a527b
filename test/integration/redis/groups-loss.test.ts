import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unavailable } from '../../../src/adapters/redis/redis-failure.ts';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { type GroupsWorld, TICK, openGroups, tick } from './groups-world.ts';

const soon = { timeout: 25_000, interval: 10 };
const keys = redisKeys('test');
const stream = keys.events('market', 0);
const numberOf = (event: { data: unknown }): number => (event.data as { n: number }).n;

describe.skipIf(redisMissing !== undefined)('what is removed, and a server that goes away', () => {
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

  test('under load nothing goes that a group has not acknowledged, and what is past its retention does', async () => {
    const a = await open(server.url, { keepEvents: 50, trimEveryMs: 20 });
    const fast: number[] = [];
    const slow: number[] = [];
    const one = a.groups.subscribe('fast', [TICK], (event) => fast.push(numberOf(event)));
    const two = a.groups.subscribe(
      'slow',
      [TICK],
      async (event) => {
        if (numberOf(event) % 10 === 0) await sleep(2);
        slow.push(numberOf(event));
      },
      { maxInFlight: 64 },
    );
    await Promise.all([one.ready, two.ready]);
    let most = 0;
    for (let n = 0; n < 5000; n += 50) {
      await a.add('market', 0, ...Array.from({ length: 50 }, (_, at) => tick('A', n + at)));
      most = Math.max(most, await length(a));
    }
    await vi.waitFor(() => {
      expect([fast.length, slow.length]).toEqual([5000, 5000]);
    }, soon);
    const all = Array.from({ length: 5000 }, (_, n) => n);
    expect(fast).toEqual(all);
    expect(slow).toEqual(all);
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(50);
    }, soon);
    expect(most).toBeGreaterThan(50);
  });

  test('a group that nobody reads pins what it has not had, until it is dropped', async () => {
    const a = await open(server.url, { keepMs: 0, trimEveryMs: 20 });
    await a.link.command(['XGROUP', 'CREATE', stream, 'gone', '0', 'MKSTREAM']);
    const one = a.groups.subscribe('risk', [TICK], () => undefined);
    await one.ready;
    await a.add('market', 0, ...Array.from({ length: 100 }, (_, n) => tick('A', n)));
    await vi.waitFor(async () => {
      expect((await a.groups.groups()).find(({ group }) => group === 'risk')).toMatchObject({
        lag: 0,
        pending: 0,
      });
    }, soon);
    await sleep(200);
    expect(await length(a)).toBe(100);
    expect(await a.groups.dropGroup('gone')).toBe(true);
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(0);
    }, soon);
  });

  test('events go to the archive before they are removed, and stay while it fails', async () => {
    let isBroken = true;
    const archived: number[] = [];
    const archive = (_topic: string, events: readonly string[]): Promise<void> => {
      if (isBroken) return Promise.reject(new Error('the disk is full'));
      for (const text of events) archived.push((JSON.parse(text) as { data: { n: number } }).data.n);
      return Promise.resolve();
    };
    const a = await open(server.url, { keepMs: 0, trimEveryMs: 20 }, { archive });
    await a.add('market', 0, ...Array.from({ length: 2500 }, (_, n) => tick('A', n)));
    await sleep(200);
    expect(await length(a)).toBe(2500);
    isBroken = false;
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(0);
    }, soon);
    expect(archived).toEqual(Array.from({ length: 2500 }, (_, n) => n));
  });

  test('the group of a replay whose process has died is removed, and pins nothing any more', async () => {
    const a = await open(server.url, { keepMs: 0, trimEveryMs: 20 });
    await a.add('market', 0, tick('A', 1));
    await a.link.command(['XGROUP', 'CREATE', stream, 'replay-0123456789abcdef', '0']);
    await vi.waitFor(async () => {
      expect(await length(a)).toBe(0);
    }, soon);
    expect(await a.link.command(['XINFO', 'GROUPS', stream])).toEqual([]);
  });

  test('events that a stranger removes before the group had them are counted, once, and how many they were', async () => {
    const metrics = new MetricsRegistry();
    const a = await open(server.url, {}, { metrics });
    const one = a.groups.subscribe('risk', [TICK], () => undefined);
    await one.ready;
    await a.add('market', 0, tick('A', 0));
    await vi.waitFor(async () => {
      expect((await a.groups.groups())[0]).toMatchObject({ lag: 0, pending: 0 });
    }, soon);
    await one.stop();
    await a.add('market', 0, ...Array.from({ length: 10 }, (_, n) => tick('A', n + 1)));
    await a.link.command(['XTRIM', stream, 'MAXLEN', '=', '3']);
    const seen: number[] = [];
    const two = a.groups.subscribe('risk', [TICK], (event) => seen.push(numberOf(event)));
    await two.ready;
    await vi.waitFor(() => {
      expect(seen).toEqual([8, 9, 10]);
    }, soon);
    await two.stop();
    const three = a.groups.subscribe('risk', [TICK], () => undefined);
    await three.ready;
    await vi.waitFor(async () => {
      expect(await metrics.exposition()).toContain(
        'trading_bus_lost_total{bus="events",topic="market",group="risk",because="trimmed"} 7',
      );
    }, soon);
    expect((await a.groups.groups())[0]).toMatchObject({ lag: 0 });
  });

  test('a server that starts again from its file: nothing counts as removed, and the lag is what it is', async () => {
    const metrics = new MetricsRegistry();
    const a = await open(server.url, {}, { metrics });
    // As the first look at a group leaves it: the server is told how many the group had, none.
    await a.link.command(['XGROUP', 'CREATE', stream, 'risk', '0', 'MKSTREAM']);
    const place = ['XGROUP', 'SETID', stream, 'risk', '0-0', 'ENTRIESREAD', '0'];
    await a.link.command(place).catch(() => undefined); // servers before 7.0 do not count
    const seen: number[] = [];
    const one = a.groups.subscribe('risk', [TICK], (event) => seen.push(numberOf(event)));
    await one.ready;
    await a.add('market', 0, ...Array.from({ length: 100 }, (_, n) => tick('A', n)));
    await vi.waitFor(async () => {
      expect((await a.groups.groups())[0]).toMatchObject({ lag: 0, pending: 0 });
    }, soon);
    await one.stop();
    const before = await a.link.command(['XINFO', 'GROUPS', stream]);
    await server.stop();
    await server.start();
    const b = await open(server.url, {}, { metrics });
    expect(await b.link.command(['XINFO', 'GROUPS', stream])).toEqual(before);
    const two = b.groups.subscribe('risk', [TICK], (event) => seen.push(numberOf(event)));
    await two.ready;
    await b.add('market', 0, tick('A', 100));
    await vi.waitFor(() => {
      expect(seen).toEqual(Array.from({ length: 101 }, (_, n) => n));
    }, soon);
    expect(await metrics.exposition()).not.toContain('because="trimmed"');
  });

  test('an event that was pending and is gone is acknowledged, counted, and holds up nothing', async () => {
    const metrics = new MetricsRegistry();
    const a = await open(server.url, {}, { metrics });
    await a.add('market', 0, tick('A', 1), tick('A', 2));
    await a.link.command(['XGROUP', 'CREATE', stream, 'risk', '0']);
    await a.link.command(['XREADGROUP', 'GROUP', 'risk', 'member', 'STREAMS', stream, '>']);
    await a.link.command(['XTRIM', stream, 'MAXLEN', '=', '1']);
    const seen: number[] = [];
    const one = a.groups.subscribe('risk', [TICK], (event) => seen.push(numberOf(event)));
    await one.ready;
    await vi.waitFor(async () => {
      expect(seen).toEqual([2]);
      expect((await a.groups.groups())[0]).toMatchObject({ pending: 0 });
    }, soon);
    expect(await metrics.exposition()).toContain('group="risk",because="trimmed"} 1');
  });

  test('a server that hangs past all leases: members go on by themselves, in order', async () => {
    const a = await open(server.url, { leaseMs: 500, commandTimeoutMs: 500 });
    const seen: number[] = [];
    const one = a.groups.subscribe('risk', [TICK], async (event) => {
      await sleep(3);
      seen.push(numberOf(event));
    });
    await one.ready;
    await a.add('market', 0, ...Array.from({ length: 300 }, (_, n) => tick('A', n)));
    await vi.waitFor(() => {
      expect(seen.length).toBeGreaterThan(5);
    }, soon);
    server.hang();
    await sleep(1500);
    const during = seen.length;
    await sleep(300);
    expect(seen).toHaveLength(during); // the lease may be another's: nothing begins
    server.resume();
    await vi.waitFor(() => {
      expect(new Set(seen).size).toBe(300);
    }, soon);
    for (const [at, n] of seen.entries())
      expect(n).toBeLessThanOrEqual(Math.max(-1, ...seen.slice(0, at)) + 1);
  });

  test('answers that are lost while the lease holds: what they said is read again, once, in order', async () => {
    const a = await open(server.url, { leaseMs: 60_000 });
    let reads = 0;
    let recorded = 0;
    const { link } = a;
    const command: typeof link.command = async (args, timeoutMs) => {
      const reply = await link.command(args, timeoutMs);
      // The server has done it, and we do not hear of it.
      const isRead = args[0]?.startsWith('EVAL') === true && Array.isArray(reply) && args[7] === 'member';
      if (isRead && ++reads % 3 === 1) throw unavailable('the answer was lost');
      return reply as never;
    };
    const lossy = {
      command,
      start: () => undefined,
      close: () => undefined,
      onChange: (listener: () => void) => {
        link.onChange(listener);
      },
      isConnected: true,
    };
    const b = await open(server.url, { leaseMs: 60_000 }, { link: lossy });
    const seen: string[] = [];
    const one = b.groups.subscribe(
      'risk',
      [TICK],
      async (event, { attempt }) => {
        recorded = Math.max(recorded, attempt);
        await sleep(1);
        seen.push(`${String(event.subject)} ${numberOf(event)}`);
      },
      { concurrency: 2, maxAttempts: 1 },
    );
    await one.ready;
    for (let n = 0; n < 300; n += 10)
      await a.add('market', 0, ...Array.from({ length: 10 }, (_, at) => tick(at % 2 ? 'A' : 'B', n + at)));
    await vi.waitFor(() => {
      expect(seen).toHaveLength(300);
    }, soon);
    expect(reads).toBeGreaterThan(3);
    expect(recorded).toBe(1);
    for (const key of ['A', 'B']) {
      const numbers = seen.filter((each) => each.startsWith(key)).map((each) => Number(each.slice(2)));
      expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
      expect(new Set(numbers).size).toBe(150);
    }
    await vi.waitFor(async () => {
      expect((await a.groups.groups())[0]).toMatchObject({ lag: 0, pending: 0, deadLetters: 0 });
    }, soon);
  });

  test('a group that somebody removes goes on where it was, and does not begin anew', async () => {
    const a = await open(server.url);
    await a.add('market', 0, tick('A', 1), tick('A', 2));
    const seen: number[] = [];
    const one = a.groups.subscribe('risk', [TICK], (event) => seen.push(numberOf(event)));
    await one.ready;
    await a.add('market', 0, tick('A', 3));
    await vi.waitFor(() => {
      expect(seen).toEqual([3]);
    }, soon);
    await a.link.command(['XGROUP', 'DESTROY', stream, 'risk']);
    await a.add('market', 0, tick('A', 4));
    await vi.waitFor(() => {
      expect(seen).toEqual([3, 4]);
    }, soon);
    await sleep(300);
    expect(seen).toEqual([3, 4]);
  });

  test('a server that restarts with what it kept: members go on, and nothing is lost', async () => {
    const a = await open(server.url, { leaseMs: 500 });
    const seen = new Set<number>();
    const one = a.groups.subscribe('risk', [TICK], (event) => seen.add(numberOf(event)));
    await one.ready;
    await a.add('market', 0, ...Array.from({ length: 100 }, (_, n) => tick('A', n)));
    await vi.waitFor(() => {
      expect(seen.size).toBe(100);
    }, soon);
    await server.stop();
    await sleep(300);
    await server.start();
    await vi.waitFor(() => {
      expect(a.link.isConnected).toBe(true);
    }, soon);
    await a.add('market', 0, tick('A', 100));
    await vi.waitFor(() => {
      expect(seen.size).toBe(101);
    }, soon);
  });

  test('a server that comes back empty is told of once, and the group begins with what is there', async () => {
    const metrics = new MetricsRegistry();
    const a = await open(server.url, { partitions: 2 }, { metrics });
    const seen: number[] = [];
    const one = a.groups.subscribe('risk', [TICK], (event) => seen.push(numberOf(event)));
    await one.ready;
    await a.add('market', 0, tick('A', 1));
    await vi.waitFor(() => {
      expect(seen).toEqual([1]);
    }, soon);
    await server.restartEmpty();
    await vi.waitFor(() => {
      expect(a.link.isConnected).toBe(true);
    }, soon);
    await a.add('market', 0, tick('A', 2));
    await vi.waitFor(() => {
      expect(seen).toEqual([1, 2]);
    }, soon);
    await sleep(500);
    expect(await metrics.exposition()).toContain('group="risk",because="reset"} 1');
  });

  test('a subscription before the server is there begins when it is', async () => {
    await server.stop();
    const opening = openGroups(server.url);
    await sleep(300);
    await server.start();
    const a = await opening;
    worlds.push(a);
    const one = a.groups.subscribe('risk', [TICK], () => undefined);
    await one.ready;
  });
});
