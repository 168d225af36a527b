import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { at, isBar, requireLength } from './column.ts';
import type { Indicator } from './indicator.ts';
import { period } from './period.ts';
import { readState, writeState } from './saved-state.ts';
import { wilder } from './wilder.ts';

const RsiOptionsSchema = z.strictObject({ period: period(2).default(14) });

/**
 * - `period`: price changes, 2 to 100,000. Default 14.
 *
 * @interface
 */
export type RsiOptions = z.input<typeof RsiOptionsSchema>;

/** A market that has not moved is neither overbought nor oversold. TA-Lib says 0 here, which reads as a buy signal. */
const FLAT = 50;

/**
 * Wilder's relative strength index, 0 to 100: `100 * gain / (gain + loss)`, both smoothed as in "New Concepts in Technical
 * Trading Systems" (1978): the mean of the first `period` changes, then `(previous * (period - 1) + change) / period`.
 * Lookback `period`. Without any gain or loss it is 50; only there does it differ from TA-Lib, which gives 0.
 */
export class Rsi implements Indicator<[close: number], number> {
  readonly lookback: number;
  readonly #period: number;
  #seen = 0;
  #close = 0;
  #gain = 0;
  #loss = 0;
  #value = NaN;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: RsiOptions = {}) {
    const { period } = parseOptions('Rsi', RsiOptionsSchema, options);
    this.lookback = period;
    this.#period = period;
  }

  get value(): number {
    return this.#value;
  }

  update(close: number): number {
    if (!isBar(close)) return this.#value;
    if (this.#seen <= this.#period) return this.#warmUp(close);
    const change = close - this.#close;
    this.#close = close;
    this.#gain = wilder(this.#gain, gainOf(change), this.#period);
    this.#loss = wilder(this.#loss, gainOf(-change), this.#period);
    return (this.#value = strength(this.#gain, this.#loss));
  }

  peek(close: number): number {
    if (!isBar(close) || this.#seen < this.#period) return this.#value;
    const change = close - this.#close;
    const gain = wilder(this.#gain, gainOf(change), this.#period);
    const loss = wilder(this.#loss, gainOf(-change), this.#period);
    return strength(gain, loss);
  }

  save(): Float64Array {
    return writeState('Rsi', [this.#period], [this.#seen, this.#close, this.#gain, this.#loss]);
  }

  load(state: Float64Array): void {
    const values = readState('Rsi', [this.#period], [this.#period + 1], 4, state);
    const [seen = 0, close = 0, gain = 0, loss = 0] = values;
    this.#seen = seen;
    this.#close = close;
    this.#gain = gain;
    this.#loss = loss;
    this.#value = seen > this.#period ? strength(gain, loss) : NaN;
  }

  #warmUp(close: number): number {
    if (this.#seen > 0) {
      const change = close - this.#close;
      this.#gain = wilder(this.#gain, gainOf(change), this.#seen);
      this.#loss = wilder(this.#loss, gainOf(-change), this.#seen);
    }
    this.#close = close;
    if (this.#seen === this.#period) this.#value = strength(this.#gain, this.#loss);
    this.#seen++;
    return this.#value;
  }
}

/** `max(change, 0)`, exactly, without the branch that prices make unpredictable. */
const gainOf = (change: number): number => (Math.abs(change) + change) / 2;

const strength = (gain: number, loss: number): number =>
  gain + loss > 0 ? 100 * (gain / (gain + loss)) : FLAT;

/**
 * {@link Rsi} over a whole column: as long as the input, NaN before the lookback, equal to the stream to the bit.
 *
 * @param out where to write; may be `close` itself. Default: a new column.
 * @throws {PortcullisError} `OPTION_INVALID`, or `INPUT_INVALID` if `out` is not as long as `close`
 */
export function rsi(
  close: Float64Array,
  options: RsiOptions = {},
  out = new Float64Array(close.length),
): Float64Array {
  requireLength('rsi', close.length, { out });
  const stream = new Rsi(options);
  for (let i = 0; i < close.length; i++) out[i] = stream.update(at(close, i));
  return out;
}
