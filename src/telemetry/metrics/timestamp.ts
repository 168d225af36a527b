import type { Clock } from '../../core/clock.ts';
import { GaugeMetric } from './gauge.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import { type MetricHome, isAtLeast, isLabels } from './stored-metric.ts';

/** A gauge of Unix time in seconds that is set in milliseconds. */
export class TimestampMetric extends GaugeMetric {
  readonly #clock: Clock;

  constructor(parsed: ParsedDefinition, home: MetricHome, clock: Clock) {
    super(parsed, home);
    this.#clock = clock;
  }

  mark(labels?: unknown): void {
    this.set(labels ?? {}, this.#clock.nowMs());
  }

  override set(first: unknown, second?: unknown): void {
    const atMs = isLabels(first) ? second : first;
    const seconds = isAtLeast(atMs, 0) ? atMs / 1000 : NaN;
    if (isLabels(first)) super.set(first, seconds);
    else super.set(seconds);
  }
}
