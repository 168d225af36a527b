import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { FileAppendLog, MemoryAppendLog } from '../../../src/storage/index.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { SlowProxy } from '../../support/slow-proxy.ts';
import { collect, firsts, masterOf } from '../../integration/redis/outages-support.ts';
import { BAR, openBus, plainClient, publishRange, upTo } from '../../integration/redis/publisher-support.ts';

const soon = { timeout: 90_000, interval: 20 };

describe.skipIf(redisMissing !== undefined)(
  `a server in trouble, from publish to the handler ${redisMissing ?? ''}`,
  { timeout: 180_000 },
  () => {
    test('a slow one: everything comes later, in order, once', async () => {
      await using server = await RedisServer.start();
      await using proxy = await SlowProxy.open(server.port, 40);
      const bus = await openBus({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 20_000 });
      const seen = await collect(bus);
      expect(await publishRange(bus, 0, 3_000)).toEqual({ published: 3_000 });
      await vi.waitFor(() => {
        expect(seen).toHaveLength(3_000);
      }, soon);
      expect(seen).toEqual(upTo(3_000));
      expect(bus.status()).toMatchObject({ connected: true, waiting: 0 });
      await bus.close();
    });

    test('one that is slower than commands may take counts as away, and nothing is lost, reordered or there twice', async () => {
      await using server = await RedisServer.start();
      await using proxy = await SlowProxy.open(server.port);
      const bus = await openBus(
        { url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 500, leaseMs: 1_000 },
        { spill: new MemoryAppendLog() },
      );
      const seen = await collect(bus);
      await publishRange(bus, 0, 500);
      proxy.delayMs = 1_000;
      let n = 500;
      for (let burst = 0; burst < 20; burst++) {
        await publishRange(bus, n, n + 50); // resolves all the same: on disk
        n += 50;
        await sleep(50);
      }
      await vi.waitFor(() => {
        expect(bus.status()).toMatchObject({ connected: false });
      }, soon);
      expect(bus.status().spilled).toBeGreaterThan(0);
      proxy.delayMs = 0;
      await vi.waitFor(() => {
        expect(bus.status()).toMatchObject({ connected: true, waiting: 0 });
        expect(new Set(seen).size).toBe(n);
      }, soon);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(n));
      expect(firsts(seen)).toEqual(upTo(n));
      await bus.close();
    });

    test('20,000 events while it is away for long, published in pieces: all are handled in order', async () => {
      await using server = await RedisServer.start();
      const directory = await mkdtemp(join(tmpdir(), 'outage-'));
      const spill = await FileAppendLog.open({ directory, name: 'spill' });
      const bus = await openBus(
        { url: server.url, overflow: { policy: 'spill', maxWaiting: 1_000 } },
        { spill },
      );
      const seen = await collect(bus);
      await publishRange(bus, 0, 1_000);
      await server.stop('SIGTERM');
      const outcomes: Record<string, number> = {};
      for (let n = 1_000; n < 21_000; n += 1_000) {
        for (const [outcome, count] of Object.entries(await publishRange(bus, n, n + 1_000)))
          outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
        await sleep(50);
      }
      expect(outcomes).toEqual({ spilled: 20_000 });
      expect(bus.status()).toMatchObject({ connected: false, waiting: 20_000, spilled: 20_000 });
      await server.start();
      let next = 21_000;
      for (; bus.status().waiting > 0; next += 10) await publishRange(bus, next, next + 10);
      await vi.waitFor(() => {
        expect(new Set(seen).size).toBe(next);
      }, soon);
      expect(firsts(seen)).toEqual(upTo(next));
      expect(seen.length - next).toBeLessThanOrEqual(1_000); // at most what was not acknowledged when it went
      await bus.close();
      await spill.close();
      await rm(directory, { recursive: true });
    });

    test('out of memory: groups go on with what is there, publishers wait, and go on when there is room', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const bus = await openBus({ url: server.url, leaseMs: 1_000 });
      const gate = Promise.withResolvers<undefined>();
      const seen: number[] = [];
      await bus.subscribe('reader', [BAR], async ({ data }) => {
        await gate.promise;
        seen.push(data.n);
      }).ready;
      await publishRange(bus, 0, 2_000);
      await plain.call('CONFIG', 'SET', 'maxmemory', '1');
      const published = publishRange(bus, 2_000, 2_100);
      await sleep(2_000); // longer than a lease
      expect(bus.status()).toMatchObject({ connected: false });
      gate.resolve(undefined);
      await vi.waitFor(() => {
        expect(firsts(seen)).toEqual(upTo(2_000));
      }, soon);
      await plain.call('CONFIG', 'SET', 'maxmemory', '0');
      expect(await published).toEqual({ published: 100 });
      await vi.waitFor(() => {
        expect(firsts(seen)).toEqual(upTo(2_100));
      }, soon);
      await bus.close();
    });
  },
);

describe.skipIf(redisMissing !== undefined)(
  `failing over to a replica ${redisMissing ?? ''}`,
  { timeout: 180_000 },
  () => {
    /** A master and a replica that has caught up. */
    async function pair() {
      const master = await RedisServer.start();
      const replica = await RedisServer.start(['--replicaof', '127.0.0.1', String(master.port)]);
      const plain = await plainClient(master.url);
      return {
        master,
        replica,
        /** Until the replica has what the master had. */
        async caughtUp(): Promise<void> {
          while (Number(await plain.call('WAIT', '1', '1000')) < 1) await sleep(50);
        },
        async promote(): Promise<void> {
          await using other = await plainClient(replica.url);
          await other.call('REPLICAOF', 'NO', 'ONE');
        },
        [Symbol.asyncDispose]: async () => {
          await plain[Symbol.asyncDispose]();
          await replica[Symbol.asyncDispose]();
          await master[Symbol.asyncDispose]();
        },
      };
    }

    test('publisher and group find the new master; what the replica had, and what came since, is handled in order', async () => {
      await using both = await pair();
      const { master, replica } = both;
      const createClient = masterOf([master.port, replica.port]);
      const bus = await openBus({ leaseMs: 1_000 }, { createClient, spill: new MemoryAppendLog() });
      const seen = await collect(bus);
      await publishRange(bus, 0, 1_000);
      await both.caughtUp();
      await master.stop('SIGKILL');
      let n = 1_000;
      for (; n < 3_000; n += 100) await publishRange(bus, n, n + 100); // goes on, to disk
      expect(bus.status().spilled).toBeGreaterThan(0);
      await both.promote();
      await vi.waitFor(() => {
        expect(bus.status()).toMatchObject({ connected: true, waiting: 0 });
      }, soon);
      expect(await publishRange(bus, n, n + 100)).toEqual({ published: 100 });
      await vi.waitFor(() => {
        expect(new Set(seen).size).toBe(n + 100);
      }, soon);
      expect(firsts(seen)).toEqual(upTo(n + 100));
      await using plain = await plainClient(replica.url);
      expect(await plain.numbers()).toEqual(upTo(n + 100));
      await bus.close();
    });

    test('in the middle of everything: what had not reached the replica is gone, and nothing comes out of order', async () => {
      await using both = await pair();
      const { master, replica } = both;
      const createClient = masterOf([master.port, replica.port]);
      const bus = await openBus({ leaseMs: 1_000 }, { createClient, spill: new MemoryAppendLog() });
      const seen = await collect(bus);
      await publishRange(bus, 0, 100);
      await both.caughtUp();
      let n = 100;
      for (; n < 4_000; n += 100) await publishRange(bus, n, n + 100);
      await master.stop('SIGKILL');
      for (; n < 5_000; n += 100) await publishRange(bus, n, n + 100);
      await both.promote();
      await vi.waitFor(() => {
        expect(bus.status()).toMatchObject({ connected: true, waiting: 0 });
      }, soon);
      await using plain = await plainClient(replica.url);
      const there = await plain.numbers();
      expect(there).toEqual([...new Set(there)].toSorted((a, b) => a - b)); // in order, none twice
      expect(there.slice(0, 100)).toEqual(upTo(100));
      expect(there.at(-1)).toBe(n - 1);
      await vi.waitFor(() => {
        expect(there.filter((each) => !seen.includes(each))).toEqual([]);
      }, soon);
      await bus.close();
    });
  },
);
