import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { type BinanceDepthOptions, BinanceMarketFeed, binanceDepth } from '../../src/market-data/index.ts';
import { BINANCE_SPOT, ResilientFetcher } from '../../src/resilience/index.ts';
import { BTC } from '../support/market-events.ts';

const { signal } = new AbortController();

/** A fetcher that answers with what it was asked. */
const echo = () => {
  const asked: unknown[] = [];
  const fetch = (async (request: unknown) => {
    asked.push(request);
    return { data: { lastUpdateId: 7 } };
  }) as unknown as ResilientFetcher['fetch'];
  return { asked, fetcher: { fetch } };
};

describe('binanceDepth', () => {
  test('asks for the book of a symbol, before others and never from a cache', async () => {
    const { asked, fetcher } = echo();
    expect(await binanceDepth({}, { fetcher })(BTC, signal)).toEqual({ lastUpdateId: 7 });
    expect(asked).toEqual([
      {
        source: 'binance',
        endpoint: 'depth',
        params: { symbol: 'BTCUSDT', limit: 1_000 },
        priority: 'high',
        cacheTtlMs: 0,
        signal,
      },
    ]);
  });

  test('asks as many levels of a source as it is told', async () => {
    const { asked, fetcher } = echo();
    await binanceDepth({ source: 'spot', limit: 5_000 }, { fetcher })(BTC, signal);
    expect(asked).toMatchObject([{ source: 'spot', params: { limit: 5_000 } }]);
  });

  test('goes together with the preset and the feed', async () => {
    const clock = new ManualClock(1_000);
    const fetcher = new ResilientFetcher({ sources: { binance: BINANCE_SPOT } }, { clock });
    const snapshot = binanceDepth({}, { fetcher });
    const feed = new BinanceMarketFeed({}, { clock, instruments: [BTC], snapshot });
    await expect(snapshot(BTC, AbortSignal.abort(new Error('enough')))).rejects.toThrow(/depth/);
    await feed.stop();
    await fetcher.close();
  });

  test.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 5_001 }],
    ['source', { source: '' }],
    ['levels', Object({ levels: 5 })],
  ])('refuses a bad or misspelt option by name: %s', (name, options: BinanceDepthOptions) => {
    expect(() => binanceDepth(options, echo())).toThrow(name);
  });
});
