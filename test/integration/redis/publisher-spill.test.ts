import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { partitionOf } from '../../../src/adapters/redis/partition-of.ts';
import { FileAppendLog, MemoryAppendLog } from '../../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../../src/testing/scripted-append-log.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { BAR, openBus, plainClient, publishRange, upTo } from './publisher-support.ts';

const soon = { timeout: 60_000, interval: 20 };

/** Runs the child until it has published, then kills it; what it said. */
async function publishAndDie(port: number, directory: string, first: number, count: number): Promise<string> {
  const path = fileURLToPath(new URL('spill-child.ts', import.meta.url));
  const child = spawn(process.execPath, [path, String(port), directory, String(first), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.endsWith('\n')) break;
  }
  child.kill('SIGKILL');
  await ended;
  return said.trim();
}

describe.skipIf(redisMissing !== undefined)(
  `spilling to disk ${redisMissing ?? ''}`,
  { timeout: 120_000 },
  () => {
    test('opens without a server, takes events, and delivers them in order before anything newer', async () => {
      await using server = await RedisServer.start();
      await server.stop('SIGTERM');
      const bus = await openBus({ url: server.url, connectTimeoutMs: 200 }, { spill: new MemoryAppendLog() });
      expect(await publishRange(bus, 0, 20_000)).toEqual({ spilled: 20_000 });
      expect(bus.status()).toMatchObject({ connected: false, waiting: 20_000, spilled: 20_000 });
      await server.start();
      let next = 20_000;
      await vi.waitFor(async () => {
        const { outcome } = await bus.publish(BAR, { n: next++ });
        expect(outcome).toBe('published');
      }, soon);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(next));
      expect(bus.status()).toMatchObject({ connected: true, waiting: 0, spilled: 0, error: undefined });
      await bus.close();
    });

    test('a server that hangs, again and again, while events keep coming: all arrive in order, none twice', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus(
        { url: server.url, overflow: { policy: 'spill', maxWaiting: 200 } },
        { spill: new MemoryAppendLog() },
      );
      const outcomes: Record<string, number> = {};
      let n = 0;
      for (let round = 0; round < 4; round++) {
        if (round > 0) server.hang();
        for (let burst = 0; burst < 40; burst++) {
          for (const [outcome, count] of Object.entries(await publishRange(bus, n, n + 50)))
            outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
          n += 50;
        }
        server.resume();
        for (let burst = 0; burst < 40; burst++) {
          await publishRange(bus, n, n + 20);
          n += 20;
        }
      }
      await vi.waitFor(() => {
        expect(bus.status()).toMatchObject({ connected: true, waiting: 0 });
      }, soon);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(n));
      expect(outcomes['spilled']).toBeGreaterThan(0);
      await bus.close();
    });

    test('more than memory holds goes to disk while the server is there, and arrives in order', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus(
        { url: server.url, overflow: { policy: 'spill', maxWaiting: 100 } },
        { spill: new MemoryAppendLog() },
      );
      const outcomes = await publishRange(bus, 0, 5_000);
      expect((outcomes['spilled'] ?? 0) + (outcomes['published'] ?? 0)).toBe(5_000);
      expect(outcomes['spilled']).toBeGreaterThan(0);
      await vi.waitFor(() => {
        expect(bus.status().waiting).toBe(0);
      }, soon);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(5_000));
      await bus.close();
    });

    test('processes killed with events on disk: the next one delivers them first, in order, once', async () => {
      await using server = await RedisServer.start();
      const directory = await mkdtemp(join(tmpdir(), 'spill-'));
      await server.stop('SIGTERM');
      expect(await publishAndDie(server.port, directory, 0, 500)).toBe('["spilled"]');
      expect(await publishAndDie(server.port, directory, 500, 500)).toBe('["spilled"]');
      await server.start();
      const spill = await FileAppendLog.open({ directory, name: 'spill' });
      const bus = await openBus({ url: server.url }, { spill });
      await publishRange(bus, 1_000, 1_010);
      await vi.waitFor(() => {
        expect(bus.status().waiting).toBe(0);
      }, soon);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(1_010));
      await bus.close();
      await spill.close();
      const reopened = await FileAppendLog.open({ directory, name: 'spill' });
      const again = await openBus({ url: server.url }, { spill: reopened });
      expect(again.status().spilled).toBe(0);
      await publishRange(again, 1_010, 1_011);
      expect(await plain.numbers()).toEqual(upTo(1_011));
      await again.close();
      await reopened.close();
      await rm(directory, { recursive: true });
    });

    test('what the server got and could not confirm before the process died does not come twice', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const first = new ScriptedAppendLog();
      const bus = await openBus({ url: server.url }, { spill: first });
      server.hang();
      const pending = publishRange(bus, 0, 100);
      await vi.waitFor(() => {
        expect(first.pending).toBe(100);
      }, soon);
      first.commit();
      expect(await pending).toEqual({ spilled: 100 });
      const left = first.durable; // a crash here
      const ended = bus.close(0);
      await vi.waitFor(() => {
        first.commit();
        expect(bus.status().spilled).toBe(100);
      }, soon);
      await ended;
      server.resume();
      await vi.waitFor(async () => {
        expect((await plain.numbers()).length).toBeGreaterThan(0); // the batch that was in its socket
      }, soon);
      const next = await openBus({ url: server.url }, { spill: new MemoryAppendLog(left) });
      await vi.waitFor(() => {
        expect(next.status()).toMatchObject({ connected: true, waiting: 0 });
      }, soon);
      expect(await plain.numbers()).toEqual(upTo(100));
      await next.close();
    });

    test('a disk that refuses: as block, and status says so; order holds', async () => {
      await using server = await RedisServer.start();
      const log = new ScriptedAppendLog();
      await server.stop('SIGTERM');
      const bus = await openBus(
        {
          url: server.url,
          connectTimeoutMs: 200,
          overflow: { policy: 'spill', maxWaiting: 10, maxSpilled: 100, blockTimeoutMs: 200 },
        },
        { spill: log },
      );
      const early = publishRange(bus, 0, 5);
      log.commit();
      expect(await early).toEqual({ spilled: 5 });
      const late = publishRange(bus, 5, 15);
      log.fail();
      await vi.waitFor(() => {
        expect(bus.status()).toMatchObject({
          waiting: 15,
          spilled: 5,
          error: expect.stringContaining('disk') as string,
        });
      }, soon);
      await expect(bus.publish(BAR, { n: 99 })).rejects.toMatchObject({
        code: 'BUS_UNAVAILABLE',
        message: expect.stringContaining('nothing of the event was kept') as string,
      });
      await server.start();
      expect(await late).toEqual({ published: 10 });
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(15));
      expect(await publishRange(bus, 15, 20)).toEqual({ published: 5 });
      expect(await plain.numbers()).toEqual(upTo(20));
      await bus.close();
    });

    test('a full disk queue: memory, then callers wait, then they are refused', async () => {
      await using server = await RedisServer.start();
      await server.stop('SIGTERM');
      const bus = await openBus(
        {
          url: server.url,
          connectTimeoutMs: 200,
          overflow: { policy: 'spill', maxWaiting: 10, maxSpilled: 20, blockTimeoutMs: 300 },
        },
        { spill: new MemoryAppendLog() },
      );
      const taken = publishRange(bus, 0, 30);
      expect(await publishRange(bus, 30, 33)).toEqual({ rejected: 3 });
      expect(bus.status()).toMatchObject({ waiting: 30, spilled: 20 });
      await server.start();
      expect(await taken).toEqual({ spilled: 20, published: 10 });
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(30));
      await bus.close();
    });

    test('a partition that is refused for ever does not hold up the others; once it is mended all of it arrives in order', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      await plain.call('SET', 'portcullis:{market.0}:events', 'no stream');
      const bus = await openBus(
        { url: server.url, partitions: 2, overflow: { policy: 'spill', maxWaiting: 10 } },
        { spill: new MemoryAppendLog() },
      );
      const [bad = '', good = ''] = [0, 1].map(
        (partition) =>
          upTo(100)
            .map(String)
            .find((key) => partitionOf(key, 2) === partition) ?? '',
      );
      const refused = upTo(3_000).map((n) => bus.publish(BAR, { n, key: bad }));
      expect(await Promise.all(refused.map(async (each) => (await each).outcome))).toContain('spilled');
      await vi.waitFor(() => {
        expect(bus.status().error).toMatch(/market 0: .*WRONGTYPE/);
      }, soon);
      const passed = upTo(3_000).map((n) => bus.publish(BAR, { n, key: good }));
      await Promise.all(passed);
      await vi.waitFor(async () => {
        expect(await plain.numbers(1)).toHaveLength(3_000);
      }, soon);
      expect(bus.status()).toMatchObject({ connected: true, waiting: 3_000 });
      await plain.call('DEL', 'portcullis:{market.0}:events');
      await bus.publish(BAR, { n: 3_000, key: bad });
      await vi.waitFor(() => {
        expect(bus.status()).toMatchObject({ waiting: 0, error: undefined });
      }, soon);
      expect(await plain.numbers(0)).toEqual(upTo(3_001));
      expect(await plain.numbers(1)).toEqual(upTo(3_000));
      await bus.close();
    });

    test('a disk that hangs does not hold up the end for ever', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url }, { spill: new ScriptedAppendLog() });
      await server.stop('SIGKILL');
      const pending = publishRange(bus, 0, 5);
      expect(await bus.close(10)).toEqual({ unsent: 5, spilled: 0 });
      expect(await pending).toEqual({ dropped: 5 });
    });

    test('close while the server is away leaves what waits on disk, and says how much', async () => {
      await using server = await RedisServer.start();
      const log = new MemoryAppendLog();
      const bus = await openBus({ url: server.url }, { spill: log });
      await publishRange(bus, 0, 10);
      server.hang();
      const pending = publishRange(bus, 10, 20);
      expect(await bus.close(500)).toEqual({ unsent: 10, spilled: 10 });
      expect(await pending).toEqual({ spilled: 10 });
      server.resume();
      const next = await openBus({ url: server.url }, { spill: log });
      await vi.waitFor(() => {
        expect(next.status().waiting).toBe(0);
      }, soon);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(20));
      await next.close();
    });
  },
);

describe.skipIf(redisMissing !== undefined)(
  `other policies while the server is away ${redisMissing ?? ''}`,
  () => {
    test('block: callers wait for room as long as they may, and get nothing kept after', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({
        url: server.url,
        overflow: { policy: 'block', maxWaiting: 10, blockTimeoutMs: 400 },
      });
      await server.stop('SIGTERM');
      const taken = publishRange(bus, 0, 10);
      expect(await publishRange(bus, 10, 15)).toEqual({ rejected: 5 });
      await server.start();
      expect(await taken).toEqual({ published: 10 });
      expect(await publishRange(bus, 10, 200)).toEqual({ published: 190 }); // waits for room, and gets it
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(200));
      await bus.close();
    });

    test.each([
      ['drop-newest', upTo(10)],
      ['drop-oldest', upTo(15).slice(5)],
    ] as const)('%s: counted, the others arrive', async (policy, arrive) => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url, overflow: { policy, maxWaiting: 10 } });
      await server.stop('SIGTERM');
      await vi.waitFor(() => {
        expect(bus.status().connected).toBe(false);
      }, soon);
      const all = publishRange(bus, 0, 15);
      expect(bus.status()).toMatchObject({ waiting: 10, dropped: 5 });
      await server.start();
      expect(await all).toEqual({ published: 10, dropped: 5 });
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(arrive);
      await bus.close();
    });

    test('close gives up after its time what it cannot send, and counts it', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url });
      await server.stop('SIGKILL');
      const pending = publishRange(bus, 0, 7);
      expect(await bus.close(200)).toEqual({ unsent: 7, spilled: 0 });
      expect(await pending).toEqual({ dropped: 7 });
      expect(bus.status()).toMatchObject({ dropped: 7, waiting: 0 });
    });
  },
);
