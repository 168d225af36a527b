/**
 * What a service tells of itself: structured logs with secrets left out, metrics with bounded labels, and the correlation
 * id that ties them together. Start with {@link createLogger} and {@link MetricsRegistry}.
 *
 * @packageDocumentation
 */
export { correlation } from './correlation.ts';
export {
  LOG_LEVELS,
  type LeveledLogger,
  type LogFields,
  type LogLevel,
  type LogMethod,
  type Logger,
} from './logger.ts';
export { createLogger, type LogDestination, type LoggerDeps, type LoggerOptions } from './pino-logger.ts';
export { silentLogger } from './silent-logger.ts';
export { redactText } from './redact.ts';
export {
  type IncomingTraceHeaders,
  type TraceHeaders,
  formatTraceparent,
  parseTraceparent,
  traceParentOf,
} from './trace-context.ts';
export { parseTracestate } from './trace-context-state.ts';
export { type TraceIds, traceHeaders, traceIds } from './tracing-scope.ts';
export type { StartedSpan } from './tracing-started.ts';
export { type TraceOptions, Tracing, type TracingDeps } from './tracing.ts';
export type {
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  Counter,
  Exemplar,
  OpenLabels,
  Gauge,
  Histogram,
  InfoGauge,
  TimestampGauge,
} from './metrics/metrics.ts';
export type {
  HistogramDefinition,
  InfoDefinition,
  LabelSpec,
  LabelsOf,
  MetricDefinition,
} from './metrics/metric-definition.ts';
export type { ExemplarSource } from './metrics/exemplars.ts';
export type { ForeignMetric, ForeignSample, PromClientRegistry } from './metrics/foreign-metrics.ts';
export {
  type PushMetricsDeps,
  type PushMetricsOptions,
  type PushableMetrics,
  pushMetrics,
} from './metrics/push-metrics.ts';
export type { ExpositionOptions } from './metrics/scrape.ts';
export type { ExpositionFormat } from './metrics/text-format.ts';
export {
  MetricsRegistry,
  type MetricsRegistryDeps,
  type MetricsRegistryOptions,
} from './metrics/metrics-registry.ts';
export {
  ERRORS,
  type ErrorRecord,
  type LatencyRecord,
  OPERATION_DURATION,
  TRADES,
  TRADE_NOTIONAL,
  type TradeRecord,
} from './metrics/vocabulary.ts';
