import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SystemClock } from '../../../src/core/clock.ts';
import {
  ResilientFetcher,
  type ResilientFetcherDeps,
  type SourceOptions,
} from '../../../src/resilience/index.ts';
import { MemoryStateStore } from '../../../src/storage/memory-state-store.ts';
import { FaultServer } from '../../../src/testing/index.ts';

const clock = new SystemClock();
const open: ResilientFetcher[] = [];
let server: FaultServer;

const fetcherOf = (
  options: Partial<SourceOptions> = {},
  deps: Partial<ResilientFetcherDeps> = {},
): ResilientFetcher => {
  const source = {
    baseUrl: server.url,
    cache: { ttlMs: 60_000 },
    retry: { retries: 3, baseDelayMs: 1, maxDelayMs: 1 },
    ...options,
    http: { allowPrivateAddresses: true },
  };
  const fetcher = new ResilientFetcher({ sources: { venue: source } }, { clock, ...deps });
  open.push(fetcher);
  return fetcher;
};

beforeEach(async () => {
  server = await FaultServer.listen();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((fetcher) => fetcher.close()));
  await server.close();
});

describe('an answer is that of one request only', () => {
  test('a source of the same name and another base URL gets nothing from a store that both use', async () => {
    const store = new MemoryStateStore({ clock });
    const other = await FaultServer.listen();
    server.script({ body: '"mainnet"' });
    other.script({ body: '"testnet"' });
    const first = fetcherOf({}, { store });
    await first.fetch({ source: 'venue', endpoint: '/x' });
    await first.close();
    const second = fetcherOf({ baseUrl: other.url }, { store });
    expect(await second.fetch({ source: 'venue', endpoint: '/x' })).toMatchObject({
      data: 'testnet',
      meta: { origin: 'origin' },
    });
    await other.close();
  });

  test('a GET with a body is sent each time, unless it has a cacheKey', async () => {
    server.script({ body: '1' });
    const fetcher = fetcherOf();
    const ask = async (body: object, cacheKey?: string) =>
      (await fetcher.fetch({ source: 'venue', endpoint: '/x', body, ...(cacheKey && { cacheKey }) })).meta
        .origin;
    expect([await ask({ a: 1 }), await ask({ a: 2 }), await ask({ a: 1 })]).toEqual([
      'origin',
      'origin',
      'origin',
    ]);
    expect([await ask({ a: 1 }, 'k'), await ask({ a: 2 }, 'k'), await ask({ a: 1 }, 'k')]).toEqual([
      'origin',
      'origin',
      'l1',
    ]);
  });
});

describe('each caller judges data by its own schema', () => {
  const Price = z.object({ price: z.string() });
  const Wrong = z.object({ nothing: z.string() });
  const request = { source: 'venue', endpoint: '/x' } as const;

  test('of many who wait for one answer only those fail whose schema it does not fit', async () => {
    server.script({ body: { price: '1' } });
    const fetcher = fetcherOf();
    const [wrong, right, none] = await Promise.all([
      fetcher.tryFetch({ ...request, schema: Wrong }),
      fetcher.tryFetch({ ...request, schema: Price }),
      fetcher.tryFetch(request),
    ]);
    expect(wrong).toMatchObject({ ok: false, failure: { code: 'RESPONSE_INVALID', because: 'schema' } });
    expect([right, none]).toMatchObject([{ ok: true }, { ok: true }]);
    expect(server.requests).toHaveLength(1);
  });

  test('data that others keep is asked for again by who has no use for it, once, and then kept', async () => {
    server.script({ body: { maintenance: true } });
    const fetcher = fetcherOf();
    await fetcher.fetch(request);
    server.script({ body: { price: '1' } });
    expect(await fetcher.fetch({ ...request, schema: Price })).toMatchObject({
      data: { price: '1' },
      meta: { origin: 'origin', attempts: 1 },
    });
    expect((await fetcher.fetch({ ...request, schema: Price })).meta.origin).toBe('l1');
    expect((await fetcher.fetch(request)).data).toEqual({ price: '1' });
    expect(await fetcher.tryFetch({ ...request, schema: Wrong })).toMatchObject({
      ok: false,
      failure: { because: 'schema' },
    });
    expect((await fetcher.fetch({ ...request, schema: Price })).meta.origin).toBe('l1');
    expect(server.requests).toHaveLength(3);
  });
});
