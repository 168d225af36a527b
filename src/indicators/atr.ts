import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { at, isBar, requireLength } from './column.ts';
import type { Indicator } from './indicator.ts';
import { period } from './period.ts';
import { readState, writeState } from './saved-state.ts';
import { wilder } from './wilder.ts';

const AtrOptionsSchema = z.strictObject({ period: period(1).default(14) });

/**
 * - `period`: true ranges, 1 to 100,000; with 1 it is the true range itself. Default 14.
 *
 * @interface
 */
export type AtrOptions = z.input<typeof AtrOptionsSchema>;

/**
 * Wilder's average true range, in price units, never negative. The true range is the span of high, low and the close
 * before; the first bar has none, so the lookback is `period` and the seed is the mean of the true ranges of bars 1 to
 * `period`, as in TA-Lib. A bar with one price missing is no bar. `high >= low` is the caller's to check.
 */
export class Atr implements Indicator<[high: number, low: number, close: number], number> {
  readonly lookback: number;
  readonly #period: number;
  #seen = 0;
  #close = 0;
  #average = 0;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: AtrOptions = {}) {
    const { period } = parseOptions('Atr', AtrOptionsSchema, options);
    this.lookback = period;
    this.#period = period;
  }

  get value(): number {
    return this.#seen > this.#period ? this.#average : NaN;
  }

  update(high: number, low: number, close: number): number {
    if (!isBar(high) || !isBar(low) || !isBar(close)) return this.value;
    if (this.#seen <= this.#period) return this.#warmUp(high, low, close);
    this.#average = wilder(this.#average, trueRange(high, low, this.#close), this.#period);
    this.#close = close;
    return this.#average;
  }

  peek(high: number, low: number, close: number): number {
    if (!isBar(high) || !isBar(low) || !isBar(close) || this.#seen < this.#period) return this.value;
    return wilder(this.#average, trueRange(high, low, this.#close), this.#period);
  }

  save(): Float64Array {
    return writeState('Atr', [this.#period], [this.#seen, this.#close, this.#average]);
  }

  load(state: Float64Array): void {
    const [seen = 0, close = 0, average = 0] = readState('Atr', [this.#period], [this.#period + 1], 3, state);
    this.#seen = seen;
    this.#close = close;
    this.#average = average;
  }

  #warmUp(high: number, low: number, close: number): number {
    if (this.#seen > 0) {
      this.#average = wilder(this.#average, trueRange(high, low, this.#close), this.#seen);
    }
    this.#close = close;
    this.#seen++;
    return this.value;
  }
}

const trueRange = (high: number, low: number, closeBefore: number): number =>
  (high > closeBefore ? high : closeBefore) - (low < closeBefore ? low : closeBefore);

/**
 * {@link Atr} over whole columns: as long as the input, NaN before the lookback, equal to the stream to the bit.
 *
 * @param out where to write; may be one of the inputs. Default: a new column.
 * @throws {PortcullisError} `OPTION_INVALID`, or `INPUT_INVALID` if the columns are not all as long as `high`
 */
export function atr(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  options: AtrOptions = {},
  out = new Float64Array(high.length),
): Float64Array {
  requireLength('atr', high.length, { low, close, out });
  const stream = new Atr(options);
  for (let i = 0; i < high.length; i++) out[i] = stream.update(at(high, i), at(low, i), at(close, i));
  return out;
}
