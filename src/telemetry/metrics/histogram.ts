import { exemplarText } from './exemplars.ts';
import type { Family, FamilyCopy } from './family.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import type { BoundHistogram, Exemplar } from './metrics.ts';
import type { Series } from './series.ts';
import { Handle, type MetricHome, NO_LABELS, StoredMetric, isAtLeast, isLabels } from './stored-metric.ts';
import { boundText, numberText } from './text-format.ts';

/**
 * A histogram whatever its labels; the registry gives it the type of its definition. The row of a series is the number of
 * observations in each bucket alone, then beyond the last bound, then the sum.
 */
export class HistogramMetric extends StoredMetric implements Family {
  readonly type = 'histogram';
  readonly bounds: Float64Array;
  /** No duration is negative; other things that are measured may be. */
  readonly least: number;

  constructor(parsed: ParsedDefinition, home: MetricHome) {
    super(parsed, parsed.buckets.length + 2, home);
    this.bounds = Float64Array.from(parsed.buckets);
    this.least = parsed.name.endsWith('_seconds') ? 0 : -Number.MAX_VALUE;
  }

  observe(first: unknown, second?: unknown, third?: unknown): void {
    if (isLabels(first)) this.#observe(first, second, third);
    else this.#observe(NO_LABELS, first, second);
  }

  bind(labels?: unknown): BoundHistogram {
    return new HistogramHandle(this, labels);
  }

  copy(): FamilyCopy {
    const { series, blocks } = this.store.copy();
    const bounds = [...this.bounds, Infinity];
    return {
      size: series.length,
      linesPerSeries: bounds.length + 2,
      lines: (from, to, format) => {
        const buckets = bounds.map((bound) => `${this.name}_bucket{le="${boundText(bound, format)}"`);
        const text: string[] = [];
        for (const each of series.slice(from, to)) {
          const block = blocks[each.chunk];
          let count = 0;
          for (const [bucket, head] of buckets.entries()) {
            count += block?.[each.at + bucket] ?? NaN;
            text.push(head, each.text === '' ? '' : ',', each.text, '} ', `${count}`);
            text.push(format === 'openmetrics' ? exemplarText(each, bucket) : '', '\n');
          }
          const sum = numberText(block?.[each.at + bounds.length] ?? NaN);
          text.push(this.name, '_sum', each.open, each.text, each.close, sum, '\n');
          text.push(this.name, '_count', each.open, each.text, each.close, `${count}`, '\n');
        }
        return text.join('');
      },
    };
  }

  #observe(labels: object, value: unknown, exemplar: unknown): void {
    if (!isAtLeast(value, this.least)) {
      this.home.faults.badValue();
      return;
    }
    const series = this.store.of(labels);
    const bucket = record(series, this.bounds, value);
    if (exemplar !== undefined || this.home.exemplars.asks) this.exemplify(series, bucket, value, exemplar);
  }
}

/** The index of the bucket. */
function record({ block, at }: Series, bounds: Float64Array, value: number): number {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] ?? NaN)) bucket += 1;
  block[at + bucket] = (block[at + bucket] ?? NaN) + 1;
  const sum = at + bounds.length + 1;
  block[sum] = (block[sum] ?? NaN) + value;
  return bucket;
}

class HistogramHandle extends Handle implements BoundHistogram {
  readonly #metric: HistogramMetric;
  readonly #bounds: Float64Array;
  readonly #least: number;

  constructor(metric: HistogramMetric, labels: unknown) {
    super(metric.store, labels);
    this.#metric = metric;
    this.#bounds = metric.bounds;
    this.#least = metric.least;
  }

  observe(value: number, exemplar?: Exemplar): void {
    const { series } = this;
    if (series?.live === true && isAtLeast(value, this.#least)) {
      const bucket = record(series, this.#bounds, value);
      if (exemplar !== undefined) this.#metric.exemplify(series, bucket, value, exemplar);
      return;
    }
    this.#metric.observe(this.labels, value, exemplar);
    this.lookAgain();
  }
}
