export { correlation } from './correlation.ts';
export type { LogFields, LogMethod, Logger } from './logger.ts';
export { createLogger, type LogDestination, type LoggerDeps, type LoggerOptions } from './pino-logger.ts';
export { silentLogger } from './silent-logger.ts';
export type { Counter, Gauge, Histogram } from './metrics.ts';
export type { HistogramDefinition, LabelSpec, LabelsOf, MetricDefinition } from './metric-definition.ts';
export {
  MetricsRegistry,
  type MetricsRegistryDeps,
  type MetricsRegistryOptions,
} from './metrics-registry.ts';
export {
  ERRORS,
  type ErrorRecord,
  type LatencyRecord,
  OPERATION_DURATION,
  TRADES,
  TRADE_NOTIONAL,
  type TradeRecord,
} from './vocabulary.ts';
