import { PortcullisError } from '../core/errors.ts';
import { toGrid, toText } from '../core/increment.ts';
import { parseOptions } from '../core/options.ts';
import { type Lots, lots } from '../core/units.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';
import type { Side } from '../trading/order-intent.ts';
import { type DeclaredBook, RecentMean, declaredBook } from './bar-book.ts';
import { type BarMarketOptions, type BarMarketSettings, barMarketSchema } from './bar-market-options.ts';
import { type BarStep, barSteps } from './bar-steps.ts';
import { type GridBar, barFlaw } from './grid-bar.ts';

const NONE = lots(0);

/**
 * Bars played as a market, under a declared model of spread and depth: nobody knows the books that stood behind the bars.
 * The same bars and options give the same events, bit for bit; nothing is drawn.
 *
 * Each bar is played in `stepsPerBar` steps, evenly over its time: from open to the nearer of high and low, to the other,
 * to close, in straight lines. A step is one diff, which repeats the best prices when nothing moved; a quote when a best
 * price changed; and a trade, unless the bar has no volume left for it. The price is the ask where it rises and the bid
 * where it falls, so every trade prints at the touch; it may be larger than what was displayed there, and what it took is
 * there again. Spread and depth come from bars that are finished, so that a book does not tell how its bar will end: an
 * event depends on the bar being played, and on those before it.
 *
 * Trades rebuild the bars: open, high, low and close to the tick, and volume to the step. A bar without volume moves the
 * quotes alone. Where bars are missing, nothing is told.
 */
export class BarMarket implements Iterable<MarketEvent> {
  readonly instrument: Instrument;
  /** The model with its defaults: with the instrument and the bars it says all about the events. */
  readonly settings: BarMarketSettings;
  readonly #bars: readonly GridBar[];
  readonly #minLevelLots: Lots;

  /**
   * @throws {PortcullisError} `OPTION_INVALID`; `INPUT_INVALID` for bars that are impossible or overlap, or too many steps
   *   for their length
   */
  constructor(
    options: BarMarketOptions,
    deps: { readonly instrument: Instrument; readonly bars: readonly GridBar[] },
  ) {
    this.instrument = deps.instrument;
    this.settings = parseOptions('BarMarket', barMarketSchema, options);
    this.#bars = deps.bars;
    this.#minLevelLots = this.#smallestLevel();
    this.#check();
  }

  /** When the first bar begins. */
  get startMs(): number {
    return this.#bars[0]?.openMs ?? NaN;
  }

  /** When the last bar ends. */
  get endMs(): number {
    return (this.#bars.at(-1)?.openMs ?? NaN) + this.settings.intervalMs;
  }

  get bars(): readonly GridBar[] {
    return this.#bars;
  }

  /** The model in words, for a report. */
  describe(): string {
    const { halfSpreadBps, rangeSpreadFraction, levels, levelGapBps, levelVolumeFraction, ...rest } =
      this.settings;
    const widening =
      rangeSpreadFraction === 0 ? '' : ` plus ${percent(rangeSpreadFraction)} of the recent mean range`;
    return [
      `${this.#bars.length} bars of ${rest.intervalMs} ms played in ${rest.stepsPerBar} steps each`,
      `half spread ${halfSpreadBps} bps${widening}, at least one tick`,
      `${levels} levels a side, ${levelGapBps} bps apart, each with ${percent(levelVolumeFraction)} of the recent mean volume, at least ${toText(this.#minLevelLots, this.instrument.grid.step)}`,
      `recent: the last ${rest.recentBars} finished bars`,
      `path: open, the nearer of high and low, the other, close; latency ${rest.latencyMs} ms`,
    ].join('; ');
  }

  *[Symbol.iterator](): Generator<MarketEvent, void, undefined> {
    const { intervalMs, stepsPerBar } = this.settings;
    const recent = new RecentMean(this.settings.recentBars);
    const feed = new BarFeed(this.instrument.instrumentId, this.settings.latencyMs);
    let aggressor: Side = 'buy';
    let previous: number | undefined;
    for (const bar of this.#bars) {
      const means = recent.over(bar);
      for (const [n, step] of barSteps(bar, stepsPerBar).entries()) {
        if (previous !== undefined && step.price !== previous)
          aggressor = step.price > previous ? 'buy' : 'sell';
        previous = step.price;
        const book = declaredBook(step.price, aggressor, means, {
          ...this.settings,
          minLevelLots: this.#minLevelLots,
        });
        yield* feed.step(bar.openMs + Math.floor((n * intervalMs) / stepsPerBar), book, step);
      }
      recent.add(bar);
    }
  }

  #smallestLevel(): Lots {
    const { minLevelQuantity } = this.settings;
    if (minLevelQuantity === undefined) return lots(1);
    const { step } = this.instrument.grid;
    const count = toGrid(minLevelQuantity, step, 'exact');
    if (count > 0) return lots(count);
    throw new PortcullisError(
      'OPTION_INVALID',
      `BarMarket: minLevelQuantity: expected a positive multiple of ${step.value.toFixed()}, got ${minLevelQuantity}`,
    );
  }

  #check(): void {
    const { intervalMs, stepsPerBar } = this.settings;
    if (stepsPerBar > intervalMs)
      throw new PortcullisError(
        'OPTION_INVALID',
        `BarMarket: stepsPerBar: expected at most one a millisecond, ${intervalMs}, got ${stepsPerBar}`,
      );
    if (this.#bars.length === 0) throw invalid('bars: expected at least one, got none');
    let endMs = -Infinity;
    for (const [i, bar] of this.#bars.entries()) {
      const flaw = barFlaw(bar);
      if (flaw !== undefined)
        throw invalid(`bars.${i}.${flaw.field}: expected ${flaw.expected}, got ${bar[flaw.field]}`);
      if (!(bar.openMs >= endMs))
        throw invalid(
          `bars.${i}.openMs: expected ${endMs}, the end of the bar before, or later, got ${bar.openMs}`,
        );
      endMs = bar.openMs + intervalMs;
    }
  }
}

/** Tells declared books and trades as a venue would. */
class BarFeed {
  readonly #instrumentId: string;
  readonly #latencyMs: number;
  #book: DeclaredBook | undefined;
  #updateId = 0;
  #tradeId = 0;

  constructor(instrumentId: string, latencyMs: number) {
    this.#instrumentId = instrumentId;
    this.#latencyMs = latencyMs;
  }

  *step(exchangeMs: number, book: DeclaredBook, { price, quantity }: BarStep): Generator<MarketEvent> {
    const about = {
      instrumentId: this.#instrumentId,
      exchangeMs,
      receivedMs: exchangeMs + this.#latencyMs,
    };
    const before = this.#book;
    this.#book = book;
    const firstUpdateId = this.#updateId + 1;
    if (before === undefined) {
      this.#updateId = firstUpdateId;
      yield { type: 'snapshot', ...about, updateId: this.#updateId, ...book };
    } else {
      const bids = changed(before.bids, book.bids);
      const asks = changed(before.asks, book.asks);
      this.#updateId += bids.length + asks.length;
      yield { type: 'diff', ...about, firstUpdateId, updateId: this.#updateId, bids, asks };
    }
    const [bid] = book.bids;
    const [ask] = book.asks;
    if (before !== undefined && bid !== undefined && ask !== undefined) {
      if (!same(before.bids[0], bid) || !same(before.asks[0], ask))
        yield { type: 'quote', ...about, updateId: this.#updateId, bid, ask };
    }
    if (quantity === 0) return;
    this.#tradeId += 1;
    const aggressor: Side = price === ask?.price ? 'buy' : 'sell';
    yield { type: 'trade', ...about, tradeId: this.#tradeId, price, quantity, aggressor };
  }
}

/** What makes the levels of before into those of now; where nothing changed, the best one as it is. */
function changed(before: readonly Level[], now: readonly Level[]): Level[] {
  const old = new Map(before.map(({ price, quantity }) => [price, quantity]));
  const set = now.filter(({ price, quantity }) => old.get(price) !== quantity);
  for (const { price } of now) old.delete(price);
  const changes = [...set, ...Array.from(old.keys(), (price) => ({ price, quantity: NONE }))];
  return changes.length > 0 ? changes : now.slice(0, 1);
}

const same = (a: Level | undefined, b: Level): boolean => a?.price === b.price && a.quantity === b.quantity;
const percent = (fraction: number): string => `${Number((fraction * 100).toPrecision(6))} %`;
const invalid = (problem: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `BarMarket: ${problem}`);
