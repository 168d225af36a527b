import type { Clock } from 'portcullis/core';
import type { MarketFeed } from 'portcullis/market-data';
import type { Logger, MetricsRegistry } from 'portcullis/telemetry';
import type { SystemConfig } from '../config.ts';
import { ExchangeFeed } from './exchange-feed.ts';
import { simulatedFeed } from './simulated-feed.ts';

export function openMarketFeed(
  config: SystemConfig,
  deps: { readonly clock: Clock; readonly metrics: MetricsRegistry; readonly logger: Logger },
): MarketFeed & Partial<AsyncDisposable> {
  const { market } = config;
  return market.kind === 'simulation'
    ? simulatedFeed(config, market, deps.clock)
    : new ExchangeFeed(config, market.url, deps);
}
