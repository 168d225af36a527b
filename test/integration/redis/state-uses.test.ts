import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RedisStateStore } from '../../../src/adapters/redis/index.ts';
import { type DeliveryContext, idempotentHandler } from '../../../src/events/index.ts';
import { ResilientFetcher, ResultCache } from '../../../src/resilience/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { FaultServer } from '../../../src/testing/index.ts';
import { event } from '../../events/member-world.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { Opened, SOON, clock, newName } from './state-support.ts';

const never = (): Promise<string> => Promise.reject(new Error('asked the origin'));
const rules = { ttlMs: 600_000 };

describe.skipIf(redisMissing !== undefined)('what stands on shared state', () => {
  let server: RedisServer;
  let opened: Opened;
  let name: string;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    opened = new Opened();
    name = newName();
  });

  afterEach(async () => {
    await opened.close();
  });

  const open = () => opened.store({ url: server.url, name });

  describe('a cache', () => {
    const cacheOver = (store: RedisStateStore, metrics?: MetricsRegistry) =>
      opened.keep(
        new ResultCache<string>(
          { secondLevel: { pauseMs: 50, maxPauseMs: 50, readTimeoutMs: 5_000 } },
          { clock, metrics, secondLevel: { store, encode: (value) => value, decode: String } },
        ),
      );

    test('what one process has fetched the other has', async () => {
      const one = cacheOver(await open());
      expect(await one.execute('key', () => Promise.resolve('fetched'), rules)).toBe('fetched');
      await one.close();
      const other = cacheOver(await open());
      expect(await other.tryExecute('key', never, rules)).toMatchObject({
        ok: true,
        value: { value: 'fetched', origin: 'l2' },
      });
    });

    test('an outage is an error and no miss: asked once for all who wait, counted, and over when it is over', async () => {
      const metrics = new MetricsRegistry();
      const cache = cacheOver(await open(), metrics);
      await cache.execute('before', () => Promise.resolve('kept'), rules);
      await vi.waitFor(() => expect(cache.status().pendingWrites).toBe(0), SOON);
      const store = await open();
      const second = cacheOver(store, metrics);
      await server.stop('SIGKILL');
      let asked = 0;
      try {
        await vi.waitFor(() => expect(store.error).toBeDefined(), SOON);
        const answers = await Promise.all(
          Array.from({ length: 200 }, () =>
            second.execute(
              'during',
              async () => {
                asked++;
                await sleep(20);
                return 'from the origin';
              },
              rules,
            ),
          ),
        );
        expect(new Set(answers)).toEqual(new Set(['from the origin']));
        expect(asked).toBe(1);
        expect(second.status().secondLevel).toBe('down');
        expect(await metrics.exposition()).toMatch(/trading_cache_errors_total\{[^}]*l2-read[^}]*\} [1-9]/);
      } finally {
        await server.start();
      }
      await vi.waitFor(async () => {
        const answer = await second.tryExecute('before', never, rules);
        expect(answer).toMatchObject({ value: { origin: 'l2', value: 'kept' } });
      }, SOON);
      expect(second.status().secondLevel).toBe('up');
    });

    test('the fetcher shares answers with other processes', async () => {
      const exchange = await FaultServer.listen();
      exchange.script({ body: '{"price":"1.5"}' });
      const fetcherOver = (store: RedisStateStore) =>
        opened.keep(
          new ResilientFetcher(
            {
              sources: {
                venue: {
                  baseUrl: exchange.url,
                  cache: rules,
                  retry: false,
                  http: { allowPrivateAddresses: true },
                },
              },
            },
            { clock, store },
          ),
        );
      const one = fetcherOver(await open());
      expect((await one.fetch({ source: 'venue', endpoint: '/x' })).meta.origin).toBe('origin');
      await one.close();
      await exchange.close();
      const other = fetcherOver(await open());
      expect(await other.fetch({ source: 'venue', endpoint: '/x' })).toMatchObject({
        data: { price: '1.5' },
        meta: { origin: 'l2' },
      });
    });
  });

  describe('an idempotent handler in two processes', () => {
    const delivery = (position: string): DeliveryContext => ({
      group: 'ledger',
      topic: 'order',
      position,
      attempt: 1,
      signal: AbortSignal.timeout(60_000),
    });

    test('each event has its effect once, delivered to both at the same time, and again later', async () => {
      const effects: string[] = [];
      const handlers = [await open(), await open()].map((store) =>
        idempotentHandler(
          async ({ id }) => {
            await sleep(1);
            effects.push(id);
          },
          { name: 'ledger', store, claimMs: 60_000 },
        ),
      );
      const ids = Array.from({ length: 40 }, (_, at) => `event-${at}`);
      for (let round = 0; round < 2; round++) {
        await Promise.all(
          ids.flatMap((id, at) => handlers.map((handle) => handle(event(id), delivery(String(at))))),
        );
      }
      expect(effects.sort()).toEqual([...ids].sort());
    });

    test('while the store is away nothing is handled, and all of it once when it is back', async () => {
      const effects: string[] = [];
      const stores = [await open(), await open()];
      const handlers = stores.map((store) =>
        idempotentHandler(({ id }) => void effects.push(id), { name: 'ledger', store, claimMs: 60_000 }),
      );
      await handlers[0]?.(event('first'), delivery('1'));
      await server.stop('SIGTERM');
      try {
        for (const handle of handlers) {
          await expect(handle(event('second'), delivery('2'))).rejects.toMatchObject({
            code: 'STORE_UNAVAILABLE',
          });
        }
        expect(effects).toEqual(['first']);
      } finally {
        await server.start();
      }
      for (const store of stores) await vi.waitFor(() => expect(store.error).toBeUndefined(), SOON);
      for (const handle of handlers) {
        await handle(event('first'), delivery('1'));
        await handle(event('second'), delivery('2'));
      }
      expect(effects).toEqual(['first', 'second']);
    });
  });
});
