import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SystemClock } from '../../../src/core/clock.ts';
import { ResilientFetcher } from '../../../src/resilience/fetcher/resilient-fetcher.ts';
import type { SourceOptions } from '../../../src/resilience/fetcher/source-options.ts';
import { FaultServer } from '../../../src/testing/fault-server.ts';
import type { HttpFault } from '../../../src/testing/fault-http.ts';
import { httpFaults } from '../../../src/testing/fault-recipes.ts';
import { burst } from '../../../src/testing/fault-script.ts';

const FINE: HttpFault = { body: { price: '1.5' } };
const Price = z.object({ price: z.string() });
const clock = new SystemClock();

let server: FaultServer;
let fetcher: ResilientFetcher;

/** A fetcher with quick retries and no breaker, which has tests of its own. */
const open = (options: Partial<SourceOptions> = {}): ResilientFetcher =>
  new ResilientFetcher(
    {
      sources: {
        venue: {
          baseUrl: server.url,
          retry: { retries: 2, baseDelayMs: 1, maxDelayMs: 1 },
          breaker: false,
          attemptTimeoutMs: 300,
          timeoutMs: 2_000,
          ...options,
          http: { allowPrivateAddresses: true, maxResponseBytes: 100_000, ...options.http },
        },
      },
    },
    { clock },
  );

beforeEach(async () => {
  server = await FaultServer.listen();
  fetcher = open();
});

afterEach(async () => {
  await fetcher.close();
  await server.close();
});

const ask = (more: Partial<Parameters<ResilientFetcher['fetch']>[0]> = {}) =>
  fetcher.tryFetch({ source: 'venue', endpoint: '/price', schema: Price, ...more });

describe('a fault that passes is not seen by the caller', () => {
  test.each<[string, HttpFault]>([
    ['a reset before the answer', { fault: 'reset', at: 'before-headers' }],
    ['a reset in the body', { ...FINE, fault: 'reset', at: 'in-body' }],
    ['a body that ends early', { ...FINE, fault: 'close', at: 'in-body' }],
    ['a connection that says nothing', { fault: 'hang', at: 'before-headers' }],
    ['a body that stops', { ...FINE, fault: 'hang', at: 'in-body' }],
    ['a length that is too long', { ...FINE, fault: 'wrong-length', contentLength: 1_000 }],
    ['JSON that breaks off', httpFaults.garbageJson()],
    ['500', { status: 500 }],
    ['502', { status: 502, body: '<html>bad gateway</html>' }],
    ['503', { status: 503 }],
    ['504', { status: 504 }],
    ['408', { status: 408 }],
  ])('%s', async (_, fault) => {
    server.script(burst(1, fault, FINE));
    const outcome = await ask();
    expect(outcome).toMatchObject({
      ok: true,
      value: { status: 200, data: { price: '1.5' }, meta: { origin: 'origin', attempts: 2 } },
    });
  });
});

describe('a fault that stays', () => {
  test.each<[string, HttpFault, object, number]>([
    ['hang', { fault: 'hang', at: 'before-headers' }, { code: 'TIMED_OUT', scope: 'attempt' }, 3],
    ['reset', { fault: 'reset', at: 'before-headers' }, { code: 'UPSTREAM_UNREACHABLE', phase: 'send' }, 3],
    [
      'truncated',
      { ...FINE, fault: 'close', at: 'in-body' },
      { code: 'UPSTREAM_UNREACHABLE', phase: 'receive' },
      3,
    ],
    ['garbage JSON', httpFaults.garbageJson(), { code: 'RESPONSE_INVALID', because: 'json' }, 3],
    ['not HTTP', httpFaults.notHttp(), { code: 'RESPONSE_INVALID', because: 'headers' }, 1],
    ['503', { status: 503 }, { code: 'UPSTREAM_STATUS', status: 503, upstream: 'failing' }, 3],
    [
      '404',
      { status: 404, body: 'no such symbol' },
      { code: 'UPSTREAM_STATUS', status: 404, body: 'no such symbol', upstream: 'alive' },
      1,
    ],
    ['401', { status: 401 }, { code: 'UPSTREAM_STATUS', status: 401 }, 1],
    [
      'another schema',
      { body: { prize: 1 } },
      {
        code: 'RESPONSE_INVALID',
        because: 'schema',
        detail: 'price: Invalid input: expected string, received undefined',
      },
      1,
    ],
    [
      'a page instead of JSON',
      httpFaults.wrongContentType(),
      { code: 'RESPONSE_INVALID', because: 'schema' },
      1,
    ],
    [
      'an unknown encoding',
      httpFaults.unknownEncoding(),
      { code: 'RESPONSE_INVALID', because: 'encoding' },
      1,
    ],
    ['a redirect', httpFaults.redirect(), { code: 'ADDRESS_REFUSED', because: 'redirect' }, 1],
    ['too large', { body: 'x'.repeat(100_001) }, { code: 'RESPONSE_TOO_LARGE', limitBytes: 100_000 }, 1],
    ['a body without end', { fault: 'endless', body: 'x'.repeat(1_000) }, { code: 'RESPONSE_TOO_LARGE' }, 1],
    [
      'headers without end',
      httpFaults.oversizedHeaders(40_000),
      { code: 'RESPONSE_INVALID', because: 'headers' },
      1,
    ],
  ])('%s is told as what it is', async (_, fault, failure, requests) => {
    server.script(fault);
    const outcome = await ask();
    expect(outcome).toMatchObject({ ok: false, failure });
    expect(server.received).toBe(requests);
  });

  test('a bomb of a gigabyte is given up at the limit', async () => {
    await fetcher.close();
    fetcher = open({ attemptTimeoutMs: 20_000, timeoutMs: 20_000 });
    server.script({ fault: 'gzip-bomb', inflatedBytes: 2 ** 30 });
    const before = process.memoryUsage().rss;
    await expect(ask()).resolves.toMatchObject({
      ok: false,
      failure: { code: 'RESPONSE_TOO_LARGE', limitBytes: 100_000 },
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
    expect(server.received).toBe(1);
  });

  test('a slow drip is over with the attempt, however much it has sent', async () => {
    server.script({ ...FINE, fault: 'drip', bytes: 1, everyMs: 100 });
    const startMs = clock.monotonicMs();
    await expect(ask({ retries: 0 })).resolves.toMatchObject({ ok: false, failure: { code: 'TIMED_OUT' } });
    expect(clock.monotonicMs() - startMs).toBeLessThan(1_500);
  });

  test('nobody listens: UPSTREAM_UNREACHABLE, and as soon as somebody does it works again', async () => {
    await server.down();
    await expect(ask()).resolves.toMatchObject({
      ok: false,
      failure: { code: 'UPSTREAM_UNREACHABLE', phase: 'connect' },
    });
    server.script(FINE);
    await server.up();
    await expect(ask()).resolves.toMatchObject({ ok: true });
  });
});

describe('fetch', () => {
  test('throws one error that names source and endpoint and carries the failure', async () => {
    server.script({ status: 404, body: 'no such symbol' });
    await expect(fetcher.fetch({ source: 'venue', endpoint: '/price' })).rejects.toMatchObject({
      name: 'PortcullisError',
      code: 'UPSTREAM_STATUS',
      message: 'venue /price: it answered 404: no such symbol',
      failure: { status: 404 },
      details: { source: 'venue', endpoint: '/price' },
    });
  });

  test.each<[string, object, object]>([
    [
      'a source that was not declared',
      { source: 'veneu' },
      { code: 'SOURCE_UNKNOWN', message: 'fetch: source: expected one of venue, got veneu' },
    ],
    [
      'a path that is none',
      { endpoint: 'price' },
      { code: 'INPUT_INVALID', message: 'fetch: endpoint: expected a path such as /time, got price' },
    ],
    ['a path that leaves its root', { endpoint: '/a/../../etc' }, { code: 'INPUT_INVALID' }],
    ['a path with a query', { endpoint: '/a?b=1' }, { code: 'INPUT_INVALID' }],
    [
      'a timeout of 0',
      { timeoutMs: 0 },
      { code: 'INPUT_INVALID', message: 'call: timeoutMs: expected more than 0, got 0' },
    ],
    ['a timeout of NaN', { timeoutMs: NaN }, { code: 'INPUT_INVALID' }],
    [
      'negative retries',
      { retries: -1 },
      { code: 'INPUT_INVALID', message: 'call: retries: expected a whole number, 0 or more, got -1' },
    ],
    [
      'half a retry',
      { retries: 0.5 },
      { code: 'INPUT_INVALID', message: 'call: retries: expected a whole number, 0 or more, got 0.5' },
    ],
    ['a time to live below 0', { cacheTtlMs: -1 }, { code: 'INPUT_INVALID' }],
  ])('refuses %s before anything is sent, in both forms', async (_, more, error) => {
    const request = { source: 'venue', endpoint: '/price', ...more };
    await expect(fetcher.fetch(request)).rejects.toMatchObject(error);
    await expect(fetcher.tryFetch(request)).rejects.toMatchObject(error);
    expect(server.received).toBe(0);
  });

  test('after close it says so', async () => {
    await fetcher.close();
    await expect(ask()).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
  });
});

describe('a method that changes something', () => {
  const post = (more: object = {}) => ask({ method: 'POST', body: { side: 'buy' }, ...more });

  test('is sent once, whatever comes of it', async () => {
    server.script({ status: 503 });
    await expect(post({ retries: 3 })).resolves.toMatchObject({ ok: false, failure: { status: 503 } });
    expect(server.requests.map(({ method, body }) => [method, body])).toEqual([['POST', '{"side":"buy"}']]);
  });

  test('with an idempotency key it is sent again, with the same key, if retries are asked for', async () => {
    server.script(burst(2, { status: 503 }, FINE));
    await expect(post({ retries: 2, idempotencyKey: 'k-1' })).resolves.toMatchObject({ ok: true });
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['k-1', 'k-1', 'k-1']);
  });

  test('with the key alone it is sent once', async () => {
    server.script({ status: 503 });
    await post({ idempotencyKey: 'k-1' });
    expect(server.received).toBe(1);
  });

  test('is never cached', async () => {
    server.script(FINE);
    await post({ cacheTtlMs: 10_000 });
    await post({ cacheTtlMs: 10_000 });
    expect(server.received).toBe(2);
  });
});

describe('abort', () => {
  test('ends a hanging request within the tick, with its reason', async () => {
    server.script({ fault: 'hang', at: 'before-headers' });
    const controller = new AbortController();
    const asking = ask({ signal: controller.signal, timeoutMs: 60_000 });
    await expect.poll(() => server.received).toBe(1);
    let ended = false;
    void asking.then(() => (ended = true));
    controller.abort(new Error('no longer wanted'));
    await clock.turn();
    expect(ended).toBe(true);
    await expect(asking).resolves.toMatchObject({
      ok: false,
      failure: { code: 'ABORTED', reason: new Error('no longer wanted') },
    });
  });

  test('before the call nothing is sent', async () => {
    await expect(ask({ signal: AbortSignal.abort() })).resolves.toMatchObject({
      failure: { code: 'ABORTED' },
    });
    expect(server.received).toBe(0);
  });
});

describe('rate limits', () => {
  test('429 leaves the source alone for as long as it asks, all callers', async () => {
    await fetcher.close();
    fetcher = open({
      rateLimit: {
        buckets: [{ name: 'calls', capacity: 100, refillPerSecond: 100, counts: 'calls' }],
        maxWaitMs: 500,
      },
    });
    server.script(burst(1, httpFaults.comeBackLater({ retryAfter: 60 }), FINE));
    await expect(ask()).resolves.toMatchObject({
      ok: false,
      failure: { code: 'UPSTREAM_STATUS', status: 429, retryAfterMs: 60_000 },
    });
    await expect(ask()).resolves.toMatchObject({
      ok: false,
      failure: { code: 'RATE_LIMITED', because: 'banned' },
    });
    expect(server.received).toBe(1);
  });

  test('what the source says is used counts as used', async () => {
    await fetcher.close();
    fetcher = open({
      rateLimit: {
        buckets: [{ name: 'weight', capacity: 100, refillPerSecond: 0.001, counts: 'weight' }],
        maxWaitMs: 1,
      },
      usage: [{ header: 'X-Used', bucket: 'weight' }],
      endpoints: { heavy: { path: '/price', weight: 20 } },
    });
    server.script({ ...FINE, headers: { 'x-used': '95' } });
    await expect(ask()).resolves.toMatchObject({ ok: true });
    await expect(ask({ endpoint: 'heavy' })).resolves.toMatchObject({
      ok: false,
      failure: { code: 'RATE_LIMITED', because: 'wait-too-long' },
    });
  });
});

test('a signer signs each attempt anew, by the clock of the source', async () => {
  await fetcher.close();
  const seen: number[] = [];
  fetcher = new ResilientFetcher(
    {
      sources: {
        venue: {
          baseUrl: `${server.url}/root/`,
          http: { allowPrivateAddresses: true },
          retry: { baseDelayMs: 1, maxDelayMs: 1 },
          endpoints: { account: { path: '/account/{id}', signed: true } },
        },
      },
    },
    {
      clock,
      signers: {
        venue: ({ method, path, query, serverNowMs }) => {
          seen.push(serverNowMs - clock.nowMs());
          return { query: `${query}&signature=${seen.length}`, headers: { 'x-key': `${method} ${path}` } };
        },
      },
    },
  );
  server.script(burst(1, { status: 503, dateOffsetMs: 3_600_000 }, { ...FINE, dateOffsetMs: 3_600_000 }));
  await expect(ask({ endpoint: 'account', params: { id: 7, a: 1 } })).resolves.toMatchObject({ ok: true });
  expect(server.requests.map(({ url, headers }) => [url, headers['x-key']])).toEqual([
    ['/root/account/7?a=1&signature=1', 'GET /root/account/7'],
    ['/root/account/7?a=1&signature=2', 'GET /root/account/7'],
  ]);
  expect(seen[0]).toBeCloseTo(0, -1);
  expect(Math.abs((seen[1] ?? 0) - 3_600_000)).toBeLessThan(1_500);
  const { offsetMs } = fetcher.status('venue').clockOffset ?? { offsetMs: NaN };
  expect(Math.abs(offsetMs - 3_600_000)).toBeLessThan(1_500);
});
