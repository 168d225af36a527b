/**
 * From messages of a venue to the market view that orders are priced on: decoding, verified books, bars, and what is
 * wrong with the data. Start with {@link MarketTracker} and {@link Recording}.
 *
 * @packageDocumentation
 */
export { BarBuilder, type BarBuilderCounts, type BarBuilderOptions } from './bar-builder.ts';
export { BinanceDecoder } from './binance-decoder.ts';
export { binanceDepth, type BinanceDepthOptions } from './binance-depth.ts';
export {
  BinanceMarketFeed,
  type BinanceMarketFeedDeps,
  type BinanceMarketFeedOptions,
} from './binance-market-feed.ts';
export { ClockOffset } from './clock-offset.ts';
export { type BookCondition, DataQualityMonitor } from './data-quality-monitor.ts';
export type { DataQualityOptions } from './data-quality-options.ts';
export { DataQualityPublisher, type DataQualityPublisherOptions } from './data-quality-publisher.ts';
export { FastReplay, type FastReplayDeps } from './fast-replay.ts';
export type { FeedFailoverOptions } from './failover-options.ts';
export {
  type FailoverChange,
  type FailoverStatus,
  FeedFailover,
  type FeedFailoverDeps,
  type MarketUpdate,
} from './feed-failover.ts';
export { FeedMetrics, type FeedMetricsDeps, type FeedMetricsOptions } from './feed-metrics.ts';
export { feedOf } from './feed-of.ts';
export {
  MarketEventPublisher,
  type MarketEventPublisherDeps,
  type MarketEventPublisherOptions,
} from './market-event-publisher.ts';
export type { MarketFeed } from './market-feed.ts';
export { MarketTracker, type MarketTrackerDeps, type MarketTrackerOptions } from './market-tracker.ts';
export { PacedReplay, type PacedReplayDeps, type PacedReplayOptions } from './paced-replay.ts';
export { PriceJump, type PriceJumpOptions } from './price-jump.ts';
export type { ProblemCounts } from './problem-list.ts';
export type { RecentMarketOptions } from './recent-market.ts';
export { type MessageCounts, Recording, type RecordingDeps } from './recording.ts';
export { type BookState, type BookStep, VerifiedBook } from './verified-book.ts';
