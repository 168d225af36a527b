import type { SeededRandom } from '../core/random.ts';
import { type Lots, type Ticks, lots, sub, ticks } from '../core/units.ts';
import type { Level } from '../trading/market-view.ts';
import type { Side } from '../trading/order-intent.ts';
import type { MarketMood } from './price-path.ts';

/** Part of the levels whose quantity changes in a step without a trade. */
const CHURN = 0.12;
const MOST_LOTS = 2 ** 40;
const NONE = lots(0);

export interface SimulatedBookOptions {
  /** Usual spread as a fraction of the price. */
  readonly spreadFraction: number;
  /** Distance between two levels, in ticks: 1 or more. */
  readonly gap: number;
  readonly levels: number;
  /** Usual quantity at a level. */
  readonly levelLots: number;
}

export interface BookChanges {
  readonly bids: Level[];
  readonly asks: Level[];
}

type SideName = keyof BookChanges;

/**
 * The book that others quote: levels on a fixed, irregular lattice of prices, so that a level keeps its price and most of
 * its quantity while the market stays near it. Never crossed, never empty on a side.
 */
export class SimulatedBook {
  readonly #options: SimulatedBookOptions;
  readonly #random: SeededRandom;
  /** Lattice index to quantity; 0 where a trade has taken all. */
  readonly #quantities = { bids: new Map<number, Lots>(), asks: new Map<number, Lots>() };
  readonly #touched = { bids: new Set<number>(), asks: new Set<number>() };
  #bestBid = 1;
  #bestAsk = 2;

  constructor(options: SimulatedBookOptions, random: SeededRandom) {
    this.#options = options;
    this.#random = random;
  }

  /** Moves the quotes to where the market is now. Levels that traded since the last time change by that alone. */
  requote({ mid, spread, depth }: MarketMood): BookChanges {
    const half = (mid * Math.min(this.#options.spreadFraction * spread, 0.5)) / 2;
    this.#bestBid = Math.max(1, this.#indexBelow(mid - half));
    this.#bestAsk = Math.max(this.#bestBid + 1, this.#indexBelow(mid + half) + 1);
    const changes = {
      bids: this.#requoteSide('bids', depth),
      asks: this.#requoteSide('asks', depth),
    };
    this.#touched.bids.clear();
    this.#touched.asks.clear();
    return changes;
  }

  /** What a taker of `wanted` gets, level by level; the last level of a side is never taken whole. */
  take(aggressor: Side, wanted: Lots): readonly Level[] {
    const side = aggressor === 'buy' ? 'asks' : 'bids';
    const prints: Level[] = [];
    let left = wanted;
    const standing = [...this.#levels(side)];
    for (const [at, index] of standing.entries()) {
      const present = this.#quantityAt(side, index);
      const most = at === standing.length - 1 ? sub(present, lots(1)) : present;
      const quantity = lots(Math.min(left, most));
      if (quantity === 0) break;
      this.#quantities[side].set(index, sub(present, quantity));
      this.#touched[side].add(index);
      prints.push({ price: this.#price(index), quantity });
      left = sub(left, quantity);
    }
    return prints;
  }

  /** The standing levels, best first. */
  side(side: SideName): Level[] {
    return Array.from(this.#levels(side), (index) => this.#level(side, index));
  }

  best(side: SideName): Level | undefined {
    for (const index of this.#levels(side)) return this.#level(side, index);
    return undefined;
  }

  #requoteSide(side: SideName, depth: number): Level[] {
    const quantities = this.#quantities[side];
    const window = this.#window(side);
    const changes: Level[] = [];
    for (const [index, quantity] of quantities) {
      if (index >= window.low && index <= window.high) continue;
      quantities.delete(index);
      if (quantity > 0 || this.#touched[side].has(index))
        changes.push({ price: this.#price(index), quantity: NONE });
    }
    for (let n = 0; n <= window.high - window.low; n += 1) {
      const index = side === 'bids' ? window.high - n : window.low + n;
      const present = quantities.get(index) ?? NONE;
      const touched = this.#touched[side].has(index);
      const next = touched || (present > 0 && this.#random.next() >= CHURN) ? present : this.#draw(n, depth);
      quantities.set(index, next);
      if (touched || next !== present) changes.push({ price: this.#price(index), quantity: next });
    }
    return changes;
  }

  /** Usual quantity, more of it further away, with noise. */
  #draw(distance: number, depth: number): Lots {
    const usual = this.#options.levelLots * depth * (1 + 0.2 * distance);
    const drawn = Math.round(usual * Math.exp(0.5 * this.#random.normal()));
    return lots(Math.min(MOST_LOTS, Math.max(1, drawn)));
  }

  #window(side: SideName): { readonly low: number; readonly high: number } {
    const { levels } = this.#options;
    return side === 'bids'
      ? { low: Math.max(1, this.#bestBid - levels + 1), high: this.#bestBid }
      : { low: this.#bestAsk, high: this.#bestAsk + levels - 1 };
  }

  /** Lattice indices with something on them, best first. */
  *#levels(side: SideName): Generator<number> {
    const { low, high } = this.#window(side);
    for (let n = 0; n <= high - low; n += 1) {
      const index = side === 'bids' ? high - n : low + n;
      if (this.#quantityAt(side, index) > 0) yield index;
    }
  }

  #quantityAt(side: SideName, index: number): Lots {
    return this.#quantities[side].get(index) ?? NONE;
  }

  #level(side: SideName, index: number): Level {
    return { price: this.#price(index), quantity: this.#quantityAt(side, index) };
  }

  /** Each index has one price for ever, somewhere within its gap. */
  #price(index: number): Ticks {
    return ticks(index * this.#options.gap + (scatter(index) % this.#options.gap));
  }

  #indexBelow(price: number): number {
    const index = Math.floor(price / this.#options.gap);
    return this.#price(index) <= price ? index : index - 1;
  }
}

/** A fixed whole number for each index, from 0 to 2^32 - 1, that looks random (the mixer of MurmurHash3). */
function scatter(index: number): number {
  let h = index >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
