import { type Instrument, type MarketView, defineInstrument } from 'portcullis';
import { type Clock, lots, ticks } from 'portcullis/core';

export const BTC_USD: Instrument = defineInstrument({
  instrumentId: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tick: '0.01',
  step: '0.001',
});

/** A market of this moment, around 60,000: prices in ticks of 0.01, quantities in lots of 0.001. */
export const market = (clock: Clock, spreadTicks = 200): MarketView => ({
  instrumentId: BTC_USD.instrumentId,
  bids: [{ price: ticks(6_000_000 - spreadTicks / 2), quantity: lots(2_000) }],
  asks: [{ price: ticks(6_000_000 + spreadTicks / 2), quantity: lots(400) }],
  mark: ticks(6_000_000),
  recentVolume: lots(10_000),
  volumeWindowMs: 60_000,
  receivedMonotonicMs: clock.monotonicMs(),
  receivedMs: clock.nowMs(),
  problems: [],
});
