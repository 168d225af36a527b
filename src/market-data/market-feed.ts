import type { MarketEvent } from '../trading/market-event.ts';

/**
 * A source of market data: a recording, a simulation and a live feed alike, so that whoever takes one need not know which.
 */
export interface MarketFeed {
  /** What it is called in metrics, logs and errors. */
  readonly name: string;
  /**
   * The events in the order of receipt, one or many at a time; nothing need be started first. It ends when there are no more, and within the tick in which
   * the signal aborts, which is no error.
   */
  batches(signal?: AbortSignal): AsyncIterable<readonly MarketEvent[]>;
  /** Gets the book of an instrument anew, for who has lost it where the feed sees no hole. Missing where there is none to get. */
  refresh?(instrumentId: string): void;
}
