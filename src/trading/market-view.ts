import type { Lots, Ticks } from '../core/units.ts';

/** One price level of a book. */
export interface Level {
  readonly price: Ticks;
  readonly quantity: Lots;
}

/** Everything that can be found wrong with data: `SOURCE_DEVIATION` by comparing several sources, the others by the data-quality monitor. */
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
  | 'MALFORMED'
  | 'SOURCE_DEVIATION';

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

/** The spread of the recent past, of samples that are over: the one of now is not among them. */
export interface RecentSpread {
  /** Median, in bps of the middle. Of an even number of samples the mean of the two in the middle. */
  readonly medianBps: number;
  /** How many good samples it is the median of, 1 or more. */
  readonly samples: number;
  readonly windowMs: number;
}

/** The range of the good marks of the recent past, of samples that are over: the mark of now may lie outside. */
export interface RecentMarks {
  readonly low: Ticks;
  readonly high: Ticks;
  readonly windowMs: number;
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
  /** What the spread has been. Missing without good samples in its window, and where nobody keeps them. */
  readonly recentSpread?: RecentSpread;
  /** Where the mark has been. Missing without good samples in its window, and where nobody keeps them. */
  readonly recentMarks?: RecentMarks;
  /** When we received it, by the monotonic clock: freshness is measured with this. */
  readonly receivedMonotonicMs: number;
  /** When we received it, by the wall clock. */
  readonly receivedMs: number;
  /** When the venue says it happened, where it says so. */
  readonly exchangeMs?: number;
  readonly problems: readonly DataProblem[];
}

export const isGood = (view: Pick<MarketView, 'mark' | 'problems'>): boolean =>
  Number.isSafeInteger(view.mark) && view.mark > 0 && !view.problems.some((problem) => problem.blocking);

/** The middle of a book, rounded down to the tick; NaN when a side is empty. */
export const midMark = (bid: Level | undefined, ask: Level | undefined): Ticks =>
  (bid === undefined || ask === undefined ? NaN : Math.floor((bid.price + ask.price) / 2)) as Ticks;
