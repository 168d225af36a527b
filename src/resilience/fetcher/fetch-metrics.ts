import type { BoundHistogram, MetricsRegistry } from '../../telemetry/index.ts';
import type { Outcome } from '../outcome.ts';

const FETCH_DURATION = {
  name: 'trading_fetch_duration_seconds',
  help: 'Calls of the fetcher from their start to their outcome, waits and retries included; ok, or the code of the failure.',
  unit: 'seconds',
  labels: ['source', 'outcome'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const;

export const SOURCE_CLOCK_OFFSET = {
  name: 'trading_source_clock_offset_seconds',
  help: 'How far the clock of a source is ahead of ours, by the Date headers of its answers. Absent until there is one.',
  labels: ['source'],
} as const;

/** How long calls of one source take, by outcome. */
export class FetchMetrics {
  readonly #source: string;
  readonly #metrics: MetricsRegistry;
  readonly #byOutcome = new Map<string, BoundHistogram>();

  constructor(source: string, metrics: MetricsRegistry) {
    this.#source = source;
    this.#metrics = metrics;
    this.#of('ok');
  }

  ended(outcome: Outcome<unknown>, tookMs: number): void {
    this.#of(outcome.ok ? 'ok' : outcome.failure.code).observe(tookMs / 1_000);
  }

  #of(outcome: string): BoundHistogram {
    let bound = this.#byOutcome.get(outcome);
    if (bound === undefined) {
      bound = this.#metrics.histogram(FETCH_DURATION).bind({ source: this.#source, outcome });
      this.#byOutcome.set(outcome, bound);
    }
    return bound;
  }
}
