import { MatchingEngine, type MatchingOptions } from '../../src/simulation/index.ts';
import type { MarketEvent } from '../../src/trading/index.ts';
import { instrument, snapshot } from './market.ts';

/** A book around 100: three levels on each side. */
export const usual = snapshot(
  [
    [99, 10],
    [98, 20],
    [95, 30],
  ],
  [
    [101, 10],
    [102, 20],
    [105, 30],
  ],
);

/** One that has seen these events; without any, the usual book. */
export const engine = (...events: MarketEvent[]): MatchingEngine =>
  engineWith({}, ...(events.length === 0 ? [usual] : events));

export function engineWith(options: MatchingOptions, ...events: MarketEvent[]): MatchingEngine {
  const made = new MatchingEngine(options, { instrument });
  for (const event of events) made.onMarket(event);
  return made;
}
