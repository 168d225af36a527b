import type { Lots, Ticks } from '../core/units.ts';

/** One price level of a book. */
export interface Level {
  readonly price: Ticks;
  readonly quantity: Lots;
}

/** Everything the data-quality monitor can find. */
export type DataProblemCode =
  | 'NO_BOOK'
  | 'SIDE_EMPTY'
  | 'CROSSED'
  | 'SEQUENCE_GAP'
  | 'PRICE_JUMP'
  | 'STALE'
  | 'CLOCK_OFFSET'
  | 'DUPLICATE'
  | 'OUT_OF_ORDER'
  | 'MALFORMED';

/** Something wrong with the data of an instrument. */
export interface DataProblem {
  readonly code: DataProblemCode;
  readonly instrumentId: string;
  /** Denies entries while it lasts; others are only counted. */
  readonly blocking: boolean;
  readonly measured?: number;
  readonly limit?: number;
  readonly note?: string;
}

/**
 * The market of one instrument at one moment: immutable, and what an order is priced and judged on. Only a view without
 * blocking problems moves marks, P&L and the high-water mark.
 */
export interface MarketView {
  readonly instrumentId: string;
  /** Best first. Empty when nobody bids. */
  readonly bids: readonly Level[];
  /** Best first. Empty when nobody offers. */
  readonly asks: readonly Level[];
  /** The one price at which positions are valued: the middle, rounded down to the tick. NaN without two sides. */
  readonly mark: Ticks;
  /** Traded over the last `volumeWindowMs`. */
  readonly recentVolume: Lots;
  readonly volumeWindowMs: number;
  /** When we received it, by the monotonic clock: freshness is measured with this. */
  readonly receivedMonotonicMs: number;
  /** When we received it, by the wall clock. */
  readonly receivedMs: number;
  /** When the venue says it happened, where it says so. */
  readonly exchangeMs?: number;
  readonly problems: readonly DataProblem[];
}

export const isGood = (view: MarketView): boolean =>
  Number.isSafeInteger(view.mark) && view.mark > 0 && !view.problems.some((problem) => problem.blocking);

/** The middle of a book, rounded down to the tick; NaN when a side is empty. */
export const midMark = (bid: Level | undefined, ask: Level | undefined): Ticks =>
  (bid === undefined || ask === undefined ? NaN : Math.floor((bid.price + ask.price) / 2)) as Ticks;
