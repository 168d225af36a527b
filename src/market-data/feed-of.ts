import type { MarketEvent } from '../trading/market-event.ts';
import type { MarketFeed } from './market-feed.ts';
import { untilAborted } from './until-aborted.ts';

/** Few, so that what has been dealt with is garbage before it is old. */
const BATCH = 200;

/**
 * A simulated market, or any other sequence of events, as a feed. It can be iterated as often as what it is made of. It
 * waits for nothing: for the pace of real time see `PacedReplay`, for that of a manual clock `FastReplay`.
 */
export const feedOf = (
  name: string,
  events: Iterable<MarketEvent> | AsyncIterable<MarketEvent>,
): MarketFeed => ({
  name,
  batches: (signal) => untilAborted(batched(events), signal),
});

async function* batched(
  events: Iterable<MarketEvent> | AsyncIterable<MarketEvent>,
): AsyncGenerator<readonly MarketEvent[], void, undefined> {
  let batch: MarketEvent[] = [];
  for await (const event of events) {
    batch.push(event);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
