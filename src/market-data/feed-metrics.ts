import { z } from 'zod';
import { idSchema } from '../core/ids.ts';
import { parseOptions } from '../core/options.ts';
import type { BoundCounter, BoundHistogram, MetricsRegistry } from '../telemetry/index.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import type { DataProblemCode } from '../trading/market-view.ts';
import { DataQualityOptionsSchema } from './data-quality-options.ts';
import type { MarketTracker } from './market-tracker.ts';

/** A gap in the sequence has a metric of its own. */
const CHECKS = [
  'NO_BOOK',
  'SIDE_EMPTY',
  'CROSSED',
  'PRICE_JUMP',
  'STALE',
  'CLOCK_OFFSET',
  'DUPLICATE',
  'OUT_OF_ORDER',
  'MALFORMED',
  'SOURCE_DEVIATION',
] as const satisfies readonly DataProblemCode[];

export const PRICE_LAST_UPDATE = {
  name: 'trading_price_last_update_timestamp_seconds',
  help: 'When prices of a symbol were last received, seconds since the Unix epoch; 0 for never.',
  labels: ['source', 'symbol', 'market'],
} as const;

export const PRICE_MAX_AGE = {
  name: 'trading_price_max_age_seconds',
  help: 'The age from which on prices of a source count as stale.',
  labels: ['source'],
} as const;

export const PRICE_UPDATES = {
  name: 'trading_price_updates_total',
  help: 'Events of the market that were received.',
  labels: ['source'],
} as const;

export const FEED_LAG = {
  name: 'trading_feed_lag_seconds',
  help: 'From the time that the venue puts on an event to its receipt; 0 where that lies ahead.',
  unit: 'seconds',
  labels: ['source'],
  buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const;

export const FEED_SEQUENCE_GAPS = {
  name: 'trading_feed_sequence_gaps_total',
  help: 'Times that changes were missing in the book of a tracker, for whatever reason. What a connection lost is trading_feed_gaps_total.',
  labels: ['source'],
} as const;

export const DATA_VIOLATIONS = {
  name: 'trading_data_integrity_violations_total',
  help: 'Times that a problem with the data of a source began, by the check that found it.',
  labels: { source: 'any', check: CHECKS },
} as const;

export const CLOCK_OFFSET = {
  name: 'trading_clock_offset_seconds',
  help: 'How far the clock of a source is ahead of ours, the largest of its symbols either way. Absent until it is measured.',
  labels: ['source'],
} as const;

export const MARKET_OPEN = {
  name: 'trading_market_open',
  help: '1 while a market trades.',
  labels: ['market'],
} as const;

const schema = z.strictObject({
  /** Where the prices come from, as a label. */
  source: idSchema,
  /** Which market they are of, as a label: rules about prices that are late ask whether it is open. Default: the source. */
  market: idSchema.optional(),
  /** From which age on the trackers take prices for stale: as in `DataQualityOptions`, with the same default. */
  staleAfterMs: DataQualityOptionsSchema.shape.staleAfterMs,
});

/** @interface */
export type FeedMetricsOptions = z.input<typeof schema>;

export interface FeedMetricsDeps {
  readonly metrics: MetricsRegistry;
  /** Those of the source. */
  readonly trackers: readonly Pick<MarketTracker, 'view' | 'problemCounts' | 'clockOffsetMs'>[];
  /** Whether the market trades now. Default: always. */
  readonly isOpen?: () => boolean;
}

/** Shows the books and prices of a source in metrics, until disposed; its connection has metrics of its own. An event costs two observations on bound handles; all else is read at the scrape. */
export class FeedMetrics implements Disposable {
  readonly #source: string;
  readonly #market: string;
  readonly #deps: FeedMetricsDeps;
  readonly #updates: BoundCounter;
  readonly #lag: BoundHistogram;
  readonly #lastUpdate;
  readonly #violations;
  readonly #gaps: BoundCounter;
  readonly #offset;
  readonly #open;
  readonly #taken = new Map<DataProblemCode, number>();
  readonly #collecting: Disposable;

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor(options: FeedMetricsOptions, deps: FeedMetricsDeps) {
    const { source, market = source, staleAfterMs } = parseOptions('FeedMetrics', schema, options);
    const { metrics } = deps;
    this.#source = source;
    this.#market = market;
    this.#deps = deps;
    this.#updates = metrics.counter(PRICE_UPDATES).bind({ source });
    this.#lag = metrics.histogram(FEED_LAG).bind({ source });
    this.#lastUpdate = metrics.timestamp(PRICE_LAST_UPDATE);
    metrics.gauge(PRICE_MAX_AGE).set({ source }, staleAfterMs / 1_000);
    this.#violations = metrics.counter(DATA_VIOLATIONS);
    this.#violations.expect({ source });
    this.#gaps = metrics.counter(FEED_SEQUENCE_GAPS).bind({ source });
    this.#offset = metrics.gauge(CLOCK_OFFSET);
    this.#open = metrics.gauge(MARKET_OPEN);
    this.#collecting = metrics.collector(() => {
      this.#read();
    });
  }

  /** To be called for each event, whatever is wrong with it. */
  received({ exchangeMs, receivedMs }: Pick<MarketEvent, 'exchangeMs' | 'receivedMs'>): void {
    this.#updates.inc();
    if (exchangeMs !== undefined) this.#lag.observe(Math.max(0, receivedMs - exchangeMs) / 1_000);
  }

  [Symbol.dispose](): void {
    this.#collecting[Symbol.dispose]();
  }

  #read(): void {
    const [source, market] = [this.#source, this.#market];
    const { trackers, isOpen = () => true } = this.#deps;
    for (const { view } of trackers) {
      const labels = { source, symbol: view.instrumentId, market };
      this.#lastUpdate.set(labels, Math.max(0, view.receivedMs));
    }
    for (const check of CHECKS) this.#violations.inc({ source, check }, this.#more(check));
    this.#gaps.inc(this.#more('SEQUENCE_GAP'));
    const offsetsMs = trackers.map(({ clockOffsetMs }) => clockOffsetMs).filter((ms) => !Number.isNaN(ms));
    const largestMs = offsetsMs.reduce((most, ms) => (Math.abs(ms) > Math.abs(most) ? ms : most), 0);
    if (offsetsMs.length > 0) this.#offset.set({ source }, largestMs / 1_000);
    this.#open.set({ market }, isOpen() ? 1 : 0);
  }

  /** How often a problem has begun since the last scrape. */
  #more(code: DataProblemCode): number {
    const total = this.#deps.trackers.reduce((sum, { problemCounts }) => sum + problemCounts[code], 0);
    const more = total - (this.#taken.get(code) ?? 0);
    this.#taken.set(code, total);
    return more;
  }
}
