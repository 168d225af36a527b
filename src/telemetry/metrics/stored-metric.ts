import type { Exemplars } from './exemplars.ts';
import type { LabelFaults } from './label-sets.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import type { Series } from './series.ts';
import { SeriesStore, type StoreLimits } from './series-store.ts';

/** What one metric complains to; each call is counted. */
export interface MetricFaults extends LabelFaults {
  readonly badValue: () => void;
  readonly badExemplar: () => void;
}

/** Where a metric lives, and under which bounds. */
export interface MetricHome {
  readonly limits: StoreLimits;
  readonly faults: MetricFaults;
  readonly exemplars: Exemplars;
}

/** What counters, gauges and histograms have in common: a definition and a store of series. */
export abstract class StoredMetric {
  readonly name: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly store: SeriesStore;
  protected readonly home: MetricHome;

  /** @param width numbers of each series */
  constructor(parsed: ParsedDefinition, width: number, home: MetricHome) {
    this.name = parsed.name;
    this.help = parsed.help;
    this.unit = parsed.unit;
    this.home = home;
    this.store = new SeriesStore(parsed.labels, width, home.limits, home.faults);
  }

  get size(): number {
    return this.store.size;
  }

  expect(open: object): void {
    this.store.expect(labelsIn(open));
  }

  remove(open: object): number {
    return this.store.remove(labelsIn(open));
  }

  /** @param slot 0 for a counter, the index of the bucket for a histogram */
  exemplify(series: Series, slot: number, value: number, exemplar: unknown): void {
    this.home.exemplars.note(series, slot, value, exemplar, this.home.faults.badExemplar);
  }
}

/** A series that was looked up once, and is looked up again when it is gone or there was no room for it. */
export abstract class Handle {
  protected readonly labels: object;
  protected series: Series | undefined;
  readonly #store: SeriesStore;

  constructor(store: SeriesStore, labels: unknown) {
    this.#store = store;
    this.labels = { ...labelsIn(labels) };
    this.series = store.own(this.labels);
  }

  protected lookAgain(): void {
    if (this.series?.live !== true) this.series = this.#store.own(this.labels);
  }
}

export const isLabels = (first: unknown): first is object => typeof first === 'object' && first !== null;

/** What stands in for labels that were not given: each reads `__overflow__`. */
export const NO_LABELS: object = {};

export const labelsIn = (first: unknown): object => (isLabels(first) ? first : NO_LABELS);

/** A number that Prometheus can add to others, `least` or more. */
export const isAtLeast = (value: unknown, least: number): value is number =>
  typeof value === 'number' && value >= least && value < Infinity;
