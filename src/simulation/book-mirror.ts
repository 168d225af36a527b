import { L2Book } from '../trading/l2-book.ts';
import type { BookDiff, BookSnapshot, MarketEvent } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';

export interface MirroredLevels {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** The book that a feed has told so far. */
export class BookMirror {
  readonly book = new L2Book();
  #updateId: number | undefined;

  /** Whether there has been a snapshot. */
  get known(): boolean {
    return this.#updateId !== undefined;
  }

  apply(event: MarketEvent): void {
    if (event.type === 'snapshot') {
      this.book.reset(event.bids, event.asks);
      this.#updateId = event.updateId;
    } else if (event.type === 'diff' && this.known) {
      this.book.apply(event.bids, event.asks);
      this.#updateId = event.updateId;
    }
  }

  levels(): MirroredLevels {
    const { bids, asks } = this.book;
    return { bids: bids.top(bids.size), asks: asks.top(asks.size) };
  }

  /** The whole book, stamped like an event that it includes. */
  snapshot({ instrumentId, receivedMs, exchangeMs, updateId }: BookDiff): BookSnapshot {
    const snapshot = { type: 'snapshot' as const, instrumentId, receivedMs, updateId, ...this.levels() };
    return exchangeMs === undefined ? snapshot : { ...snapshot, exchangeMs };
  }
}
