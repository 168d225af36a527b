import type { BoundCounter, BoundGauge, MetricsRegistry } from '../../telemetry/index.ts';

const BULKHEAD_RUNNING = {
  name: 'trading_bulkhead_running',
  help: 'Slots of a bulkhead that are taken, by work that somebody waits for or by work that was given up and still runs.',
  labels: ['target'],
} as const;

const BULKHEAD_WAITING = {
  name: 'trading_bulkhead_waiting',
  help: 'Calls that wait for a slot of a bulkhead.',
  labels: ['target'],
} as const;

const BULKHEAD_ABANDONED = {
  name: 'trading_bulkhead_abandoned',
  help: 'Work that was given up and still runs, so that its slot of a bulkhead is not free.',
  labels: ['target'],
} as const;

const BULKHEAD_REJECTIONS = {
  name: 'trading_bulkhead_rejections_total',
  help: 'Calls that got no slot of a bulkhead.',
  labels: ['target'],
} as const;

/** Shows what one bulkhead does. Gauges are counted up and down, so that bulkheads of one name add up. */
export class BulkheadMetrics {
  readonly running: BoundGauge;
  readonly waiting: BoundGauge;
  readonly abandoned: BoundGauge;
  readonly rejections: BoundCounter;

  /** @throws {PortcullisError} `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor(target: string, metrics: Pick<MetricsRegistry, 'counter' | 'gauge'>) {
    this.running = metrics.gauge(BULKHEAD_RUNNING).bind({ target });
    this.waiting = metrics.gauge(BULKHEAD_WAITING).bind({ target });
    this.abandoned = metrics.gauge(BULKHEAD_ABANDONED).bind({ target });
    this.rejections = metrics.counter(BULKHEAD_REJECTIONS).bind({ target });
  }
}
