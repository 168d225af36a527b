import type { Lots, Ticks } from '../core/units.ts';
import type { Level } from './market-view.ts';
import type { Side } from './order-intent.ts';

interface Received {
  readonly instrumentId: string;
  /** When we received it, wall time in milliseconds; fractions are kept. */
  readonly receivedMs: number;
  /** When we received it, on the monotonic clock of this process: its age counts from here. Missing where that is when it is applied. */
  readonly receivedMonotonicMs?: number;
  /** When the venue says it happened, where it says so. */
  readonly exchangeMs?: number;
}

/** A whole book, as of `updateId`. */
export interface BookSnapshot extends Received {
  readonly type: 'snapshot';
  readonly updateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** Changes to a book, from `firstUpdateId` to `updateId`. A quantity of 0 removes the level. */
export interface BookDiff extends Received {
  readonly type: 'diff';
  readonly firstUpdateId: number;
  readonly updateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** The best prices, as of `updateId`. */
export interface BestQuote extends Received {
  readonly type: 'quote';
  readonly updateId: number;
  readonly bid: Level;
  readonly ask: Level;
}

/** Somebody traded. */
export interface PublicTrade extends Received {
  readonly type: 'trade';
  readonly tradeId: number;
  readonly price: Ticks;
  readonly quantity: Lots;
  /** The side that took liquidity. */
  readonly aggressor: Side;
}

/** What a source of market data delivers, in the order of receipt; a recording, a simulation and a live feed alike. */
export type MarketEvent = BookSnapshot | BookDiff | BestQuote | PublicTrade;
