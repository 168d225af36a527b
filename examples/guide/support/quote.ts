import type { Clock, MarketView } from 'portcullis';
import { lots, ticks } from 'portcullis/core';

/** A good view of the bitcoin around a price in dollars: 20 BTC a dollar away on each side, 1,000 BTC traded lately. */
export const quote = (clock: Clock, dollars: number): MarketView => ({
  instrumentId: 'BTC-USD',
  bids: [{ price: ticks((dollars - 1) * 100), quantity: lots(20_000) }],
  asks: [{ price: ticks((dollars + 1) * 100), quantity: lots(20_000) }],
  mark: ticks(dollars * 100),
  recentVolume: lots(1_000_000),
  volumeWindowMs: 60_000,
  receivedMonotonicMs: clock.monotonicMs(),
  receivedMs: clock.nowMs(),
  problems: [],
});
