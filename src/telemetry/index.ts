/**
 * What a service tells of itself: structured logs with secrets left out, metrics with bounded labels, and the correlation
 * id that ties them together. Start with {@link createLogger} and {@link MetricsRegistry}.
 *
 * @packageDocumentation
 */
export { correlation } from './correlation.ts';
export type { LogFields, LogMethod, Logger } from './logger.ts';
export { createLogger, type LogDestination, type LoggerDeps, type LoggerOptions } from './pino-logger.ts';
export { silentLogger } from './silent-logger.ts';
export type { Counter, Gauge, Histogram } from './metrics/metrics.ts';
export type { HistogramDefinition, LabelSpec, LabelsOf, MetricDefinition } from './metrics/metric-definition.ts';
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
