import { Counter, type Registry } from 'prom-client';

/**
 * What went wrong with observations, as counters of their own, without a cap: they have one series for each metric, and
 * each starts at 0, so that the first fault is a step an alert can see.
 */
export class ObservationFaults {
  readonly #invalid: Counter<'metric' | 'reason'>;
  readonly #dropped: Counter<'metric'>;
  readonly #collectors: Counter;

  static readonly names = [
    'metrics_invalid_observations_total',
    'metrics_series_dropped_total',
    'metrics_collector_failures_total',
  ] as const;

  constructor(prefix: string, registry: Registry) {
    const [invalid, dropped, collectors] = ObservationFaults.names;
    this.#invalid = new Counter({
      name: `${prefix}${invalid}`,
      help: 'Observations with a value that was dropped or a label value that was replaced.',
      labelNames: ['metric', 'reason'],
      registers: [registry],
    });
    this.#dropped = new Counter({
      name: `${prefix}${dropped}`,
      help: 'Observations that went to the overflow series because the metric has reached its cap.',
      labelNames: ['metric'],
      registers: [registry],
    });
    this.#collectors = new Counter({
      name: `${prefix}${collectors}`,
      help: 'Collectors that threw before an exposition.',
      registers: [registry],
    });
  }

  watch(metric: string): void {
    this.#invalid.inc({ metric, reason: 'value' }, 0);
    this.#invalid.inc({ metric, reason: 'label' }, 0);
    this.#dropped.inc({ metric }, 0);
  }

  badValue(metric: string): void {
    this.#invalid.inc({ metric, reason: 'value' });
  }

  badLabel(metric: string): void {
    this.#invalid.inc({ metric, reason: 'label' });
  }

  dropped(metric: string): void {
    this.#dropped.inc({ metric });
  }

  collectorFailed(): void {
    this.#collectors.inc();
  }
}
