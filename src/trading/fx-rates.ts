import { type Decimal, ZERO, decimal } from '../core/decimal.ts';
import type { Instrument } from './instrument.ts';
import type { Mark } from './mark.ts';

/** What one unit of a currency is worth in another. Never changed, only replaced. */
export interface FxRate {
  readonly rate: Decimal;
  /** When it was received, by the monotonic clock. */
  readonly monotonicMs: number;
}

/** Where the Book asks for rates. */
export interface FxRates {
  /** The last rate: the same object as long as it is the same; `undefined` when there is none. */
  rate(from: string, to: string): FxRate | undefined;
}

/** What rates can be read from: a Book. */
export interface Marks {
  /** The last good mark. */
  markOf(instrumentId: string): Mark | undefined;
}

const ONE = decimal('1');

/**
 * Rates from the Book's own marks of spot instruments: one of base EUR and quote USD gives EUR in USD, and USD in EUR,
 * rounded half-even to 40 places. Crosses are not made.
 *
 * @param instruments those that are currencies; where two give the same rate, the first counts
 */
export const markedFxRates =
  (instruments: readonly Instrument[]) =>
  (marks: Marks): FxRates => {
    const pairs = new Map<string, FxPair>();
    for (const instrument of [...instruments].reverse()) {
      const pair = new FxPair(instrument, marks);
      pairs.set(`${instrument.quote} ${instrument.base}`, pair);
      pairs.set(`${instrument.base} ${instrument.quote}`, pair);
    }
    return { rate: (from, to) => pairs.get(`${from} ${to}`)?.rate(from) };
  };

/** One instrument as a rate, both ways. */
class FxPair {
  readonly #instrument: Instrument;
  readonly #marks: Marks;
  #mark: Mark | undefined;
  #there: FxRate | undefined;
  #back: FxRate | undefined;

  constructor(instrument: Instrument, marks: Marks) {
    this.#instrument = instrument;
    this.#marks = marks;
  }

  rate(from: string): FxRate | undefined {
    const { instrumentId, base, grid } = this.#instrument;
    const mark = this.#marks.markOf(instrumentId);
    if (mark === undefined) return undefined;
    if (mark !== this.#mark) {
      const { price, monotonicMs } = mark;
      const rate = ZERO.plus(String(price)).times(grid.tick.value);
      this.#mark = mark;
      this.#there = { rate, monotonicMs };
      this.#back = { rate: ONE.div(rate), monotonicMs };
    }
    return from === base ? this.#there : this.#back;
  }
}
