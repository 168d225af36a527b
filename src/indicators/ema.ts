import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { at, isBar, requireLength } from './column.ts';
import type { Indicator } from './indicator.ts';
import { period } from './period.ts';
import { readState, writeState } from './saved-state.ts';

const EmaOptionsSchema = z.strictObject({ period: period(2), seed: z.enum(['sma', 'first']).default('sma') });

/**
 * - `period`: bars, 2 to 100,000. The weight of a new bar is 2 / (period + 1).
 * - `seed`: what the average grows from: `sma`, the mean of the first `period` bars (TA-Lib's default), or `first`, the
 *   first bar (Metastock, Tulip). The first answer comes at the same bar with either. Default `sma`.
 *
 * @interface
 */
export type EmaOptions = z.input<typeof EmaOptionsSchema>;

/**
 * Exponential moving average: `e += 2 / (period + 1) * (x - e)`. Lookback `period - 1`. On a series that is flat from the
 * start it is the price, exactly.
 */
export class Ema implements Indicator<[close: number], number> {
  readonly lookback: number;
  readonly #period: number;
  readonly #seed: 'sma' | 'first';
  readonly #weight: number;
  #seen = 0;
  #average = 0;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: EmaOptions) {
    const { period, seed } = parseOptions('Ema', EmaOptionsSchema, options);
    this.lookback = period - 1;
    this.#period = period;
    this.#seed = seed;
    this.#weight = 2 / (period + 1);
  }

  get value(): number {
    return this.#seen === this.#period ? this.#average : NaN;
  }

  update(close: number): number {
    if (!isBar(close)) return this.value;
    this.#average = this.#next(close);
    if (this.#seen === this.#period) return this.#average;
    this.#seen++;
    return this.value;
  }

  peek(close: number): number {
    return isBar(close) && this.#seen >= this.lookback ? this.#next(close) : this.value;
  }

  save(): Float64Array {
    return writeState('Ema', this.#options(), [this.#seen, this.#average]);
  }

  load(state: Float64Array): void {
    const [seen = 0, average = 0] = readState('Ema', this.#options(), [this.#period], 2, state);
    this.#seen = seen;
    this.#average = average;
  }

  #next(close: number): number {
    return this.#average + (close - this.#average) * this.#weightOfNext();
  }

  /** While seeding by SMA the average is the running mean, which stays exact on a flat stretch as a sum does not. */
  #weightOfNext(): number {
    if (this.#seen === this.#period) return this.#weight;
    return this.#seed === 'sma' || this.#seen === 0 ? 1 / (this.#seen + 1) : this.#weight;
  }

  #options(): readonly number[] {
    return [this.#period, this.#seed === 'sma' ? 0 : 1];
  }
}

/**
 * {@link Ema} over a whole column: as long as the input, NaN before the lookback, equal to the stream to the bit.
 *
 * @param out where to write; may be `close` itself. Default: a new column.
 * @throws {PortcullisError} `OPTION_INVALID`, or `INPUT_INVALID` if `out` is not as long as `close`
 */
export function ema(
  close: Float64Array,
  options: EmaOptions,
  out = new Float64Array(close.length),
): Float64Array {
  requireLength('ema', close.length, { out });
  const stream = new Ema(options);
  for (let i = 0; i < close.length; i++) out[i] = stream.update(at(close, i));
  return out;
}
