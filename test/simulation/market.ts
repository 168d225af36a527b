import { lots, ticks } from '../../src/core/units.ts';
import type { MatchEvent, MatchOrder } from '../../src/simulation/index.ts';
import {
  type BestQuote,
  type BookDiff,
  type BookSnapshot,
  type Level,
  type PublicTrade,
  type Side,
  defineInstrument,
} from '../../src/trading/index.ts';

/** Whole ticks and lots, so that prices and quantities read as what they are. */
export const instrument = defineInstrument({
  instrumentId: 'ABC-USD',
  base: 'ABC',
  quote: 'USD',
  tick: '1',
  step: '1',
});

export type Pair = readonly [price: number, quantity: number];

const levels = (pairs: readonly Pair[]): Level[] =>
  pairs.map(([price, quantity]) => ({ price: ticks(price), quantity: lots(quantity) }));

const about = { instrumentId: 'ABC-USD', receivedMs: 0 };

export const snapshot = (bids: readonly Pair[], asks: readonly Pair[], updateId = 10): BookSnapshot => ({
  type: 'snapshot',
  ...about,
  updateId,
  bids: levels(bids),
  asks: levels(asks),
});

export const diff = (
  updateId: number,
  { bids = [], asks = [] }: { bids?: readonly Pair[]; asks?: readonly Pair[] },
): BookDiff => ({
  type: 'diff',
  ...about,
  firstUpdateId: updateId,
  updateId,
  bids: levels(bids),
  asks: levels(asks),
});

export const quote = (updateId: number, bid: Pair, ask: Pair): BestQuote => ({
  type: 'quote',
  ...about,
  updateId,
  bid: { price: ticks(bid[0]), quantity: lots(bid[1]) },
  ask: { price: ticks(ask[0]), quantity: lots(ask[1]) },
});

export const trade = (aggressor: Side, price: number, quantity: number): PublicTrade => ({
  type: 'trade',
  ...about,
  tradeId: 1,
  price: ticks(price),
  quantity: lots(quantity),
  aggressor,
});

export const order = (
  orderId: string,
  side: Side,
  quantity: number,
  price: number,
  rest: Partial<MatchOrder> = {},
): MatchOrder => ({
  orderId,
  instrumentId: 'ABC-USD',
  side,
  quantity: lots(quantity),
  price: ticks(price),
  postOnly: false,
  timeInForce: 'GTC',
  ...rest,
});

/** Match events as a person would write them down. */
export const said = (events: readonly MatchEvent[]): string[] =>
  events.map((event) => {
    switch (event.type) {
      case 'accepted':
        return `${event.orderId} accepted`;
      case 'rejected':
        return `${event.orderId} rejected ${event.reason}`;
      case 'filled':
        return `${event.orderId} ${event.side} ${event.quantity} @ ${event.price} ${event.liquidity}`;
      case 'cancelled':
        return `${event.orderId} cancelled after ${event.cumulative}`;
      case 'cancelRefused':
        return `${event.orderId} cancel refused`;
      case 'amended':
        return `${event.orderId} amended to ${event.quantity} @ ${event.price}`;
      case 'amendRefused':
        return `${event.orderId} amend refused ${event.reason}`;
    }
  });
