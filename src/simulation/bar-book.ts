import { type Lots, type Ticks, lots, max, ticks } from '../core/units.ts';
import type { Level } from '../trading/market-view.ts';
import type { Side } from '../trading/order-intent.ts';
import type { BarMarketSettings } from './bar-market-options.ts';
import type { GridBar } from './grid-bar.ts';

const BPS = 10_000;
const MOST_LOTS = 2 ** 40;

/** What a bar that has been played tells of those to come. */
export interface RecentBars {
  /** Mean of high less low, in ticks. */
  readonly range: number;
  /** Mean volume, in lots. */
  readonly volume: number;
}

/** Means over the last bars that are finished. */
export class RecentMean {
  readonly #most: number;
  readonly #bars: GridBar[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(bar: GridBar): void {
    this.#bars.push(bar);
    if (this.#bars.length > this.#most) this.#bars.shift();
  }

  /** @param first is taken as long as none is finished */
  over(first: GridBar): RecentBars {
    const bars = this.#bars.length === 0 ? [first] : this.#bars;
    const mean = (of: (bar: GridBar) => number): number =>
      bars.reduce((sum, bar) => sum + of(bar), 0) / bars.length;
    return { range: mean(({ high, low }) => high - low), volume: mean(({ volume }) => volume) };
  }
}

export interface DeclaredBook {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** The declared book of a bar market: a price, and who pays it, in; levels out. */
export function declaredBook(
  price: Ticks,
  aggressor: Side,
  recent: RecentBars,
  model: Pick<
    BarMarketSettings,
    'halfSpreadBps' | 'rangeSpreadFraction' | 'levels' | 'levelGapBps' | 'levelVolumeFraction'
  > & {
    readonly minLevelLots: Lots;
  },
): DeclaredBook {
  const spread = Math.max(
    1,
    Math.round((2 * model.halfSpreadBps * price) / BPS + model.rangeSpreadFraction * recent.range),
  );
  const gap = Math.max(1, Math.round((model.levelGapBps * price) / BPS));
  const quantity = max(
    model.minLevelLots,
    lots(Math.min(MOST_LOTS, Math.round(model.levelVolumeFraction * recent.volume))),
  );
  // A buyer pays the ask; where no bid would fit below it, the price is taken to be the bid.
  const isAsk = aggressor === 'buy' && price - spread >= 1;
  const bid = isAsk ? price - spread : price;
  const ask = isAsk ? price : price + spread;
  const side = (best: number, direction: 1 | -1): Level[] =>
    Array.from({ length: model.levels }, (_, n) => ({
      price: ticks(best + direction * n * gap),
      quantity,
    })).filter((level) => level.price >= 1);
  return { bids: side(bid, -1), asks: side(ask, 1) };
}
