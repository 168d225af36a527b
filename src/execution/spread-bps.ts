import type { MarketView } from '../trading/market-view.ts';

/** The spread in bps of the middle: below 0 when it is crossed, NaN when a side is empty. */
export function spreadBps({ bids, asks }: Pick<MarketView, 'bids' | 'asks'>): number {
  const bid = bids[0]?.price ?? NaN;
  const ask = asks[0]?.price ?? NaN;
  return ((ask - bid) * 20_000) / (ask + bid);
}
