import { type LabelFaults, type LabelList, LabelSets } from './label-sets.ts';
import { Rows, Series } from './series.ts';
import type { SeriesBudget } from './series-budget.ts';
import { labelText } from './text-format.ts';

export interface StoreLimits {
  readonly maxSeries: number;
  readonly budget: SeriesBudget;
}

/** All series of one metric at one moment. */
export interface StoreCopy {
  readonly series: readonly Series[];
  /** By `Series.chunk`. */
  readonly blocks: readonly Float64Array[];
}

/** The series of one metric in the order they came, and `width` numbers for each. */
export class SeriesStore {
  readonly #rows: Rows;
  readonly #series = new Set<Series>();
  readonly #sets: LabelSets;

  constructor(labels: LabelList, width: number, limits: StoreLimits, faults: LabelFaults) {
    this.#rows = new Rows(width);
    const names = labels.map(([name]) => name);
    this.#sets = new LabelSets(labels, {
      maxSets: limits.maxSeries,
      budget: limits.budget,
      faults,
      create: (values, counted) => {
        const series = new Series(values, labelText(names, values), counted, this.#rows.take());
        this.#series.add(series);
        return series;
      },
    });
  }

  get size(): number {
    return this.#series.size;
  }

  /** Labels that cannot even be read count like missing ones. */
  of(labels: object): Series {
    try {
      return this.#sets.of(labels);
    } catch {
      return this.#sets.of({});
    }
  }

  own(labels: object): Series | undefined {
    return this.#sets.own(labels);
  }

  expect(open: object): void {
    this.#sets.expect(open);
  }

  /** How many series are gone. */
  remove(open: object): number {
    const removed = this.#sets.remove(open);
    for (const series of removed) {
      series.live = false;
      this.#series.delete(series);
      this.#rows.give(series);
    }
    return removed.length;
  }

  copy(): StoreCopy {
    return { series: [...this.#series], blocks: this.#rows.copy() };
  }
}
