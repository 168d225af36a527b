/**
 * How calls are run when the world misbehaves: timeouts, retries with a budget, breakers, bulkheads, rate limits with
 * priorities, hedges, fallbacks and caches, each alone or in the one order of a pipeline; a fetcher made of them, and a feed
 * that stays honest. Start with {@link ResilientFetcher}, {@link ResilientFeed} and {@link pipeline}.
 *
 * @packageDocumentation
 */
export type { Call, CallOptions, CallStats } from './call.ts';
export type {
  Aborted,
  AddressRefused,
  BulkheadFull,
  CircuitOpen,
  Failure,
  FailureCode,
  RateLimited,
  ResponseInvalid,
  ResponseTooLarge,
  TimedOut,
  UpstreamStatus,
  UpstreamUnreachable,
  UpstreamUntrusted,
  WorkFailed,
} from './failure.ts';
export { OVERFLOW_POLICIES, type OverflowPolicy, type ResilientFeedOptions } from './feed/feed-options.ts';
export type { FeedFrame, FeedProtocol, SequenceRange } from './feed/feed-protocol.ts';
export type { FeedConnect, FeedSocket, FeedSocketEnd, FeedSocketListener } from './feed/feed-socket.ts';
export type {
  FeedChange,
  FeedChannelStatus,
  FeedCounts,
  FeedEnd,
  FeedGap,
  FeedState,
  FeedStatus,
} from './feed/feed-status.ts';
export { ResilientFeed, type ResilientFeedDeps } from './feed/resilient-feed.ts';
export type { FeedSocketOptions } from './feed/socket-options.ts';
export type { EndpointOptions } from './fetcher/endpoint.ts';
export type {
  DataOrigin,
  DataResponse,
  FetchMeta,
  FetchRequest,
  HttpMethod,
  ParamValue,
} from './fetcher/fetch-request.ts';
export {
  ResilientFetcher,
  type ResilientFetcherDeps,
  type ResilientFetcherOptions,
  type SourceStatus,
} from './fetcher/resilient-fetcher.ts';
export type { ServerClockOffset } from './fetcher/server-clock.ts';
export type { SignableRequest, Signature, Signer } from './fetcher/signer.ts';
export type { SourceOptions } from './fetcher/source-options.ts';
export {
  type HttpAnswer,
  type HttpHeaders,
  type HttpRequest,
  HttpTransport,
  type Lookup,
  type ResolvedAddress,
  type TlsOptions,
  type TransportDeps,
  type TransportOptions,
  type TransportStats,
} from './http/http-transport.ts';
export type { Failed, Outcome, Success } from './outcome.ts';
export { PIPELINE_ORDER, type PipelinePolicies, pipeline } from './pipeline.ts';
export {
  Bulkhead,
  type BulkheadDeps,
  type BulkheadOptions,
  type BulkheadStatus,
} from './policies/bulkhead.ts';
export type { CacheRules } from './policies/cache-entry.ts';
export type { CacheWork } from './policies/cache-loader.ts';
export type { CacheRegistry } from './policies/cache-metrics.ts';
export type { ResultCacheOptions } from './policies/cache-options.ts';
export {
  type CacheTask,
  type Cached,
  ResultCache,
  type ResultCacheDeps,
  type ResultCacheStatus,
} from './policies/cache.ts';
export type { CallCounts } from './policies/call-window.ts';
export { CircuitBreaker, type CircuitBreakerDeps, type CircuitChange } from './policies/circuit-breaker.ts';
export type { CircuitExplanation } from './policies/circuit-explanation.ts';
export type { CircuitBreakerOptions } from './policies/circuit-options.ts';
export {
  CIRCUIT_STATES,
  type CircuitCause,
  type CircuitOpening,
  type CircuitStateName,
} from './policies/circuit-state.ts';
export { Fallback, type FallbackDeps, type FallbackOptions } from './policies/fallback.ts';
export { Hedge, type HedgeDeps, type HedgeOptions } from './policies/hedge.ts';
export { MemorySharedRate } from './policies/memory-shared-rate.ts';
export type { RateLimitBucket, RateLimiterOptions } from './policies/rate-limiter-options.ts';
export { RateLimiter, type RateLimiterDeps, type RateLimiterStatus } from './policies/rate-limiter.ts';
export { RetryBudget, type RetryBudgetDeps, type RetryBudgetOptions } from './policies/retry-budget.ts';
export { Retry, type RetryDeps, type RetryOptions } from './policies/retry.ts';
export type { Room } from './policies/room.ts';
export type { CacheStore } from './policies/second-level.ts';
export type { SharedRateOptions } from './policies/shared-rate-options.ts';
export type { SharedRate, SharedRateAnswer, SharedRateTake } from './policies/shared-rate.ts';
export type { SharedRateSide } from './policies/shared-turn.ts';
export { SingleFlight, type SingleFlightDeps } from './policies/single-flight.ts';
export { Timeout, type TimeoutDeps, type TimeoutOptions } from './policies/timeout.ts';
export { Policy, type Task, type Work } from './policy.ts';
export { BINANCE_SPOT, BINANCE_SPOT_MARKET_DATA } from './presets/binance.ts';
export { PRIORITIES, type Priority } from './priority.ts';
export { ResilienceError, describeFailure } from './resilience-error.ts';
export { retryAfterMs } from './retry-after.ts';
