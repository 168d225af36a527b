import { describe, expect, test } from 'vitest';
import { askedRequest } from '../../../src/resilience/fetcher/asked-request.ts';
import type { ParamValue } from '../../../src/resilience/fetcher/fetch-request.ts';
import { SourceOptionsSchema } from '../../../src/resilience/fetcher/source-options.ts';
import { BINANCE_SPOT, BINANCE_SPOT_MARKET_DATA } from '../../../src/resilience/presets/binance.ts';

const settings = SourceOptionsSchema.parse(BINANCE_SPOT);
const asked = (endpoint: string, params: Record<string, ParamValue> = {}) =>
  askedRequest({ source: 'binance', endpoint, params }, settings, '');
const symbols = (count: number): string => JSON.stringify(Array<string>(count).fill('BTCUSDT'));

// The tables of rest-api.md (change log of 2026-02-02), read by hand.
describe('weights of Binance spot', () => {
  test.each<[string, Record<string, ParamValue>, number]>([
    ['ping', {}, 1],
    ['time', {}, 1],
    ['exchangeInfo', {}, 20],
    ['exchangeInfo', { symbol: 'BTCUSDT' }, 20],
    ['depth', {}, 5],
    ['depth', { limit: 100 }, 5],
    ['depth', { limit: 101 }, 25],
    ['depth', { limit: 500 }, 25],
    ['depth', { limit: 501 }, 50],
    ['depth', { limit: 1_000 }, 50],
    ['depth', { limit: 1_001 }, 250],
    ['depth', { limit: 5_000 }, 250],
    ['depth', { limit: 9_999 }, 250],
    ['trades', { symbol: 'BTCUSDT' }, 25],
    ['historicalTrades', { symbol: 'BTCUSDT' }, 25],
    ['aggTrades', { symbol: 'BTCUSDT' }, 4],
    ['klines', { symbol: 'BTCUSDT', interval: '1m', limit: 1_000 }, 2],
    ['uiKlines', { symbol: 'BTCUSDT', interval: '1m' }, 2],
    ['avgPrice', { symbol: 'BTCUSDT' }, 2],
    ['ticker24hr', { symbol: 'BTCUSDT' }, 2],
    ['ticker24hr', {}, 80],
    ['ticker24hr', { symbols: symbols(1) }, 2],
    ['ticker24hr', { symbols: symbols(20) }, 2],
    ['ticker24hr', { symbols: symbols(21) }, 40],
    ['ticker24hr', { symbols: symbols(100) }, 40],
    ['ticker24hr', { symbols: symbols(101) }, 80],
    ['ticker24hr', { symbols: symbols(400) }, 80],
    ['tickerPrice', { symbol: 'BTCUSDT' }, 2],
    ['tickerPrice', { symbols: symbols(3) }, 4],
    ['tickerPrice', {}, 4],
    ['bookTicker', { symbol: 'BTCUSDT' }, 2],
    ['bookTicker', { symbols: symbols(3) }, 4],
    ['bookTicker', {}, 4],
    ['rollingTicker', { symbol: 'BTCUSDT', windowSize: '7d' }, 4],
    ['rollingTicker', { symbols: symbols(2) }, 8],
    ['rollingTicker', { symbols: symbols(50) }, 200],
    ['rollingTicker', { symbols: symbols(51) }, 200],
    ['rollingTicker', {}, 200],
    ['tradingDayTicker', { symbol: 'BTCUSDT' }, 4],
    ['tradingDayTicker', { symbols: symbols(49) }, 196],
  ])('%s with %j weighs %d', (endpoint, params, weight) => {
    expect(asked(endpoint, params).weight).toBe(weight);
  });

  test('every endpoint is a GET of version 3, and has its row above', () => {
    for (const endpoint of Object.keys(settings.endpoints)) {
      expect(asked(endpoint)).toMatchObject({ method: 'GET', isSigned: false });
      expect(asked(endpoint).path).toMatch(/^\/api\/v3\/[\w/]+$/u);
    }
    expect(Object.keys(settings.endpoints)).toHaveLength(15);
  });
});

describe('the servers of market data alone', () => {
  test('have the endpoints of market_data_only.md, weighing the same', () => {
    const all = BINANCE_SPOT.endpoints ?? {};
    const { historicalTrades, tradingDayTicker, ...rest } = all;
    expect(historicalTrades).toBeDefined();
    expect(tradingDayTicker).toBeDefined();
    expect(BINANCE_SPOT_MARKET_DATA).toEqual({
      ...BINANCE_SPOT,
      baseUrl: 'https://data-api.binance.vision',
      endpoints: rest,
    });
  });
});
