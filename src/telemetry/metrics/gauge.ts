import type { Family, FamilyCopy } from './family.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import type { BoundGauge } from './metrics.ts';
import { Handle, type MetricHome, StoredMetric, isAtLeast, isLabels, labelsIn } from './stored-metric.ts';
import { numberText } from './text-format.ts';

/** Any finite number. */
const isValue = (value: unknown): value is number => isAtLeast(value, -Number.MAX_VALUE);

/** A gauge whatever its labels; the registry gives it the type of its definition. */
export class GaugeMetric extends StoredMetric implements Family {
  readonly type = 'gauge';

  constructor(parsed: ParsedDefinition, home: MetricHome) {
    super(parsed, 1, home);
  }

  set(first: unknown, second?: unknown): void {
    const value = isLabels(first) ? second : first;
    if (!isValue(value)) {
      this.home.faults.badValue();
      return;
    }
    const { block, at } = this.store.of(labelsIn(first));
    block[at] = value;
  }

  add(first: unknown, second?: unknown): void {
    const value = isLabels(first) ? second : first;
    if (!isValue(value)) {
      this.home.faults.badValue();
      return;
    }
    const { block, at } = this.store.of(labelsIn(first));
    block[at] = (block[at] ?? NaN) + value;
  }

  bind(labels?: unknown): BoundGauge {
    return new GaugeHandle(this, labels);
  }

  copy(): FamilyCopy {
    const { series, blocks } = this.store.copy();
    return {
      size: series.length,
      linesPerSeries: 1,
      lines: (from, to) => {
        const text: string[] = [];
        for (const each of series.slice(from, to)) {
          const value = numberText(blocks[each.chunk]?.[each.at] ?? NaN);
          text.push(this.name, each.open, each.text, each.close, value, '\n');
        }
        return text.join('');
      },
    };
  }
}

class GaugeHandle extends Handle implements BoundGauge {
  readonly #metric: GaugeMetric;

  constructor(metric: GaugeMetric, labels: unknown) {
    super(metric.store, labels);
    this.#metric = metric;
  }

  set(value: number): void {
    const { series } = this;
    if (series?.live === true && isValue(value)) {
      series.block[series.at] = value;
      return;
    }
    this.#metric.set(this.labels, value);
    this.lookAgain();
  }

  add(value: number): void {
    const { series } = this;
    if (series?.live === true && isValue(value)) {
      series.block[series.at] = (series.block[series.at] ?? NaN) + value;
      return;
    }
    this.#metric.add(this.labels, value);
    this.lookAgain();
  }
}
