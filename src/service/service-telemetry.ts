import type { Clock } from '../core/clock.ts';
import {
  type LeveledLogger,
  type LogLevel,
  type Logger,
  type TraceIds,
  MetricsRegistry,
  Tracing,
  createLogger,
  traceIds,
} from '../telemetry/index.ts';
import type { ServicePorts } from './service-ports.ts';

export interface ServiceTelemetry {
  readonly log: Logger;
  /** The same, unless a logger was given: then its level is not ours. */
  readonly ownLog: LeveledLogger | undefined;
  readonly metrics: MetricsRegistry;
  readonly tracing: Tracing;
}

const LOG_BUFFER_BYTES = 4096;

/** What a service tells of itself through: what it was given, else its own. */
export function telemetryOf(
  ports: ServicePorts,
  name: string,
  level: LogLevel,
  clock: Clock,
): ServiceTelemetry {
  const metrics =
    ports.metrics ?? new MetricsRegistry({ processMetrics: true }, { clock, exemplar: sampledTrace });
  const tracing = new Tracing(ports.tracer === undefined ? {} : { tracer: ports.tracer });
  if (ports.logger !== undefined) return { log: ports.logger, ownLog: undefined, metrics, tracing };
  const ownLog = createLogger({ name, level, bufferBytes: LOG_BUFFER_BYTES }, { clock });
  return { log: ownLog, ownLog, metrics, tracing };
}

/** A trace is shown beside a metric only if it was kept. */
function sampledTrace(): TraceIds | undefined {
  const ids = traceIds();
  return ids?.sampled === true ? ids : undefined;
}
