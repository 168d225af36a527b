import type { BookSide } from '../trading/l2-book.ts';
import type { BestQuote } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';
import type { VerifiedBook } from './verified-book.ts';

const NONE: readonly Level[] = [];

/**
 * The best levels of an instrument, from the book and from the quotes, whichever is fresher by update id. A quote newer
 * than the book gives the best level of each side; below it stand the levels of the book that are worse. A quote that is
 * not newer changes nothing. While the book is not valid, the quote is all there is.
 *
 * Arrays that have been handed out are never altered, and stay the same as long as nothing in them changes.
 */
export class BookTop {
  bids: readonly Level[] = NONE;
  asks: readonly Level[] = NONE;
  readonly #book: VerifiedBook;
  readonly #depth: number;
  #quote: BestQuote | undefined;

  constructor(book: VerifiedBook, depth: number) {
    this.#book = book;
    this.#depth = depth;
  }

  /** The last quote, if it is newer than the book. */
  get newerQuote(): BestQuote | undefined {
    const quote = this.#quote;
    return quote !== undefined && quote.updateId > this.#book.updateId ? quote : undefined;
  }

  /** @returns whether it was newer than the book, so that it counts */
  quote(quote: BestQuote): boolean {
    const book = this.#book;
    if (book.isValid() && quote.updateId <= book.updateId) return false;
    this.#quote = quote;
    this.bids = this.#withBest(this.bids, quote.bid, book.bids);
    this.asks = this.#withBest(this.asks, quote.ask, book.asks);
    return true;
  }

  /** Takes over what has changed in the book. */
  refresh(): void {
    const { bids, asks, updateId } = this.#book;
    const quote = this.#quote;
    if (this.#book.isValid() && (quote === undefined || quote.updateId <= updateId)) {
      this.bids = bids.top(this.#depth);
      this.asks = asks.top(this.#depth);
    } else {
      this.bids = quote === undefined ? NONE : this.#under(quote.bid, bids);
      this.asks = quote === undefined ? NONE : this.#under(quote.ask, asks);
    }
  }

  /** The levels held, which agree with the book, under another best one. */
  #withBest(held: readonly Level[], best: Level, side: BookSide): readonly Level[] {
    if (held[0]?.price !== best.price || best.quantity === 0) return this.#under(best, side);
    if (held[0].quantity === best.quantity) return held;
    const changed = held.slice();
    changed[0] = best;
    return changed;
  }

  #under(best: Level, side: BookSide): readonly Level[] {
    if (best.quantity === 0) return NONE;
    return this.#book.isValid() ? side.topUnder(best, this.#depth) : [best];
  }
}
