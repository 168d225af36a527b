import type {
  BestQuote,
  BookDiff,
  BookSnapshot,
  Instrument,
  Level,
  PublicTrade,
} from '../../src/trading/index.ts';
import { defineInstrument } from '../../src/trading/index.ts';
import { type Lots, type Ticks, lots, ticks } from '../../src/core/index.ts';

export const BTC: Instrument = defineInstrument({
  instrumentId: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tick: '0.01',
  step: '0.00001',
});

/** Price in ticks, quantity in lots. */
export const level = (price: number, quantity: number): Level => ({
  price: ticks(price),
  quantity: lots(quantity),
});

export const levels = (...pairs: readonly (readonly [price: number, quantity: number])[]): readonly Level[] =>
  pairs.map(([price, quantity]) => level(price, quantity));

const received = { instrumentId: BTC.instrumentId, receivedMs: 1_000 };

export const snapshot = (updateId: number, with_: Partial<BookSnapshot> = {}): BookSnapshot => ({
  type: 'snapshot',
  ...received,
  updateId,
  bids: levels([100, 1], [99, 2], [98, 3]),
  asks: levels([101, 1], [102, 2], [103, 3]),
  ...with_,
});

export const diff = (firstUpdateId: number, updateId: number, with_: Partial<BookDiff> = {}): BookDiff => ({
  type: 'diff',
  ...received,
  firstUpdateId,
  updateId,
  bids: [],
  asks: [],
  ...with_,
});

export const quote = (
  updateId: number,
  bid: Level,
  ask: Level,
  with_: Partial<BestQuote> = {},
): BestQuote => ({
  type: 'quote',
  ...received,
  updateId,
  bid,
  ask,
  ...with_,
});

export const trade = (tradeId: number, with_: Partial<PublicTrade> = {}): PublicTrade => ({
  type: 'trade',
  ...received,
  tradeId,
  price: 100 as Ticks,
  quantity: 1 as Lots,
  aggressor: 'buy',
  ...with_,
});
