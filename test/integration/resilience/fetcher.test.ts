import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SystemClock } from '../../../src/core/clock.ts';
import {
  type FetchRequest,
  ResilientFetcher,
  type ResilientFetcherDeps,
  type SourceOptions,
} from '../../../src/resilience/index.ts';
import { MemoryStateStore } from '../../../src/storage/memory-state-store.ts';
import { MetricsRegistry, silentLogger } from '../../../src/telemetry/index.ts';
import { FaultServer, type HttpFault, burst } from '../../../src/testing/index.ts';

const clock = new SystemClock();
const Price = z.object({ price: z.string() });
const FINE: HttpFault = { body: { price: '1.5' } };

let server: FaultServer;
const open: ResilientFetcher[] = [];

const fetcherOf = (
  options: Partial<SourceOptions> = {},
  deps: Partial<ResilientFetcherDeps> = {},
): ResilientFetcher => {
  const fetcher = new ResilientFetcher(
    {
      sources: {
        venue: {
          baseUrl: server.url,
          retry: { retries: 1, baseDelayMs: 1, maxDelayMs: 1 },
          ...options,
          http: { allowPrivateAddresses: true },
        },
      },
    },
    { clock, ...deps },
  );
  open.push(fetcher);
  return fetcher;
};

const PRICE = { source: 'venue', endpoint: '/price', schema: Price } as const;

beforeEach(async () => {
  server = await FaultServer.listen();
  server.script(FINE);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((fetcher) => fetcher.close()));
  await server.close();
});

const BASE_URL = 'sources.venue: baseUrl: expected an http or https URL without user, query and fragment';

describe('options', () => {
  const build =
    (options: object, deps: Partial<ResilientFetcherDeps> = {}) =>
    () =>
      new ResilientFetcher(
        { sources: { venue: { baseUrl: 'https://api.example.com', ...options } } },
        { clock, ...deps },
      );

  test.each<[string, object, string]>([
    ['no URL', { baseUrl: 'api.example.com' }, BASE_URL],
    ['another scheme', { baseUrl: 'ftp://example.com' }, BASE_URL],
    ['a password in the URL', { baseUrl: 'https://user:hunter2@example.com' }, BASE_URL],
    ['a key in the URL', { baseUrl: 'https://example.com/?key=hunter2' }, BASE_URL],
    ['a rate limit without buckets', { rateLimit: {} }, 'sources.venue: RateLimiter: buckets: '],
    ['a misspelt field', { timeout: 5 }, 'sources.venue: Unrecognized key: "timeout"'],
    ['a part that is none', { breaker: 5 }, 'sources.venue.breaker: '],
    ['a field of a part', { retry: { retries: -1 } }, 'sources.venue: Retry: retries: '],
    ['a misspelt field of a part', { bulkhead: { maxConcurent: 3 } }, 'sources.venue: Bulkhead: '],
    [
      'usage of a bucket that is not there',
      { usage: [{ header: 'x', bucket: 'weight' }] },
      'sources.venue.usage.0.bucket: expected a bucket of rateLimit, one of [], got "weight"',
    ],
    [
      'a signed endpoint without a signer',
      { endpoints: { account: { path: '/account', signed: true } } },
      'signers.venue: expected a signer for the endpoint account, got nothing',
    ],
  ])('%s is refused by name', (_, options, message) => {
    expect(build(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(build(options)).toThrow(message);
    expect(build(options)).not.toThrow('hunter2');
  });
});

describe('the cache', () => {
  test('a fresh answer is given again without a request, to others as well, and cannot be changed by one', async () => {
    const fetcher = fetcherOf({ cache: { ttlMs: 60_000 } });
    const [one, two] = await Promise.all([fetcher.fetch(PRICE), fetcher.fetch(PRICE)]);
    const three = await fetcher.fetch({ source: 'venue', endpoint: '/price' });
    expect([one.meta.attempts, two.meta.attempts, three.meta]).toMatchObject([
      1,
      1,
      { origin: 'l1', attempts: 0 },
    ]);
    expect(server.received).toBe(1);
    expect(() => {
      (three.data as { price: string }).price = '2';
    }).toThrow(TypeError);
  });

  test('another parameter is another answer', async () => {
    const fetcher = fetcherOf({ cache: { ttlMs: 60_000 } });
    for (const symbol of ['A', 'B', 'A']) await fetcher.fetch({ ...PRICE, params: { symbol } });
    expect(server.requests.map(({ url }) => url)).toEqual(['/price?symbol=A', '/price?symbol=B']);
  });

  test('an old answer is renewed by asking whether it has changed', async () => {
    const fetcher = fetcherOf();
    server.script(
      { ...FINE, headers: { etag: '"v1"' } },
      { status: 304, headers: { etag: '"v1"' }, body: '' },
    );
    await fetcher.fetch({ ...PRICE, cacheTtlMs: 20 });
    await clock.sleep(30);
    const again = await fetcher.fetch({ ...PRICE, cacheTtlMs: 20 });
    expect(again).toMatchObject({
      data: { price: '1.5' },
      status: 200,
      meta: { origin: 'origin', attempts: 1 },
    });
    expect(server.requests[1]?.headers['if-none-match']).toBe('"v1"');
  });

  test('when the source is out, old data within its bounds, marked as such, and no older', async () => {
    const fetcher = fetcherOf({ cache: { ttlMs: 10, staleIfErrorMs: 300 }, breaker: false });
    await fetcher.fetch(PRICE);
    await server.down();
    await clock.sleep(50);
    const stale = await fetcher.fetch(PRICE);
    expect(stale).toMatchObject({ data: { price: '1.5' }, meta: { origin: 'stale' } });
    expect(stale.meta.ageMs).toBeGreaterThanOrEqual(50);
    await clock.sleep(320);
    await expect(fetcher.tryFetch(PRICE)).resolves.toMatchObject({
      failure: { code: 'UPSTREAM_UNREACHABLE' },
    });
  });

  test('data that the schema does not take is not kept', async () => {
    const fetcher = fetcherOf({ cache: { ttlMs: 60_000 } });
    server.script({ body: { prize: 1 } }, FINE);
    await expect(fetcher.tryFetch(PRICE)).resolves.toMatchObject({ failure: { because: 'schema' } });
    await expect(fetcher.fetch(PRICE)).resolves.toMatchObject({ meta: { origin: 'origin' } });
  });

  test('a store keeps answers beyond the fetcher; clearing forgets them there as well', async () => {
    const store = new MemoryStateStore({ clock });
    const ask = () => fetcherOf({ cache: { ttlMs: 60_000 } }, { store });
    const first = ask();
    await first.fetch(PRICE);
    await first.close();
    const second = ask();
    await expect(second.fetch(PRICE)).resolves.toMatchObject({ meta: { origin: 'l2', attempts: 0 } });
    await expect(second.clearCache()).resolves.toBe(true);
    await expect(second.fetch(PRICE)).resolves.toMatchObject({ meta: { origin: 'origin' } });
  });

  test('signed answers are kept only under a key that says whose they are', async () => {
    const fetcher = fetcherOf(
      { endpoints: { account: { path: '/account', signed: true, cacheTtlMs: 60_000 } } },
      { signers: { venue: () => ({ headers: { 'x-signature': 's' } }) } },
    );
    const ask = (cacheKey?: string) =>
      fetcher.fetch({ source: 'venue', endpoint: 'account', ...(cacheKey && { cacheKey }) });
    await ask();
    await ask();
    await ask('alice');
    await ask('alice');
    await ask('bob');
    expect(server.received).toBe(4);
  });
});

describe('the breaker of a source', () => {
  const breaker = { minCalls: 2, openMs: 60_000 };

  test('opens, says why, and asks no more', async () => {
    const warned: object[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => warned.push(fields) };
    const fetcher = fetcherOf(
      { breaker, retry: false },
      { logger: logger as unknown as typeof silentLogger },
    );
    server.script({ status: 500 });
    for (let i = 0; i < 5; i += 1) await fetcher.tryFetch(PRICE);
    await expect(fetcher.tryFetch(PRICE)).resolves.toMatchObject({
      failure: { code: 'CIRCUIT_OPEN', state: 'open' },
    });
    expect(server.received).toBe(2);
    expect(fetcher.status('venue').circuit).toMatchObject({
      state: 'open',
      opening: { cause: { code: 'UPSTREAM_STATUS', description: 'it answered 500: {}' } },
    });
    expect(warned).toEqual([{ source: 'venue', from: 'closed', to: 'open', because: 'failure-rate' }]);
  });

  test('is isolated and released by hand', async () => {
    const fetcher = fetcherOf({ breaker });
    fetcher.isolate('venue', 'maintenance until 14:00');
    await expect(fetcher.tryFetch(PRICE)).resolves.toMatchObject({
      failure: { code: 'CIRCUIT_OPEN', state: 'isolated' },
    });
    expect(fetcher.status('venue').circuit).toMatchObject({
      state: 'isolated',
      reason: 'maintenance until 14:00',
    });
    fetcher.release('venue');
    await expect(fetcher.tryFetch(PRICE)).resolves.toMatchObject({ ok: true });
  });

  test('with breaker: false it never opens by itself, and is isolated all the same', async () => {
    const fetcher = fetcherOf({ breaker: false, retry: false });
    server.script({ status: 500 });
    for (let i = 0; i < 30; i += 1) await fetcher.tryFetch(PRICE);
    expect(server.received).toBe(30);
    fetcher.isolate('venue', 'maintenance');
    await expect(fetcher.tryFetch(PRICE)).resolves.toMatchObject({ failure: { code: 'CIRCUIT_OPEN' } });
    expect(server.received).toBe(30);
    expect(fetcher.status('venue')).toMatchObject({ circuit: { state: 'isolated' }, rateLimit: undefined });
    expect(() => fetcher.status('elsewhere')).toThrow('source: expected one of venue, got elsewhere');
  });
});

test('a hedge answers for a request that is slow; a method that changes something has none', async () => {
  const fetcher = fetcherOf({ hedge: { delayMs: 30 }, retry: false });
  server.script(burst(1, { ...FINE, delayMs: 5_000 }, FINE));
  await expect(fetcher.fetch(PRICE)).resolves.toMatchObject({
    data: { price: '1.5' },
    meta: { attempts: 2 },
  });
  server.script({ ...FINE, delayMs: 100 });
  await fetcher.fetch({ ...PRICE, method: 'POST', body: 'x' });
  expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('a method that changes something is sent once even with an idempotency key, unless retries are asked for', async () => {
  const fetcher = fetcherOf({ hedge: { delayMs: 10 } });
  server.script({ ...FINE, delayMs: 100 });
  await fetcher.fetch({ ...PRICE, method: 'POST', body: 'x', idempotencyKey: 'k' });
  expect(server.received).toBe(1);
});

test('a ban is heeded without a rate limit, also by calls that waited for their slot, until it is lifted', async () => {
  const fetcher = fetcherOf({ bulkhead: { maxConcurrent: 1, maxQueued: 10 }, retry: false });
  server.script({ status: 429, headers: { 'retry-after': '60' }, delayMs: 50 }, FINE);
  const outcomes = await Promise.all([1, 2, 3].map(() => fetcher.tryFetch(PRICE)));
  expect(outcomes).toMatchObject([
    { failure: { code: 'UPSTREAM_STATUS', status: 429 } },
    { failure: { code: 'RATE_LIMITED', because: 'banned' } },
    { failure: { code: 'RATE_LIMITED', because: 'banned' } },
  ]);
  expect(server.received).toBe(1);
  fetcher.release('venue');
  await expect(fetcher.tryFetch(PRICE)).resolves.toMatchObject({ ok: true });
});

test('a date in Retry-After is of the clock that the answer shows', async () => {
  const fetcher = fetcherOf({ retry: false });
  const serverNow = Date.now() - 3_600_000;
  server.script({
    status: 503,
    dateOffsetMs: -3_600_000,
    headers: { 'retry-after': new Date(serverNow + 50_000).toUTCString() },
  });
  const outcome = await fetcher.tryFetch(PRICE);
  const waitMs = outcome.ok ? NaN : (outcome.failure.retryAfterMs ?? NaN);
  expect(Math.abs(waitMs - 50_000)).toBeLessThanOrEqual(2_000);
});

test('an answer with an age says nothing of the clock of the source', async () => {
  const fetcher = fetcherOf();
  server.script({ ...FINE, dateOffsetMs: -300_000, headers: { age: '300' } });
  await fetcher.fetch(PRICE);
  expect(fetcher.status('venue').clockOffset).toBeUndefined();
});

test('each header is sent once, whatever the case of its name; the request has the last word', async () => {
  const fetcher = fetcherOf({ headers: { 'User-Agent': 'source', 'X-Kept': 'yes' } });
  await fetcher.fetch({
    ...PRICE,
    method: 'PUT',
    body: { a: 1 },
    headers: { 'USER-AGENT': 'request', 'Content-Type': 'application/vnd.a+json' },
  });
  expect(server.requests[0]?.headers).toMatchObject({
    'user-agent': 'request',
    'x-kept': 'yes',
    'content-type': 'application/vnd.a+json',
  });
});

test('a declared endpoint keeps its weight and its signature when it is asked for by its path', async () => {
  const fetcher = fetcherOf(
    { endpoints: { account: { path: '/account', signed: true } } },
    { signers: { venue: () => ({ headers: { 'x-signature': 's' } }) } },
  );
  await fetcher.fetch({ source: 'venue', endpoint: '/account' });
  expect(server.requests[0]?.headers['x-signature']).toBe('s');
});

describe('what the caller did wrong is thrown before anything is sent', () => {
  test.each<[string, object, string]>([
    [
      'a list in place of text',
      { params: { a: { b: 1 } } },
      'params.a: expected text, a finite number or a boolean',
    ],
    ['null', { params: { a: null } }, 'params.a: expected text, a finite number or a boolean, got null'],
    ['NaN', { params: { a: NaN } }, 'params.a: expected text, a finite number or a boolean, got NaN'],
    ['half a character', { params: { a: '\ud800' } }, 'params.a: '],
    [
      'a body that JSON cannot say',
      { method: 'POST', body: { a: 1n } },
      'fetch: body: expected text, bytes, or what JSON can say',
    ],
    [
      'a stream',
      { method: 'POST', body: Readable.from(['a']) },
      'fetch: body: expected text, bytes, or what',
    ],
    ['a form', { method: 'POST', body: new FormData() }, 'or what JSON can say, got [object FormData]'],
    [
      'a body that is a function',
      { method: 'POST', body: () => 1 },
      'fetch: body: expected text, bytes, or what JSON can say, got function',
    ],
    [
      'a line break in a header',
      { headers: { a: 'b\r\nc: d' } },
      'headers.a: expected text without line breaks',
    ],
    ['a header of the connection', { headers: { Host: 'elsewhere' } }, 'headers.host: the transport sets it'],
    [
      'dots in disguise',
      { endpoint: '/a/%2E%2e/b' },
      'fetch: endpoint: expected a path such as /time, got /a/%2E%2e/b',
    ],
    ['a name of Object', { endpoint: 'constructor' }, 'fetch: endpoint: expected a path such as /time'],
  ])('%s', async (_, more, message) => {
    const fetcher = fetcherOf();
    const request = { source: 'venue', endpoint: '/price', ...more } as unknown as FetchRequest;
    await expect(fetcher.tryFetch(request)).rejects.toThrow(message);
    expect(server.received).toBe(0);
  });

  test('what follows a question mark may be a secret, and is not shown', async () => {
    const asking = fetcherOf().tryFetch({ source: 'venue', endpoint: '/x?key=hunter2' });
    await expect(asking).rejects.toThrow('got /x');
    await expect(asking).rejects.not.toThrow('hunter2');
  });
});

test('a signer that throws fails the call with its error, and nothing is sent', async () => {
  const fetcher = fetcherOf(
    { endpoints: { account: { path: '/account', signed: true } } },
    {
      signers: {
        venue: () => {
          throw new Error('no key');
        },
      },
    },
  );
  await expect(fetcher.tryFetch({ source: 'venue', endpoint: 'account' })).resolves.toMatchObject({
    failure: { code: 'WORK_FAILED', upstream: 'unknown', error: new Error('no key') },
  });
  expect(server.received).toBe(0);
  expect(fetcher.status('venue').circuit?.counts).toMatchObject({ calls: 0 });
});

test('text comes as text, nothing as nothing, bytes of a body are sent as they are', async () => {
  const fetcher = fetcherOf();
  server.script({ headers: { 'content-type': 'text/plain' }, body: 'pong' }, { status: 204, body: '' });
  await expect(fetcher.fetch({ source: 'venue', endpoint: '/ping' })).resolves.toMatchObject({
    data: 'pong',
  });
  const empty = await fetcher.fetch({
    source: 'venue',
    endpoint: '/ping',
    method: 'PUT',
    body: Buffer.from('raw'),
  });
  expect(empty).toMatchObject({ data: undefined, status: 204 });
  expect(server.requests[1]?.body).toBe('raw');
});

test('what happens is counted', async () => {
  const metrics = new MetricsRegistry();
  const fetcher = fetcherOf({ retry: false, breaker: false }, { metrics });
  await fetcher.fetch(PRICE);
  server.script({ status: 404 });
  await fetcher.tryFetch(PRICE);
  const text = await metrics.exposition();
  expect(text).toContain('trading_fetch_duration_seconds_count{source="venue",outcome="ok"} 1');
  expect(text).toContain('trading_fetch_duration_seconds_count{source="venue",outcome="UPSTREAM_STATUS"} 1');
  expect(text).toMatch(/^trading_source_clock_offset_seconds\{source="venue"\} -?\d/mu);
});

test.each<[string, z.ZodType]>([
  [
    'throws',
    z.unknown().transform(() => {
      throw new Error('not this');
    }),
  ],
  ['is asynchronous', z.unknown().refine(() => Promise.resolve(true))],
])('a schema that %s takes nothing', async (_, schema) => {
  for (const cacheTtlMs of [0, 10_000]) {
    await expect(fetcherOf().tryFetch({ ...PRICE, schema, cacheTtlMs })).resolves.toMatchObject({
      ok: false,
      failure: { code: 'RESPONSE_INVALID', because: 'schema' },
    });
  }
});

test('close ends what is under way, and is harmless twice', async () => {
  const fetcher = fetcherOf();
  server.script({ fault: 'hang', at: 'before-headers' });
  const asking = fetcher.tryFetch(PRICE);
  await expect.poll(() => server.received).toBe(1);
  await Promise.all([fetcher.close(), fetcher.close()]);
  await expect(asking).resolves.toMatchObject({ ok: false, failure: { code: 'ABORTED' } });
});

test('close ends what waits for tokens and between attempts as well, and takes its metrics with it', async () => {
  const metrics = new MetricsRegistry();
  const fetcher = fetcherOf(
    {
      retry: { retries: 3, baseDelayMs: 60_000, maxDelayMs: 60_000 },
      timeoutMs: 600_000,
      breaker: false,
      rateLimit: {
        buckets: [{ name: 'calls', capacity: 1, refillPerSecond: 0.001, counts: 'calls' }],
        maxWaitMs: 1e9,
      },
    },
    { metrics, random: () => 0.9 },
  );
  server.script({ status: 503 });
  const calls = [1, 2, 3].map(() => fetcher.tryFetch(PRICE));
  await expect.poll(() => server.received).toBe(1);
  await fetcher.close();
  for (const call of calls)
    await expect(call).resolves.toMatchObject({ ok: false, failure: { code: 'ABORTED' } });
  await expect(metrics.exposition()).resolves.not.toContain('trading_rate_limit_usage_ratio{');
});

test('a hung source opens the circuit also for calls that wait less than an attempt may take', async () => {
  const fetcher = fetcherOf({ breaker: { minCalls: 3, openMs: 60_000 } });
  server.script({ fault: 'hang', at: 'before-headers' });
  for (let i = 0; i < 3; i += 1) await fetcher.tryFetch({ ...PRICE, timeoutMs: 50 });
  await expect.poll(() => fetcher.status('venue').circuit.state).toBe('open');
});

test('a source that was slow is not flooded when it is quick again: the limit holds where the requests arrive', async () => {
  const fetcher = fetcherOf({
    rateLimit: {
      buckets: [{ name: 'calls', capacity: 10, refillPerSecond: 20, counts: 'calls' }],
      maxWaitMs: 60_000,
    },
    bulkhead: { maxConcurrent: 4, maxQueued: 1_000 },
    retry: false,
  });
  const arrivedMs: number[] = [];
  server.script((_, number) => {
    arrivedMs.push(clock.monotonicMs());
    return { ...FINE, delayMs: number <= 4 ? 1_000 : 1 };
  });
  await Promise.all(Array.from({ length: 50 }, () => fetcher.tryFetch(PRICE)));
  const inASecond = arrivedMs.map((from) => arrivedMs.filter((at) => at >= from && at < from + 1_000).length);
  expect(arrivedMs).toHaveLength(50);
  expect(Math.max(...inASecond)).toBeLessThanOrEqual(30 + 2);
});

test('while the circuit is open no call spends tokens, so that they are there when it closes', async () => {
  const fetcher = fetcherOf({
    retry: false,
    breaker: { minCalls: 2, openMs: 60_000 },
    rateLimit: { buckets: [{ name: 'calls', capacity: 5, refillPerSecond: 0.001, counts: 'calls' }] },
  });
  server.script({ status: 500 });
  for (let i = 0; i < 20; i += 1) await fetcher.tryFetch(PRICE);
  expect(Math.floor(fetcher.status('venue').rateLimit?.buckets[0]?.level ?? NaN)).toBe(3);
});
