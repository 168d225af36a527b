import { freezeData } from '../fetcher/frozen-data.ts';
import type { SourceOptions } from '../fetcher/source-options.ts';

/**
 * Facts of Binance spot, from its official documentation: github.com/binance/binance-spot-api-docs, `rest-api.md`, `enums.md`
 * and `faqs/market_data_only.md` as of its change log of 2026-02-02; the change log up to 2026-03-13 names no change of these.
 * Read 2026-11-21. What counts today is what `exchangeInfo` answers in `rateLimits`: look at it before you rely on this.
 */

/** enums.md, rate limiters: REQUEST_WEIGHT, in each minute of Binance's clock, by address. */
const WEIGHT_PER_MINUTE = 6_000;

/**
 * Binance counts in fixed minutes. Whatever minute it looks at, a token bucket has let go at most
 * `capacity + 60 * refillPerSecond` in it: 1,000 + 60 * 80 = 5,800. The 200 that are left are for requests that were sent before
 * a minute and arrive in it: 2.5 s of them. The heaviest request weighs 250 and fits into the capacity.
 */
const REQUEST_WEIGHT = {
  name: 'request-weight',
  counts: 'weight',
  capacity: 1_000,
  refillPerSecond: 80,
  windowLimit: WEIGHT_PER_MINUTE,
} as const;

/**
 * enums.md, rate limiters: RAW_REQUESTS, 61,000 in each 5 minutes. By the same sum 1,000 + 300 * 195 = 59,500. No request weighs
 * less than 1, so that the limit by weight is the narrower one today.
 */
const RAW_REQUESTS = {
  name: 'raw-requests',
  counts: 'calls',
  capacity: 1_000,
  refillPerSecond: 195,
  windowLimit: 61_000,
} as const;

/** 2 for one symbol; 4 for several, whatever their number, and for all. */
const PRICE_WEIGHT = { param: 'symbol', steps: [{ upTo: 1, weight: 2 }], absent: 4 };

/** 4 for each symbol, 200 at most. A request without any is refused by Binance. */
const WINDOW_WEIGHT = {
  param: 'symbol',
  steps: [{ upTo: 1, weight: 4 }],
  absent: {
    param: 'symbols',
    by: 'count' as const,
    steps: Array.from({ length: 50 }, (_, at) => ({ upTo: at + 1, weight: 4 * (at + 1) })),
    absent: 200,
  },
};

/** rest-api.md, the weight of each; all of them are `GET` and need no signature. */
const MARKET_DATA = {
  ping: { path: '/api/v3/ping', weight: 1 },
  time: { path: '/api/v3/time', weight: 1 },
  exchangeInfo: { path: '/api/v3/exchangeInfo', weight: 20 },
  depth: {
    path: '/api/v3/depth',
    weight: {
      param: 'limit',
      steps: [
        { upTo: 100, weight: 5 },
        { upTo: 500, weight: 25 },
        { upTo: 1_000, weight: 50 },
        { upTo: 5_000, weight: 250 },
      ],
      absent: 5, // the limit is 100 then
    },
  },
  trades: { path: '/api/v3/trades', weight: 25 },
  aggTrades: { path: '/api/v3/aggTrades', weight: 4 },
  klines: { path: '/api/v3/klines', weight: 2 },
  uiKlines: { path: '/api/v3/uiKlines', weight: 2 },
  avgPrice: { path: '/api/v3/avgPrice', weight: 2 },
  ticker24hr: {
    path: '/api/v3/ticker/24hr',
    weight: {
      param: 'symbol',
      steps: [{ upTo: 1, weight: 2 }],
      absent: {
        param: 'symbols',
        by: 'count' as const,
        steps: [
          { upTo: 20, weight: 2 },
          { upTo: 100, weight: 40 },
          { upTo: 101, weight: 80 }, // or more
        ],
        absent: 80,
      },
    },
  },
  tickerPrice: { path: '/api/v3/ticker/price', weight: PRICE_WEIGHT },
  bookTicker: { path: '/api/v3/ticker/bookTicker', weight: PRICE_WEIGHT },
  rollingTicker: { path: '/api/v3/ticker', weight: WINDOW_WEIGHT },
};

const SPOT: SourceOptions = {
  baseUrl: 'https://api.binance.com',
  rateLimit: { buckets: [REQUEST_WEIGHT, RAW_REQUESTS] },
  // rest-api.md, IP limits: X-MBX-USED-WEIGHT-(intervalNum)(intervalLetter), on every answer.
  usage: [{ header: 'x-mbx-used-weight-1m', bucket: REQUEST_WEIGHT.name }],
  bans: {
    // rest-api.md, return codes: 429 beyond a limit and 418 for a ban, both with Retry-After; 403 from the firewall, which may
    // mean a limit as well, without. Bans grow from 2 minutes to 3 days for those who go on.
    statuses: [403, 418, 429],
    defaultMs: 60_000, // in the next minute the count begins anew
  },
  // The documentation does not say how large an answer may be; that of exchangeInfo for all symbols is by far the largest.
  http: { maxResponseBytes: 32 * 1024 * 1024 },
  endpoints: {
    ...MARKET_DATA,
    historicalTrades: { path: '/api/v3/historicalTrades', weight: 25 },
    tradingDayTicker: { path: '/api/v3/ticker/tradingDay', weight: WINDOW_WEIGHT },
  },
};

/**
 * Binance spot, public data of its REST API: `sources: { binance: { ...BINANCE_SPOT } }`. The limits are those of one address:
 * several processes behind it have to share them out. Several symbols are given as Binance wants them, as one JSON text:
 * `symbols: '["BTCUSDT","ETHUSDT"]'`. There are no orders here, and no limits of orders: orders go through a desk.
 */
export const BINANCE_SPOT: Readonly<SourceOptions> = frozen(SPOT);

/**
 * The same from the servers that have nothing but public market data, and need no account. Two endpoints are not there, see
 * market_data_only.md; it names no limits of its own, so that these are taken to hold.
 */
export const BINANCE_SPOT_MARKET_DATA: Readonly<SourceOptions> = frozen({
  ...SPOT,
  baseUrl: 'https://data-api.binance.vision',
  endpoints: MARKET_DATA,
});

function frozen(preset: SourceOptions): SourceOptions {
  freezeData(preset);
  return preset;
}
