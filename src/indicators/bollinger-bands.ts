import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { at, isBar, requireLength } from './column.ts';
import type { Indicator } from './indicator.ts';
import { period } from './period.ts';
import { readState, writeState } from './saved-state.ts';

const BollingerOptionsSchema = z.strictObject({
  period: period(2).default(20),
  deviations: z.number().positive().max(1000).default(2),
});

/**
 * - `period`: bars, 2 to 100,000. Default 20.
 * - `deviations`: how many standard deviations the bands lie from the middle, above 0, at most 1000. Default 2.
 *
 * @interface
 */
export type BollingerOptions = z.input<typeof BollingerOptionsSchema>;

/** `lower <= middle <= upper`, in price units; all NaN until warm. */
export interface Bands {
  readonly upper: number;
  readonly middle: number;
  readonly lower: number;
}

/**
 * Bollinger bands: the mean of the last `period` bars, and `deviations` population standard deviations (divided by
 * `period`, as Bollinger and TA-Lib do) above and below it. Lookback `period - 1`.
 *
 * The bars are cut into blocks of `period`. A window is the rest of the last block and the beginning of this one; each
 * has sums of its own, only ever added to, about a bar that lies in the window. So nothing that has left the window is
 * left in the sums: after a spike of 1e12 the bands are exact again, and no variance comes out negative.
 *
 * `value` and what `update` returns are the object itself; what `peek` returns is overwritten by the next `peek`.
 */
export class BollingerBands implements Indicator<[close: number], Bands>, Bands {
  readonly lookback: number;
  readonly #period: number;
  readonly #deviations: number;
  readonly #now = new Reading();
  readonly #peeked = new Reading();

  /** Bars of this block up to `#count`, of the last block from there on. */
  readonly #window: Float64Array;
  /** Of the bars of the last block from an index on: mean less `#last`, and sum of squared distances from that mean. */
  readonly #restMean: Float64Array;
  readonly #restSpread: Float64Array;
  #blockBefore = false;
  #last = 0;

  #count = 0;
  /** Anchor of this block's sums: its first bar. */
  #first = 0;
  #sum = 0;
  #squares = 0;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: BollingerOptions = {}) {
    const { period, deviations } = parseOptions('BollingerBands', BollingerOptionsSchema, options);
    this.lookback = period - 1;
    this.#period = period;
    this.#deviations = deviations;
    this.#window = new Float64Array(period);
    this.#restMean = new Float64Array(period + 1);
    this.#restSpread = new Float64Array(period + 1);
  }

  get upper(): number {
    return this.#now.upper;
  }

  get middle(): number {
    return this.#now.middle;
  }

  get lower(): number {
    return this.#now.lower;
  }

  get value(): Bands {
    return this;
  }

  update(close: number): Bands {
    if (isBar(close)) this.#commit(close);
    return this;
  }

  peek(close: number): Bands {
    if (isBar(close)) {
      const first = this.#count === 0 ? close : this.#first;
      const distance = close - first;
      const squares = this.#squares + distance * distance;
      this.#read(this.#count + 1, first, this.#sum + distance, squares, this.#peeked);
    } else {
      this.#peeked.set(this.upper, this.middle, this.lower);
    }
    return this.#peeked;
  }

  save(): Float64Array {
    const values = [this.#count, this.#blockBefore ? 1 : 0, ...this.#window];
    return writeState('BollingerBands', [this.#period, this.#deviations], values);
  }

  load(state: Float64Array): void {
    const options = [this.#period, this.#deviations];
    const values = readState('BollingerBands', options, [this.#period - 1, 1], this.#period + 2, state);
    const [count, blockBefore] = values;
    const bars = values.subarray(2);
    this.#blockBefore = false;
    this.#beginBlock();
    this.#now.set(NaN, NaN, NaN);
    // Where this block has overwritten the last one, its bars stand in for those that have left the window: never read.
    if (blockBefore === 1) for (const bar of bars) this.#commit(bar);
    for (const bar of bars.subarray(0, count)) this.#commit(bar);
  }

  #commit(close: number): void {
    if (this.#count === 0) this.#first = close;
    const distance = close - this.#first;
    this.#sum += distance;
    this.#squares += distance * distance;
    this.#window[this.#count] = close;
    this.#count++;
    this.#read(this.#count, this.#first, this.#sum, this.#squares, this.#now);
    if (this.#count < this.#period) return;
    this.#sumBackwards();
    this.#beginBlock();
  }

  /**
   * Joins the two parts of the window: spreads about their own means add up, plus what the distance of the means adds
   * (Chan, Golub, LeVeque 1979). Neither spread can round below 0: measured from a bar of its own, a part's squares are
   * at most `count + 1` times its spread, so what is subtracted leaves far more than rounding takes.
   */
  #read(count: number, first: number, sum: number, squares: number, into: Reading): void {
    if (!this.#blockBefore && count < this.#period) return;
    const rest = this.#period - count;
    const mean = sum / count;
    const distance = first - this.#last + (mean - at(this.#restMean, count));
    const shift = (distance * rest) / this.#period;
    const spread = squares - sum * mean + at(this.#restSpread, count) + distance * shift * count;
    const width = this.#deviations * Math.sqrt(spread / this.#period);
    const middle = first + (mean - shift);
    into.set(middle + width, middle, middle - width);
  }

  #sumBackwards(): void {
    this.#last = at(this.#window, this.#period - 1);
    this.#blockBefore = true;
    let sum = 0;
    let squares = 0;
    for (let i = this.#period - 1; i > 0; i--) {
      const distance = at(this.#window, i) - this.#last;
      sum += distance;
      squares += distance * distance;
      const mean = sum / (this.#period - i);
      this.#restMean[i] = mean;
      this.#restSpread[i] = squares - sum * mean;
    }
  }

  #beginBlock(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#squares = 0;
  }
}

class Reading implements Bands {
  upper = NaN;
  middle = NaN;
  lower = NaN;

  set(upper: number, middle: number, lower: number): void {
    this.upper = upper;
    this.middle = middle;
    this.lower = lower;
  }
}

/** {@link Bands} as columns. */
export interface BandColumns {
  readonly upper: Float64Array;
  readonly middle: Float64Array;
  readonly lower: Float64Array;
}

/**
 * {@link BollingerBands} over a whole column: as long as the input, NaN before the lookback, equal to the stream to the
 * bit.
 *
 * @param out where to write. Default: new columns.
 * @throws {PortcullisError} `OPTION_INVALID`, or `INPUT_INVALID` if a column of `out` is not as long as `close`
 */
export function bollingerBands(
  close: Float64Array,
  options: BollingerOptions = {},
  out: BandColumns = newColumns(close.length),
): BandColumns {
  const { upper, middle, lower } = out;
  requireLength('bollingerBands', close.length, { upper, middle, lower });
  const stream = new BollingerBands(options);
  for (let i = 0; i < close.length; i++) {
    const bands = stream.update(at(close, i));
    upper[i] = bands.upper;
    middle[i] = bands.middle;
    lower[i] = bands.lower;
  }
  return out;
}

const newColumns = (length: number): BandColumns => ({
  upper: new Float64Array(length),
  middle: new Float64Array(length),
  lower: new Float64Array(length),
});
