import type { MarketEvent } from '../trading/market-event.ts';

/** Something between the venue and us that alters what we hear of one instrument. */
export interface FeedStage {
  /** What we hear instead of an event, at the time at which we would have heard it. */
  take(event: MarketEvent): readonly MarketEvent[];
}
