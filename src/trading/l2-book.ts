import type { Lots, Ticks } from '../core/units.ts';
import type { Level } from './market-view.ts';

/** Empty levels that are kept in any case. */
const MOST_EMPTY = 64;

/**
 * One side of a book by price level, kept sorted. Updates near the best price, which are nearly all of them, touch the
 * end of an array. A level that empties keeps its place, since it mostly comes back; the best one is never empty.
 */
class BookSide {
  /** Worst first, so that the best level is at the end. */
  #levels: Level[] = [];
  #empty = 0;
  readonly #direction: 1 | -1;

  /** @param direction 1 when a higher price is better (bids), -1 when a lower one is (asks) */
  constructor(direction: 1 | -1) {
    this.#direction = direction;
  }

  get size(): number {
    return this.#levels.length - this.#empty;
  }

  get best(): Level | undefined {
    return this.#levels.at(-1);
  }

  reset(levels: readonly Level[]): void {
    this.#levels = [];
    this.#empty = 0;
    for (const level of levels) this.set(level);
  }

  /** Sets the quantity at a price; 0 removes the level. Returns the quantity that was there. */
  set(level: Level): Lots {
    const at = this.#find(level.price);
    const present = this.#levels[at];
    if (present?.price !== level.price) {
      if (level.quantity > 0) this.#levels.splice(at, 0, level);
      return 0 as Lots;
    }
    this.#levels[at] = level;
    if (!(present.quantity > 0)) this.#empty -= 1;
    if (!(level.quantity > 0)) this.#emptied(at);
    return present.quantity;
  }

  quantityAt(price: Ticks): Lots {
    const level = this.#levels[this.#find(price)];
    return level?.price === price ? level.quantity : (0 as Lots);
  }

  /** Best first, at most `count`. */
  top(count: number): Level[] {
    return this.#fill([], this.#levels.length, count);
  }

  /** `level` as the best one, and below it those that are worse: best first, at most `count`. */
  topUnder(level: Level, count: number): Level[] {
    return this.#fill([level], this.#find(level.price), count);
  }

  /** Drops every level better than `price`. */
  trimBetterThan(price: Ticks): void {
    while (this.best !== undefined && (this.best.price - price) * this.#direction > 0) this.#dropBest();
  }

  /** Adds the levels before index `end`, from the best down, until there are `count`. */
  #fill(result: Level[], end: number, count: number): Level[] {
    for (let at = end - 1; at >= 0 && result.length < count; at -= 1) {
      const level = this.#levels[at];
      if (level !== undefined && level.quantity > 0) result.push(level);
    }
    return result;
  }

  #emptied(at: number): void {
    this.#empty += 1;
    if (at === this.#levels.length - 1) {
      this.#empty -= 1;
      this.#dropBest();
    } else if (this.#empty > Math.max(this.size, MOST_EMPTY)) {
      this.#levels = this.#levels.filter(({ quantity }) => quantity > 0);
      this.#empty = 0;
    }
  }

  /** Drops the last level, and the empty ones that it stood before. */
  #dropBest(): void {
    this.#levels.pop();
    while (this.best !== undefined && !(this.best.quantity > 0)) {
      this.#levels.pop();
      this.#empty -= 1;
    }
  }

  /** Index of the first level that is not worse than `price`: in growing steps from the best end, then by halves. */
  #find(price: Ticks): number {
    let high = this.#levels.length;
    let low = high;
    for (let step = 1; low > 0 && !this.#worse(low - 1, price); step *= 2) {
      high = low - 1;
      low = Math.max(0, low - step);
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#worse(middle, price)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #worse(at: number, price: Ticks): boolean {
    const level = this.#levels[at];
    return level !== undefined && (level.price - price) * this.#direction < 0;
  }
}

/** A price-level order book. */
export class L2Book {
  readonly bids = new BookSide(1);
  readonly asks = new BookSide(-1);

  /** Replaces everything. */
  reset(bids: readonly Level[], asks: readonly Level[]): void {
    this.bids.reset(bids);
    this.asks.reset(asks);
  }

  apply(bids: readonly Level[], asks: readonly Level[]): void {
    for (const level of bids) this.bids.set(level);
    for (const level of asks) this.asks.set(level);
  }

  /** Whether somebody bids as much as, or more than, somebody asks. */
  get crossed(): boolean {
    const { best: bid } = this.bids;
    const { best: ask } = this.asks;
    return bid !== undefined && ask !== undefined && bid.price >= ask.price;
  }
}

export type { BookSide };
