import { type Lots, decimal, lots, ticks } from '../../src/core/index.ts';
import {
  type Amendment,
  type BookedOrder,
  type Fill,
  type MarketView,
  type OrderEvent,
  type OrderEventType,
  type OrderIntent,
  type Side,
  defineInstrument,
} from '../../src/trading/index.ts';

/** One lot at one tick is worth 1 USDT, a million units. */
export const GOLD = defineInstrument({
  instrumentId: 'GOLD',
  base: 'XAU',
  quote: 'USDT',
  tick: '1',
  step: '1',
});
export const SILVER = defineInstrument({
  instrumentId: 'SILVER',
  base: 'XAG',
  quote: 'USDT',
  tick: '1',
  step: '1',
});

export const ONE = 1_000_000;

export const viewOf = (overrides: Partial<MarketView> = {}): MarketView => ({
  instrumentId: 'GOLD',
  bids: [{ price: ticks(99), quantity: lots(50) }],
  asks: [{ price: ticks(101), quantity: lots(50) }],
  mark: ticks(100),
  recentVolume: lots(1_000),
  volumeWindowMs: 60_000,
  receivedMonotonicMs: 0,
  receivedMs: 0,
  problems: [],
  ...overrides,
});

export const markOf = (mark: number, instrumentId = 'GOLD', receivedMonotonicMs = 0): MarketView =>
  viewOf({ instrumentId, mark: ticks(mark), receivedMonotonicMs });

export const intentOf = (overrides: Partial<OrderIntent> = {}): OrderIntent => ({
  intentId: 'intent-1',
  accountId: 'acc',
  strategyId: 'strat',
  instrumentId: 'GOLD',
  side: 'buy',
  quantity: '1',
  price: { type: 'limit', limit: '100' },
  ...overrides,
});

export const bookedOf = (
  clientOrderId: string,
  side: Side,
  qty: number,
  overrides: Partial<BookedOrder> = {},
): BookedOrder => ({
  intent: intentOf({ intentId: clientOrderId, side, quantity: String(qty) }),
  clientOrderId,
  instrument: GOLD,
  accountId: 'acc',
  strategyId: 'strat',
  side,
  type: 'limit',
  qty: lots(qty),
  worst: ticks(100),
  reduceOnly: false,
  isExit: false,
  postOnly: false,
  timeInForce: 'GTC',
  ...overrides,
});

export const fillOf = (
  executionId: string,
  quantity: number,
  price = '100',
  fee = '0',
  currency = 'USDT',
): Fill => ({
  executionId,
  quantity: lots(quantity),
  price: decimal(price),
  fee: { amount: decimal(fee), currency },
  liquidity: 'taker',
});

/** A change of an order to `qty` in all at `worst`. */
export const amendmentOf = (qty: number, worst = 100, isExit = false): Amendment => ({
  qty: lots(qty),
  worst: ticks(worst),
  isExit,
});

/** An event of a type, with whatever it needs to be one. */
export function eventOf(
  type: OrderEventType,
  clientOrderId: string,
  detail: { cumulative?: number; fill?: Fill; to?: Amendment } = {},
): OrderEvent {
  const common = { clientOrderId, atMs: 0 };
  const final: { cumulative?: Lots } =
    detail.cumulative === undefined ? {} : { cumulative: lots(detail.cumulative) };
  const to = detail.to ?? amendmentOf(20);
  switch (type) {
    case 'amendRequested':
      return { ...common, type, to };
    case 'amended':
      return { ...common, type, qty: to.qty, worst: to.worst };
    case 'abandoned':
      return { ...common, type, because: { gate: 'desk', code: 'JOURNAL_UNAVAILABLE' } };
    case 'filled':
      return { ...common, type, fill: detail.fill ?? fillOf('execution', 1) };
    case 'cancelled':
    case 'expired':
      return { ...common, type, ...final };
    case 'rejected':
    case 'timedOut':
    case 'cancelFailed':
    case 'amendFailed':
      return { ...common, type, reason: 'the venue said so' };
    case 'accepted':
    case 'cancelRequested':
    case 'absent':
      return { ...common, type };
  }
}
