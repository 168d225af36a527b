import { exemplarText } from './exemplars.ts';
import type { Family, FamilyCopy } from './family.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import type { BoundCounter, Exemplar } from './metrics.ts';
import { Handle, type MetricHome, NO_LABELS, StoredMetric, isAtLeast, isLabels } from './stored-metric.ts';
import { numberText } from './text-format.ts';

/** A counter whatever its labels; the registry gives it the type of its definition. */
export class CounterMetric extends StoredMetric implements Family {
  readonly type = 'counter';

  constructor(parsed: ParsedDefinition, home: MetricHome) {
    super(parsed, 1, home);
  }

  inc(first?: unknown, second?: unknown, third?: unknown): void {
    if (isLabels(first)) this.#add(first, second, third);
    else this.#add(NO_LABELS, first, second);
  }

  bind(labels?: unknown): BoundCounter {
    return new CounterHandle(this, labels);
  }

  copy(): FamilyCopy {
    const { series, blocks } = this.store.copy();
    return {
      size: series.length,
      linesPerSeries: 1,
      lines: (from, to, format) => {
        const text: string[] = [];
        for (const each of series.slice(from, to)) {
          const value = numberText(blocks[each.chunk]?.[each.at] ?? NaN);
          const exemplar = format === 'openmetrics' ? exemplarText(each, 0) : '';
          text.push(this.name, each.open, each.text, each.close, value, exemplar, '\n');
        }
        return text.join('');
      },
    };
  }

  #add(labels: object, given: unknown, exemplar: unknown): void {
    const value = given === undefined ? 1 : given;
    if (!isAtLeast(value, 0)) {
      this.home.faults.badValue();
      return;
    }
    const series = this.store.of(labels);
    series.block[series.at] = (series.block[series.at] ?? NaN) + value;
    if (exemplar !== undefined || this.home.exemplars.asks) this.exemplify(series, 0, value, exemplar);
  }
}

class CounterHandle extends Handle implements BoundCounter {
  readonly #metric: CounterMetric;

  constructor(metric: CounterMetric, labels: unknown) {
    super(metric.store, labels);
    this.#metric = metric;
  }

  inc(value = 1, exemplar?: Exemplar): void {
    const { series } = this;
    if (series?.live === true && isAtLeast(value, 0)) {
      series.block[series.at] = (series.block[series.at] ?? NaN) + value;
      if (exemplar !== undefined) this.#metric.exemplify(series, 0, value, exemplar);
      return;
    }
    this.#metric.inc(this.labels, value, exemplar);
    this.lookAgain();
  }
}
