import { type Lots, type Ticks, add, lots, max, min, sub } from '../core/units.ts';
import { L2Book } from '../trading/l2-book.ts';
import type { BestQuote, BookDiff, BookSnapshot } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';

/** Which side of the book. */
export type BookSideName = 'bids' | 'asks';

const NONE = lots(0);
/** A share is counted in whole millionths, so that a tenth of ten is one. */
const PARTS = 1_000_000;

/**
 * The displayed quantities of everybody else, less what we took: a quantity taken stays gone until the market shows
 * another quantity at that price. Of each quantity displayed we may take a share, rounded down to whole lots.
 *
 * Quotes may run ahead of diffs: what a diff says about the touch or beyond is ignored if a newer quote has spoken.
 * After a gap it goes on with what comes, since the market did so too.
 */
export class ExternalBook {
  readonly #book = new L2Book();
  readonly #taken = { bids: new Map<Ticks, Lots>(), asks: new Map<Ticks, Lots>() };
  readonly #shareParts: number;
  #updateId: number | undefined;
  #quote: BestQuote | undefined;

  /** @param participationFraction the share of a displayed quantity that we may take, above 0 and at most 1 */
  constructor(participationFraction = 1) {
    this.#shareParts = Math.round(participationFraction * PARTS);
  }

  /** Whether there has been a snapshot. */
  get known(): boolean {
    return this.#updateId !== undefined;
  }

  /** A crossed book is a mistake of the data: nothing trades against it. */
  get crossed(): boolean {
    return this.#book.crossed;
  }

  apply(event: BookSnapshot | BookDiff | BestQuote): void {
    if (event.type === 'snapshot') {
      this.#book.reset(event.bids, event.asks);
      this.#taken.bids.clear();
      this.#taken.asks.clear();
      this.#updateId = event.updateId;
      this.#quote = undefined;
    } else if (this.#updateId === undefined || event.updateId < this.#updateId) {
      return; // before the snapshot, or older than what is known
    } else if (event.type === 'diff') {
      const newer =
        this.#quote !== undefined && this.#quote.updateId > event.updateId ? this.#quote : undefined;
      for (const level of event.bids) {
        if (newer === undefined || level.price < newer.bid.price) this.#set('bids', level);
      }
      for (const level of event.asks) {
        if (newer === undefined || level.price > newer.ask.price) this.#set('asks', level);
      }
      this.#updateId = event.updateId;
    } else {
      if (this.#quote !== undefined && event.updateId < this.#quote.updateId) return;
      this.#book.bids.trimBetterThan(event.bid.price);
      this.#book.asks.trimBetterThan(event.ask.price);
      this.#set('bids', event.bid);
      this.#set('asks', event.ask);
      this.#quote = event;
    }
  }

  /** What is displayed at a price, whoever took of it. */
  shown(side: BookSideName, price: Ticks): Lots {
    return this.#book[side].quantityAt(price);
  }

  /** The best level from which something can still be taken, with what is left of it. */
  best(side: BookSideName): Level | undefined {
    const level = this.#first(side, (one) => this.#left(side, one) > 0);
    return level && { price: level.price, quantity: this.#left(side, level) };
  }

  /** The best price at which something stands that we did not take, whether we may take of it or not. */
  touch(side: BookSideName): Ticks | undefined {
    return this.#first(side, (one) => one.quantity > this.#takenAt(side, one.price))?.price;
  }

  /** What can be taken at prices up to `limit`, at most `wanted`. */
  within(side: BookSideName, limit: Ticks, wanted: Lots): Lots {
    let sum = NONE;
    for (const level of this.#book[side].top(this.#book[side].size)) {
      if (sum >= wanted || !reaches(side, limit, level.price)) break;
      sum = add(sum, this.#left(side, level));
    }
    return min(sum, wanted);
  }

  take(side: BookSideName, price: Ticks, quantity: Lots): void {
    this.#taken[side].set(price, add(this.#takenAt(side, price), quantity));
  }

  #first(side: BookSideName, isIt: (level: Level) => boolean): Level | undefined {
    const { best, size } = this.#book[side];
    if (best === undefined || isIt(best)) return best;
    for (let count = 8; ; count *= 4) {
      const level = this.#book[side].top(count).find(isIt);
      if (level !== undefined || count >= size) return level;
    }
  }

  #left(side: BookSideName, { price, quantity }: Level): Lots {
    const share =
      this.#shareParts === PARTS ? quantity : lots(Math.floor((quantity * this.#shareParts) / PARTS));
    return max(sub(share, this.#takenAt(side, price)), NONE);
  }

  #takenAt(side: BookSideName, price: Ticks): Lots {
    return this.#taken[side].get(price) ?? NONE;
  }

  #set(side: BookSideName, level: Level): void {
    const before = this.#book[side].set(level);
    if (before !== level.quantity) this.#taken[side].delete(level.price);
  }
}

/** Whether an order limited to `limit` may trade with a level of that side at `price`. */
export const reaches = (side: BookSideName, limit: Ticks, price: Ticks): boolean =>
  side === 'asks' ? price <= limit : price >= limit;
