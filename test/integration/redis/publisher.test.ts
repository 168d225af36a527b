import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { BAR, QUICK, openBus, plainClient, publishRange, upTo } from './publisher-support.ts';

const soon = { timeout: 60_000, interval: 2 };

describe.skipIf(redisMissing !== undefined)(
  `publishing to a Redis server ${redisMissing ?? ''}`,
  { timeout: 120_000 },
  () => {
    test('gives the place of each event, in order', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url });
      const first = await bus.publish(BAR, { n: 0 });
      const second = await bus.publish(BAR, { n: 1 });
      await using plain = await plainClient(server.url);
      const entries = (await plain.call('XRANGE', 'portcullis:{market.0}:events', '-', '+')) as [string][];
      expect([first, second]).toEqual(
        entries.map(([id]) => ({
          outcome: 'published',
          id: expect.any(String) as string,
          position: `0:${id}`,
        })),
      );
      await bus.close();
    });

    test('what is published within one tick goes out in batches of at most 32', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const bus = await openBus({ url: server.url, commandTimeoutMs: 20_000 });
      await plain.call('CONFIG', 'RESETSTAT');
      expect(await publishRange(bus, 0, 320)).toEqual({ published: 320 });
      const stats = String(await plain.call('INFO', 'commandstats'));
      expect(stats).toContain('cmdstat_evalsha:calls=10,');
      expect(stats).toContain('cmdstat_xadd:calls=320,');
      await bus.close();
    });

    test('an id that a caller gave is known again for the window, also by another process, and not beyond it', async () => {
      await using server = await RedisServer.start();
      const one = await openBus({ url: server.url, dedupeWindowMs: 3_000 });
      const two = await openBus({ url: server.url, dedupeWindowMs: 3_000 });
      const [first, again] = await Promise.all([
        one.publish(BAR, { n: 0 }, { id: 'same' }),
        one.publish(BAR, { n: 1 }, { id: 'same' }),
      ]);
      const elsewhere = await two.publish(BAR, { n: 2 }, { id: 'same' });
      const otherSource = await two.publish(BAR, { n: 3 }, { id: 'same', source: '/other' });
      expect([first, again, elsewhere, otherSource].map(({ outcome }) => outcome)).toEqual([
        'published',
        'duplicate',
        'duplicate',
        'published',
      ]);
      await vi.waitFor(async () => {
        expect((await one.publish(BAR, { n: 4 }, { id: 'same' })).outcome).toBe('published');
      }, soon);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual([0, 3, 4]);
      await Promise.all([one.close(), two.close()]);
    });

    test('events of one key stay in one partition, and all partitions are used', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url, partitions: 4 });
      await Promise.all(upTo(400).map((n) => bus.publish(BAR, { n, key: `k${n % 40}` })));
      await using plain = await plainClient(server.url);
      const all = await Promise.all([0, 1, 2, 3].map((partition) => plain.numbers(partition)));
      const partitionOfKey = new Map<number, number>();
      for (const [partition, numbers] of all.entries()) {
        expect(numbers.length).toBeGreaterThan(0);
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        for (const n of numbers) {
          expect(partitionOfKey.get(n % 40) ?? partition).toBe(partition);
          partitionOfKey.set(n % 40, partition);
        }
      }
      expect(all.flat()).toHaveLength(400);
      await bus.close();
    });

    test('a bus with another number of partitions than on record is refused, saying both', async () => {
      await using server = await RedisServer.start();
      await (await openBus({ url: server.url, partitions: 4 })).close();
      await expect(openBus({ url: server.url, partitions: 2 })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringMatching(/has 4 on record for topic market, got 2/) as string,
      });
      await (await openBus({ url: server.url, prefix: 'other', partitions: 2 })).close();
    });

    test(
      '10,000 publications arrive once and in order although the connection is cut again and again',
      { timeout: 60_000 },
      async () => {
        await using server = await RedisServer.start();
        await using plain = await plainClient(server.url);
        const bus = await openBus({ url: server.url });
        const published = publishRange(bus, 0, 10_000);
        let cuts = 0;
        for (let left = 9_000; left > 0; left -= 1_000) {
          await vi.waitFor(() => {
            expect(bus.status().waiting).toBeLessThanOrEqual(left);
          }, soon);
          cuts += Number(await plain.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
        }
        const outcomes = await published;
        expect(outcomes).toEqual({ published: 10_000 });
        expect(cuts).toBeGreaterThan(0);
        expect(await plain.numbers()).toEqual(upTo(10_000));
        await bus.close();
      },
    );

    test('a connection that is cut after the batch and before its answer makes no duplicate, and its place is found', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const bus = await openBus({ url: server.url, commandTimeoutMs: 500 });
      await bus.publish(BAR, { n: 0 });
      server.hang();
      const pending = [bus.publish(BAR, { n: 1 }), bus.publish(BAR, { n: 2 }, { id: 'given' })];
      await vi.waitFor(() => {
        expect(bus.status().error).toContain('no answer');
      }, soon); // the server will read the batch from its socket all the same
      server.resume();
      const receipts = await Promise.all(pending);
      const entries = (await plain.call('XRANGE', 'portcullis:{market.0}:events', '-', '+')) as [string][];
      expect(
        receipts.map((receipt) => (receipt.outcome === 'published' ? receipt.position : receipt)),
      ).toEqual(entries.slice(1).map(([id]) => `0:${id}`));
      expect(await plain.numbers()).toEqual([0, 1, 2]);
      await bus.close();
    });

    test('killed and restarted with its file: what was taken arrives in order, once', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url });
      const early = publishRange(bus, 0, 2_000);
      await server.stop('SIGKILL');
      const late = publishRange(bus, 2_000, 3_000);
      await server.start();
      expect([await early, await late]).toEqual([{ published: 2_000 }, { published: 1_000 }]);
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(3_000));
      await bus.close();
    });

    test('restarted empty: noticed, said in the log, and publishing goes on', async () => {
      await using server = await RedisServer.start();
      const lines: string[] = [];
      const log = (...args: unknown[]): void => void lines.push(String(args.at(-1)));
      const logger = {
        debug: log,
        info: log,
        warn: log,
        error: log,
        child: () => logger,
        flush: () => undefined,
      };
      const bus = await openBus({ url: server.url }, { logger });
      expect(await publishRange(bus, 0, 100)).toEqual({ published: 100 });
      await server.restartEmpty();
      expect(await publishRange(bus, 100, 200)).toEqual({ published: 100 });
      expect(lines).toContainEqual(expect.stringContaining('without what it had'));
      await using plain = await plainClient(server.url);
      expect(await plain.numbers()).toEqual(upTo(200).slice(100));
      await bus.close();
    });

    test('scripts flushed by somebody are loaded again', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const bus = await openBus({ url: server.url });
      await publishRange(bus, 0, 10);
      await plain.call('SCRIPT', 'FLUSH');
      expect(await publishRange(bus, 10, 500)).toEqual({ published: 490 });
      expect(await plain.numbers()).toEqual(upTo(500));
      await bus.close();
    });

    test.each([
      ['a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /READONLY|MASTERDOWN/],
      ['out of memory', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], /OOM/],
      [
        'short of replicas',
        ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
        ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
        /NOREPLICAS/,
      ],
    ])(
      'a server that is %s: not connected, with the reason; goes on when it is over',
      async (_, ail, cure, reason) => {
        await using server = await RedisServer.start();
        await using plain = await plainClient(server.url);
        const bus = await openBus({ url: server.url });
        await publishRange(bus, 0, 10);
        await plain.call(...ail);
        const published = publishRange(bus, 10, 1_000);
        await vi.waitFor(() => {
          expect(bus.status()).toMatchObject({
            connected: false,
            error: expect.stringMatching(reason) as string,
          });
        }, soon);
        await plain.call(...cure);
        expect(await published).toEqual({ published: 990 });
        await vi.waitFor(() => {
          expect(bus.status()).toEqual({
            ...{ connected: true, waiting: 0, spilled: 0, dropped: 0, error: undefined },
            generation: expect.stringMatching(/^[\w-]{16}$/) as string,
          });
        }, soon);
        expect(await plain.numbers()).toEqual(upTo(1_000));
        await bus.close();
      },
    );

    test('a stream that is no stream holds up its own topic only, and says so', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const bus = await openBus({ url: server.url });
      await plain.call('SET', 'portcullis:{market.0}:events', 'mine');
      const published = bus.publish(BAR, { n: 0 });
      await vi.waitFor(() => {
        expect(bus.status().error).toMatch(/market 0: .*WRONGTYPE/);
      }, soon);
      await plain.call('DEL', 'portcullis:{market.0}:events');
      expect((await published).outcome).toBe('published');
      await bus.close();
    });

    test('counts what became of publications', async () => {
      await using server = await RedisServer.start();
      const metrics = new MetricsRegistry();
      const bus = await openBus({ url: server.url }, { metrics });
      await bus.publish(BAR, { n: 0 }, { id: 'a' });
      await bus.publish(BAR, { n: 0 }, { id: 'a' });
      const text = await metrics.exposition();
      expect(text).toMatch(
        /trading_bus_published_total\{bus="events",topic="market",outcome="published"\} 1\n/,
      );
      expect(text).toMatch(
        /trading_bus_published_total\{bus="events",topic="market",outcome="duplicate"\} 1\n/,
      );
      expect(text).toContain('trading_bus_connected{bus="events"} 1\n');
      expect(text).toContain('trading_bus_publish_duration_seconds_count{bus="events",topic="market"} 2\n');
      await bus.close();
    });

    test('no password in errors, status, log or inspection', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      await plain.call('CONFIG', 'SET', 'requirepass', 'right');
      const lines: unknown[] = [];
      const log = (...args: unknown[]): void => void lines.push(args);
      const logger = {
        debug: log,
        info: log,
        warn: log,
        error: log,
        child: () => logger,
        flush: () => undefined,
      };
      const url = `redis://user:s3cr%24t@127.0.0.1:${server.port}`;
      const refused: unknown = await openBus({ url, connectTimeoutMs: 3_000 }, { logger }).catch(
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({
        code: 'BUS_UNAVAILABLE',
        message: expect.stringContaining('WRONGPASS') as string,
      });
      const none: unknown = await openBus({ url: server.url, connectTimeoutMs: 3_000 }).catch(
        (error: unknown) => error,
      );
      expect(none).toMatchObject({ message: expect.stringContaining('NOAUTH') as string });
      const broken: unknown = await openBus({ url: 'http://user:s3cr%24t@host' }).catch(
        (error: unknown) => error,
      );
      expect(broken).toMatchObject({ code: 'OPTION_INVALID' });
      const bus = await openBus({ url: `redis://:right@127.0.0.1:${server.port}` }, { logger });
      const seen = [refused, none, broken, lines, bus, bus.status()].map((each) =>
        inspect(each, { depth: 20, showHidden: true }),
      );
      expect(seen.join('\n')).not.toMatch(/s3cr(%24|\$)t|:right@/);
      await bus.close();
    });

    test('rejects when the server is away and there is no disk, leaving nothing at work', async () => {
      await expect(openBus({ url: 'redis://127.0.0.1:1', connectTimeoutMs: 300 })).rejects.toMatchObject({
        code: 'BUS_UNAVAILABLE',
        message: expect.stringContaining('ECONNREFUSED') as string,
      });
      expect(QUICK.maxBackoffMs).toBeLessThan(1000);
    });

    test('emptied by somebody while it is quiet: noticed at the next publication, and the record is made again', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const bus = await openBus({ url: server.url, partitions: 4 });
      await bus.publish(BAR, { n: 0 });
      await plain.call('FLUSHALL');
      expect((await bus.publish(BAR, { n: 1 })).outcome).toBe('published');
      await expect(openBus({ url: server.url, partitions: 3 })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('has 4 on record') as string,
      });
      await bus.close();
    });

    test('emptied by somebody while nothing is published: the record is made again all the same', async () => {
      await using server = await RedisServer.start();
      await using plain = await plainClient(server.url);
      const bus = await openBus({ url: server.url, leaseMs: 200 });
      await plain.call('FLUSHALL');
      await vi.waitFor(async () => {
        expect(await plain.call('HGET', 'portcullis:meta', 'partitions:market')).toBe('1');
      }, soon);
      await bus.close();
    });

    test('an event of more bytes than may be is refused, and holds up nobody', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url, maxEventBytes: 2_000 });
      const sizeOf = async (length: number): Promise<unknown> =>
        bus.publish(BAR, { n: 0, key: 'ä'.repeat(length) }).then(
          ({ outcome }) => outcome,
          (error: unknown) => error,
        );
      expect(await sizeOf(300)).toBe('published');
      expect(await sizeOf(600)).toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/at most 2000 bytes \(maxEventBytes\), got \d+$/) as string,
      });
      expect(await sizeOf(1)).toBe('published');
      await bus.close();
    });

    test('a caller that waits for room when the bus closes is told so', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({
        url: server.url,
        overflow: { policy: 'block', maxWaiting: 1, blockTimeoutMs: 60_000 },
      });
      await server.stop('SIGKILL');
      const kept = bus.publish(BAR, { n: 0 });
      const waits = bus.publish(BAR, { n: 1 }).catch((error: unknown) => error);
      await bus.close(50);
      expect((await kept).outcome).toBe('dropped');
      expect(await waits).toMatchObject({ code: 'BUS_CLOSED' });
      await expect(bus.groups()).rejects.toMatchObject({ code: 'BUS_CLOSED' });
      await expect(bus.dropGroup('g')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
      await expect(bus.deadLetters.list()).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    });

    test('after close nothing is taken', async () => {
      await using server = await RedisServer.start();
      const bus = await openBus({ url: server.url });
      const last = bus.publish(BAR, { n: 0 });
      expect(await bus.close()).toEqual({ unsent: 0, spilled: 0 });
      expect((await last).outcome).toBe('published');
      await expect(bus.publish(BAR, { n: 1 })).rejects.toMatchObject({ code: 'BUS_CLOSED' });
      expect(() => bus.subscribe('g', '*', () => undefined)).toThrow(
        expect.objectContaining({ code: 'BUS_CLOSED' }) as Error,
      );
    });
  },
);
