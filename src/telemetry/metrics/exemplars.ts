import type { Clock } from '../../core/clock.ts';
import type { Exemplar } from './metrics.ts';
import type { Series, StoredExemplar } from './series.ts';

/** The exemplar of what runs now; `undefined` outside of a span and in one that is not sampled. */
export type ExemplarSource = () => Exemplar | undefined;

const TRACE_ID = /^[0-9A-Za-z]{1,64}$/;
const SPAN_ID = /^[0-9A-Za-z]{1,32}$/;

/**
 * Keeps one exemplar for each counter and each bucket. One that is given replaces the last; the source is asked only where
 * none has been taken since the last scrape, so that a hot path seldom asks.
 */
export class Exemplars {
  readonly #clock: Clock;
  readonly #source: ExemplarSource | undefined;
  #scrape = 0;

  constructor(clock: Clock, source?: ExemplarSource) {
    this.#clock = clock;
    this.#source = source;
  }

  /** True if there is a source to ask. */
  get asks(): boolean {
    return this.#source !== undefined;
  }

  /** @param slot 0 for a counter, the index of the bucket for a histogram */
  note(series: Series, slot: number, value: number, given: unknown, onBad: () => void): void {
    if (given === undefined && series.exemplars?.[slot]?.scrape === this.#scrape) return;
    try {
      const exemplar = given === undefined ? this.#source?.() : (given as Exemplar);
      if (exemplar === undefined) return;
      const labels = labelsOf(exemplar);
      if (labels === undefined) {
        onBad();
        return;
      }
      const stored: StoredExemplar = {
        labels,
        value,
        seconds: this.#clock.nowMs() / 1000,
        scrape: this.#scrape,
      };
      (series.exemplars ??= [])[slot] = stored;
    } catch {
      onBad();
    }
  }

  /** They have been shown: the source may be asked again. */
  shown(): void {
    this.#scrape += 1;
  }
}

function labelsOf({ traceId, spanId }: Exemplar): string | undefined {
  if (typeof traceId !== 'string' || !TRACE_ID.test(traceId)) return undefined;
  if (spanId === undefined) return `trace_id="${traceId}"`;
  return SPAN_ID.test(spanId) ? `trace_id="${traceId}",span_id="${spanId}"` : undefined;
}

/** What stands behind a sample in OpenMetrics; nothing without an exemplar. */
export const exemplarText = (series: Series, slot: number): string => {
  const exemplar = series.exemplars?.[slot];
  if (exemplar === undefined) return '';
  return ` # {${exemplar.labels}} ${exemplar.value} ${exemplar.seconds.toFixed(3)}`;
};
