import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { type GroupsWorld, TICK, openGroups, tick } from './groups-world.ts';

const soon = { timeout: 25_000, interval: 10 };
const numberOf = (event: { data: unknown }): number => (event.data as { n: number }).n;

describe.skipIf(redisMissing !== undefined)('members of a group that come and go', () => {
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

  test('partitions move to those who join and from those who leave; no event is lost or handled twice, each key keeps its order', async () => {
    const partitions = 8;
    const seen: string[] = [];
    const handler = (who: number) => async (event: { subject?: string | undefined; data: unknown }) => {
      await sleep(1);
      seen.push(`${event.subject ?? ''} ${numberOf(event)} ${who}`);
    };
    const a = await open(server.url, { partitions });
    const first = a.groups.subscribe('risk', [TICK], handler(0), { concurrency: 4 });
    await first.ready;
    let published = 0;
    const publish = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) {
        await Promise.all(
          Array.from({ length: partitions }, (_, p) => a.add('market', p, tick(`K${p}`, published))),
        );
        published++;
      }
    };
    await publish();
    const b = await open(server.url, { partitions });
    const second = b.groups.subscribe('risk', [TICK], handler(1), { concurrency: 4 });
    await second.ready;
    for (let turn = 0; turn < 5; turn++) await publish();
    await vi.waitFor(() => {
      expect(seen.some((each) => each.endsWith(' 1'))).toBe(true);
    }, soon);
    const third = b.groups.subscribe('risk', [TICK], handler(2), { concurrency: 4 });
    await third.ready;
    for (let turn = 0; turn < 5; turn++) await publish();
    await first.stop();
    for (let turn = 0; turn < 5; turn++) await publish();
    await third.stop();
    await publish();
    await vi.waitFor(() => {
      expect(seen).toHaveLength(published * partitions);
    }, soon);
    for (let p = 0; p < partitions; p++) {
      const ofKey = seen
        .filter((each) => each.startsWith(`K${p} `))
        .map((each) => Number(each.split(' ')[1]));
      expect(ofKey).toEqual(Array.from({ length: published }, (_, n) => n));
    }
    expect(new Set(seen.map((each) => each.at(-1)))).toEqual(new Set(['0', '1', '2']));
  });

  test('a handler that takes longer than the lease keeps its event', async () => {
    const a = await open(server.url, { leaseMs: 300 });
    const b = await open(server.url, { leaseMs: 300 });
    const starts: string[] = [];
    const one = a.groups.subscribe('risk', [TICK], async () => {
      starts.push('a');
      await sleep(1500);
    });
    await one.ready;
    await a.add('market', 0, tick('A', 1));
    await vi.waitFor(() => {
      expect(starts).toEqual(['a']);
    }, soon);
    const two = b.groups.subscribe('risk', [TICK], () => starts.push('b'));
    await two.ready;
    await vi.waitFor(async () => {
      expect((await a.groups.groups())[0]).toMatchObject({ pending: 0, lag: 0 });
    }, soon);
    expect(starts).toEqual(['a']);
  });

  test('what a stop gives back after its time counts the attempts that had begun, and no others', async () => {
    const a = await open(server.url);
    const attempts: number[] = [];
    const one = a.groups.subscribe(
      'risk',
      [TICK],
      (_event, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        }),
    );
    await one.ready;
    await a.add('market', 0, tick('A', 1), tick('A', 2), tick('B', 1));
    await vi.waitFor(async () => {
      expect((await a.groups.groups())[0]).toMatchObject({ pending: 3 });
    }, soon);
    await one.stop(50);
    const two = a.groups.subscribe('risk', [TICK], (_event, { attempt }) => attempts.push(attempt));
    await two.ready;
    await vi.waitFor(() => {
      expect(attempts).toHaveLength(3);
    }, soon);
    expect(attempts).toEqual([2, 1, 1]);
  });

  test('a suspect whose key waits for its next attempt does not hold up the suspects of other keys', async () => {
    const metrics = new MetricsRegistry();
    const a = await open(server.url);
    const b = await open(server.url, {}, { metrics });
    const one = a.groups.subscribe('risk', [TICK], () => sleep(60_000));
    await one.ready;
    await a.add('market', 0, tick('A', 1), tick('A', 2), tick('B', 1), tick('C', 1));
    await vi.waitFor(async () => {
      expect((await a.groups.groups())[0]).toMatchObject({ pending: 4 });
    }, soon);
    a.link.close(); // as if it had died
    const seen: string[] = [];
    const two = b.groups.subscribe(
      'risk',
      [TICK],
      (event, { attempt }) => {
        seen.push(`${event.subject ?? ''}${numberOf(event)}#${attempt}`);
        if (event.subject === 'A' && numberOf(event) === 1) throw new Error('no');
      },
      { backoffMs: 600_000, maxBackoffMs: 600_000 },
    );
    await two.ready;
    await vi.waitFor(() => {
      expect(seen).toEqual(['A1#2', 'B1#2', 'C1#2']);
    }, soon);
    expect(await metrics.exposition()).toContain(
      'trading_bus_redelivered_total{bus="events",group="risk"} 4',
    );
  });

  test.each([
    ['beginning', 'beginning' as const, [1, 2, 3, 4, 5]],
    ['a position', 'position' as const, [3, 4, 5]],
    ['a time', 'time' as const, [3, 4, 5]],
    ['new', 'new' as const, [5]],
  ])('a group begins with %s', async (_name, where, expected) => {
    const a = await open(server.url);
    await a.add('market', 0, tick('A', 1), tick('A', 2));
    await sleep(5);
    const ids = await a.add('market', 0, tick('A', 3), tick('A', 4));
    const [ms = '0', seq = '0'] = String(ids[0]).split('-');
    const from = {
      beginning: 'beginning' as const,
      new: 'new' as const,
      position: { topic: 'market', position: `0:${ms}-${Number(seq) - 1}` },
      time: { timeMs: Number(ms) },
    }[where];
    if (where === 'position' && seq === '0') Object.assign(from, { position: `0:${Number(ms) - 1}-0` });
    const seen: number[] = [];
    const one = a.groups.subscribe('risk', [TICK], (event) => seen.push(numberOf(event)), { from });
    await one.ready;
    await a.add('market', 0, tick('A', 5));
    await vi.waitFor(() => {
      expect(seen).toContain(5);
    }, soon);
    expect(seen).toEqual(expected);
  });

  test('a group is dropped with its letters, but not while it has members', async () => {
    const a = await open(server.url, { partitions: 2 });
    const one = a.groups.subscribe(
      'risk',
      [TICK],
      () => {
        throw new Error('no');
      },
      { maxAttempts: 1 },
    );
    await one.ready;
    await a.add('market', 1, tick('A', 1));
    await vi.waitFor(async () => {
      expect(await a.groups.deadLetters.list()).toHaveLength(1);
    }, soon);
    expect(await a.groups.dropGroup('risk')).toBe(false);
    await one.stop();
    expect(await a.groups.dropGroup('risk')).toBe(true);
    expect(await a.groups.dropGroup('risk')).toBe(false);
    expect(await a.groups.groups()).toEqual([]);
    expect(await a.groups.deadLetters.list()).toEqual([]);
    const left = (await a.link.command<string[]>(['KEYS', '*'])).sort();
    expect(left).toEqual(['test:{market.0}:events', 'test:{market.1}:dead', 'test:{market.1}:events']);
  });
});
