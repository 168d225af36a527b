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
