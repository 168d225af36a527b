import { describe, expect, test } from 'vitest';
import { FeedMetrics, type FeedMetricsDeps, type FeedMetricsOptions } from '../../src/market-data/index.ts';
import { MetricsRegistry } from '../../src/telemetry/index.ts';
import type { DataProblemCode, MarketView } from '../../src/trading/index.ts';
import { parseExposition } from '../support/exposition-parser.ts';

const NONE: Readonly<Record<DataProblemCode, number>> = {
  NO_BOOK: 0,
  SIDE_EMPTY: 0,
  CROSSED: 0,
  SEQUENCE_GAP: 0,
  PRICE_JUMP: 0,
  STALE: 0,
  CLOCK_OFFSET: 0,
  DUPLICATE: 0,
  OUT_OF_ORDER: 0,
  MALFORMED: 0,
  SOURCE_DEVIATION: 0,
};

/** What a tracker shows, to be changed by the test. */
class Tracked {
  receivedMs = -Infinity;
  clockOffsetMs = NaN;
  problemCounts = { ...NONE };
  readonly #instrumentId: string;

  constructor(instrumentId: string) {
    this.#instrumentId = instrumentId;
  }

  get view(): MarketView {
    return { instrumentId: this.#instrumentId, receivedMs: this.receivedMs } as MarketView;
  }
}

function shown(options: FeedMetricsOptions = { source: 'feed' }, more: Partial<FeedMetricsDeps> = {}) {
  const metrics = new MetricsRegistry();
  const trackers = [new Tracked('GOLD'), new Tracked('SILVER')] as const;
  const feed = new FeedMetrics(options, { metrics, trackers, ...more });
  const read = async (name: string): Promise<Readonly<Record<string, number>>> => {
    const samples = parseExposition(await metrics.exposition()).flatMap((family) => family.samples);
    return Object.fromEntries(
      samples
        .filter((sample) => sample.name === name)
        .map(({ labels, value }) => [Object.values(labels).join(' '), value]),
    );
  };
  return { feed, gold: trackers[0], silver: trackers[1], read };
}

describe('FeedMetrics', () => {
  test('counts events, and how late they came', async () => {
    const { feed, read } = shown();
    feed.received({ receivedMs: 1_250, exchangeMs: 1_000 });
    feed.received({ receivedMs: 1_250 });
    feed.received({ receivedMs: 1_000, exchangeMs: 1_250 });
    expect(await read('trading_price_updates_total')).toEqual({ feed: 3 });
    expect(await read('trading_feed_lag_seconds_sum')).toEqual({ feed: 0.25 });
    expect(await read('trading_feed_lag_seconds_count')).toEqual({ feed: 2 });
  });

  test('tells when each symbol last had prices, 0 for never', async () => {
    const { gold, read } = shown({ source: 'feed', market: 'crypto' });
    gold.receivedMs = 1_700_000_000_500;
    expect(await read('trading_price_last_update_timestamp_seconds')).toEqual({
      'feed GOLD crypto': 1_700_000_000.5,
      'feed SILVER crypto': 0,
    });
  });

  test('takes over how often problems began, over all symbols, each once', async () => {
    const { gold, silver, read } = shown();
    expect(Object.values(await read('trading_data_integrity_violations_total'))).toEqual(
      new Array(10).fill(0),
    );
    gold.problemCounts = { ...NONE, CROSSED: 2, SEQUENCE_GAP: 1 };
    silver.problemCounts = { ...NONE, CROSSED: 1 };
    await read('trading_data_integrity_violations_total');
    gold.problemCounts = { ...NONE, CROSSED: 3, SEQUENCE_GAP: 1 };
    expect(await read('trading_data_integrity_violations_total')).toMatchObject({ 'feed CROSSED': 4 });
    expect(await read('trading_feed_sequence_gaps_total')).toEqual({ feed: 1 });
  });

  test('shows the largest clock offset either way, and none until one is measured', async () => {
    const { gold, silver, read } = shown();
    expect(await read('trading_clock_offset_seconds')).toEqual({});
    gold.clockOffsetMs = 20;
    silver.clockOffsetMs = -50;
    expect(await read('trading_clock_offset_seconds')).toEqual({ feed: -0.05 });
    silver.clockOffsetMs = NaN;
    expect(await read('trading_clock_offset_seconds')).toEqual({ feed: 0.02 });
  });

  test('shows the age limit, by default that of the trackers', async () => {
    expect(await shown().read('trading_price_max_age_seconds')).toEqual({ feed: 2 });
    const { read } = shown({ source: 'feed', staleAfterMs: 30_000 });
    expect(await read('trading_price_max_age_seconds')).toEqual({ feed: 30 });
  });

  test('a market is open unless somebody says otherwise', async () => {
    expect(await shown().read('trading_market_open')).toEqual({ feed: 1 });
    const closed = shown({ source: 'feed', market: 'equities' }, { isOpen: () => false });
    expect(await closed.read('trading_market_open')).toEqual({ equities: 0 });
  });

  test('reads nothing any more once it is disposed', async () => {
    const { feed, gold, read } = shown();
    feed[Symbol.dispose]();
    gold.problemCounts = { ...NONE, STALE: 1 };
    expect(await read('trading_data_integrity_violations_total')).toMatchObject({ 'feed STALE': 0 });
  });

  test('refuses a misspelt option by name', () => {
    expect(() => shown({ source: 'feed', staleMs: 1 } as never)).toThrow(/FeedMetrics.*staleMs/);
  });
});
