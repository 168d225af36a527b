import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/clock.ts';
import { BINANCE_SPOT, ResilientFetcher } from '../../../src/resilience/index.ts';
import { FaultServer, httpFaults } from '../../../src/testing/index.ts';

let server: FaultServer;
let fetcher: ResilientFetcher;

beforeEach(async () => {
  server = await FaultServer.listen();
  const binance = {
    ...BINANCE_SPOT,
    baseUrl: server.url,
    http: { ...BINANCE_SPOT.http, allowPrivateAddresses: true },
  };
  fetcher = new ResilientFetcher({ sources: { binance } }, { clock: new SystemClock() });
});

afterEach(async () => {
  await fetcher.close();
  await server.close();
});

const ask = (endpoint = 'klines') =>
  fetcher.tryFetch({ source: 'binance', endpoint, params: { symbol: 'BTCUSDT' }, retries: 0 });
const status = () => fetcher.status('binance').rateLimit;
const left = () => status()?.buckets.find(({ name }) => name === 'request-weight')?.level ?? NaN;

describe('BINANCE_SPOT over a real socket', () => {
  test('asks for the path of the endpoint, and takes its weight', async () => {
    await expect(ask('trades')).resolves.toMatchObject({ ok: true });
    expect(server.requests.map(({ url }) => url)).toEqual(['/api/v3/trades?symbol=BTCUSDT']);
    // 25 of 1,000; 80 a second come back.
    expect(left()).toBeGreaterThanOrEqual(975);
    expect(left()).toBeLessThan(1_000);
  });

  test('heeds what Binance says is used, which is more than ours', async () => {
    server.script({ headers: { 'X-MBX-USED-WEIGHT-1M': '5995' } });
    await ask();
    expect(left()).toBeLessThan(500);
    server.script({ headers: { 'X-MBX-USED-WEIGHT-1M': '7' } });
    await ask();
    expect(left()).toBeLessThan(500);
  });

  test.each([
    ['429 with Retry-After', httpFaults.comeBackLater({ retryAfter: 20 }), 20_000],
    ['418 with Retry-After', httpFaults.comeBackLater({ status: 418, retryAfter: 120 }), 120_000],
    ['429 without', { status: 429 }, 60_000],
    [
      '403 from the firewall',
      { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>' },
      60_000,
    ],
  ])('after %s nobody asks for as long', async (_, fault, pauseMs) => {
    server.script(fault);
    await expect(ask()).resolves.toMatchObject({ ok: false, failure: { code: 'UPSTREAM_STATUS' } });
    const second = await ask('time');
    expect(second).toMatchObject({ ok: false, failure: { code: 'RATE_LIMITED', because: 'banned' } });
    if (second.ok) throw new Error('it was asked');
    expect(second.failure.retryAfterMs).toBeGreaterThan(pauseMs - 10_000);
    expect(second.failure.retryAfterMs).toBeLessThanOrEqual(pauseMs);
    expect(server.received).toBe(1);
  });

  test('400 is no ban: the request was wrong, and the next one goes', async () => {
    server.script({ status: 400, body: { code: -1121, msg: 'Invalid symbol.' } }, {});
    await expect(ask()).resolves.toMatchObject({ ok: false, failure: { status: 400 } });
    await expect(ask()).resolves.toMatchObject({ ok: true });
  });
});
