import { CounterMetric } from './counter.ts';
import type { Exemplars } from './exemplars.ts';
import type { Family } from './family.ts';
import { GaugeMetric } from './gauge.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import { SeriesBudget } from './series-budget.ts';
import type { MetricFaults, MetricHome } from './stored-metric.ts';

const NONE: MetricFaults = { badValue() {}, badLabel() {}, badExemplar() {}, dropped() {} };

const named = (name: string, help: string, labels: readonly string[] = []): ParsedDefinition => ({
  name,
  help,
  unit: undefined,
  labels: labels.map((label) => [label, undefined]),
  buckets: [],
});

/**
 * What went wrong with observations, as counters of their own, without a cap: they have one series for each metric, and
 * each starts at 0, so that the first fault is a step an alert can see. And how many series each metric has.
 */
export class ObservationFaults {
  readonly families: readonly Family[];
  readonly #invalid: CounterMetric;
  readonly #dropped: CounterMetric;
  readonly #droppedByTotal: CounterMetric;
  readonly #collectors: CounterMetric;
  readonly #series: GaugeMetric;

  constructor(prefix: string, exemplars: Exemplars) {
    const home: MetricHome = {
      limits: { maxSeries: Infinity, budget: new SeriesBudget(Infinity) },
      faults: NONE,
      exemplars,
    };
    const counter = (name: string, help: string, labels?: readonly string[]): CounterMetric =>
      new CounterMetric(named(`${prefix}${name}`, help, labels), home);
    this.#invalid = counter(
      'metrics_invalid_observations_total',
      'Observations with a value or exemplar that was dropped or a label value that was replaced.',
      ['metric', 'reason'],
    );
    this.#dropped = counter(
      'metrics_series_dropped_total',
      'Observations that went to the overflow series because the metric or the registry has reached its cap.',
      ['metric'],
    );
    this.#droppedByTotal = counter(
      'metrics_series_dropped_by_total_cap_total',
      'Of these, the ones for which the metric itself had room.',
    );
    this.#collectors = counter(
      'metrics_collector_failures_total',
      'Collectors that failed or took too long before an exposition.',
    );
    this.#series = new GaugeMetric(
      named(`${prefix}metrics_series`, 'Label sets by metric.', ['metric']),
      home,
    );
    this.families = [this.#invalid, this.#dropped, this.#droppedByTotal, this.#collectors, this.#series];
  }

  watch(metric: string): MetricFaults {
    const value = this.#invalid.bind({ metric, reason: 'value' });
    const label = this.#invalid.bind({ metric, reason: 'label' });
    const exemplar = this.#invalid.bind({ metric, reason: 'exemplar' });
    const dropped = this.#dropped.bind({ metric });
    const byTotal = this.#droppedByTotal.bind();
    return {
      badValue: () => {
        value.inc();
      },
      badLabel: () => {
        label.inc();
      },
      badExemplar: () => {
        exemplar.inc();
      },
      dropped: (cap) => {
        dropped.inc();
        if (cap === 'total') byTotal.inc();
      },
    };
  }

  showSize(metric: string, series: number): void {
    this.#series.set({ metric }, series);
  }

  collectorFailed(): void {
    this.#collectors.inc();
  }
}
