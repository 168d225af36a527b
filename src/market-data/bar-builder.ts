import type { Increment } from '../core/increment.ts';
import type { Bar } from '../trading/bar.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { PublicTrade } from '../trading/market-event.ts';
import { z } from 'zod';
import { parseOptions } from '../core/options.ts';

/** A longer gap stays a gap: a clock that jumps by years must not fill the memory. */
const MAX_FLAT_BARS = 10_000;

const BarBuilderOptionsSchema = z.strictObject({
  intervalMs: z.int().min(1),
  gaps: z.enum(['none', 'flat']).default('none'),
});

/**
 * - `intervalMs`: length of a bar; bars are aligned to the Unix epoch.
 * - `gaps`: what an interval without trades gives: `none`, no bar, or `flat`, a bar at the last close with a volume of 0
 *   (up to 10,000 in a row; a longer gap stays one). Default `none`.
 *
 * @interface
 */
export type BarBuilderOptions = z.input<typeof BarBuilderOptionsSchema>;

/** What became of the trades. */
export interface BarBuilderCounts {
  /** In a bar. */
  readonly counted: number;
  /** Received before the bar in progress began, or in an interval already closed. */
  readonly late: number;
  /** A trade id not above the last one. */
  readonly duplicate: number;
  /** Without a positive price and quantity. */
  readonly refused: number;
}

interface Forming {
  readonly openMs: number;
  readonly open: number;
  high: number;
  low: number;
  close: number;
  lots: number;
  trades: number;
}

const NONE: readonly Bar[] = [];

/**
 * Bars from trades, by time of receipt, each over `[openMs, closeMs)`: a trade at `closeMs` is the first of the next bar.
 * Trades of the same millisecond count in the order in which they come. The first bar holds what was traded since the
 * first trade. A bar is given out when a trade or `flush` shows that it is over, never before, and never again.
 */
export class BarBuilder {
  readonly #instrument: Instrument;
  readonly #intervalMs: number;
  readonly #flat: boolean;
  readonly #counts = { counted: 0, late: 0, duplicate: 0, refused: 0 };
  #forming: Forming | undefined;
  /** End of the last interval that is over. */
  #doneMs = -Infinity;
  /** Price of the last trade in a bar; NaN before the first. */
  #lastClose = NaN;
  #lastTradeId = -Infinity;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: BarBuilderOptions, { instrument }: { readonly instrument: Instrument }) {
    const { intervalMs, gaps } = parseOptions('BarBuilder', BarBuilderOptionsSchema, options);
    this.#instrument = instrument;
    this.#intervalMs = intervalMs;
    this.#flat = gaps === 'flat';
  }

  get counts(): BarBuilderCounts {
    return { ...this.#counts };
  }

  /** @returns the bars that this trade shows to be over, oldest first; mostly none */
  add(trade: PublicTrade): readonly Bar[] {
    const { price, quantity, tradeId, receivedMs } = trade;
    if (!(price > 0 && quantity > 0 && Number.isFinite(receivedMs))) return this.#skip('refused');
    if (tradeId <= this.#lastTradeId) return this.#skip('duplicate');
    this.#lastTradeId = tradeId;
    const openMs = this.#start(receivedMs);
    if (openMs < Math.max(this.#doneMs, this.#forming?.openMs ?? -Infinity)) return this.#skip('late');
    const done = this.flush(receivedMs);
    this.#count(trade, openMs);
    return done;
  }

  /**
   * @param nowMs wall time, on the clock of `receivedMs`
   * @returns the bars that are over by then, oldest first; an interval that is not over gives none
   */
  flush(nowMs: number): readonly Bar[] {
    const untilMs = this.#start(nowMs);
    const forming = this.#forming;
    if (!(untilMs > (forming?.openMs ?? this.#doneMs)) || Number.isNaN(this.#lastClose)) return NONE;
    const bars: Bar[] = [];
    if (forming !== undefined) {
      bars.push(this.#bar(forming));
      this.#doneMs = forming.openMs + this.#intervalMs;
      this.#forming = undefined;
    }
    if (this.#flat && untilMs - this.#doneMs <= MAX_FLAT_BARS * this.#intervalMs) {
      for (let at = this.#doneMs; at < untilMs; at += this.#intervalMs)
        bars.push(this.#bar(begin(at, this.#lastClose)));
    }
    this.#doneMs = untilMs;
    return bars;
  }

  #skip(reason: 'late' | 'duplicate' | 'refused'): readonly Bar[] {
    this.#counts[reason] += 1;
    return NONE;
  }

  #start(atMs: number): number {
    return Math.floor(atMs / this.#intervalMs) * this.#intervalMs;
  }

  #count({ price, quantity }: PublicTrade, openMs: number): void {
    const forming = (this.#forming ??= begin(openMs, price));
    forming.high = Math.max(forming.high, price);
    forming.low = Math.min(forming.low, price);
    forming.close = price;
    forming.lots += quantity;
    forming.trades += 1;
    this.#lastClose = price;
    this.#counts.counted += 1;
  }

  #bar({ openMs, open, high, low, close, lots, trades }: Forming): Bar {
    const { tick, step, multiplier } = this.#instrument.grid;
    return {
      instrumentId: this.#instrument.instrumentId,
      openMs,
      closeMs: openMs + this.#intervalMs,
      open: toFloat(open, tick),
      high: toFloat(high, tick),
      low: toFloat(low, tick),
      close: toFloat(close, tick),
      volume: toFloat(lots, step) * Number(multiplier.toFixed()),
      trades,
    };
  }
}

const begin = (openMs: number, price: number): Forming => ({
  openMs,
  open: price,
  high: price,
  low: price,
  close: price,
  lots: 0,
  trades: 0,
});

/** The float64 nearest to the decimal, as one division rounds once. */
const toFloat = (count: number, { mantissa, places }: Increment): number => (count * mantissa) / 10 ** places;
