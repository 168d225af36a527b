import { type Lots, type Ticks, lots, ticks } from '../../src/core/index.ts';
import { clientOrderId } from '../../src/core/ids.ts';
import {
  type HeldOrder,
  type Instrument,
  type InstrumentOptions,
  type OrderIntent,
  type PricedOrder,
  defineInstrument,
} from '../../src/trading/index.ts';
import { marketOf } from './views.ts';

/** One lot at one tick is worth 1 USDT unless said otherwise. */
export const instrumentOf = (options: Partial<InstrumentOptions> = {}): Instrument =>
  defineInstrument({ instrumentId: 'GOLD', base: 'XAU', quote: 'USDT', tick: '1', step: '1', ...options });

export const GOLD = instrumentOf();

export type PricedOverrides = Partial<Omit<PricedOrder, 'qty' | 'worst' | 'intent'>> & {
  readonly intentId?: string;
  readonly qty?: number;
  readonly worst?: number;
};

/** A limit order to buy 10 GOLD at 100, as `priceOrder` gives it. */
export function pricedOf({ intentId = 'intent-1', ...overrides }: PricedOverrides = {}): PricedOrder {
  const accountId = overrides.accountId ?? 'acc';
  const strategyId = overrides.strategyId ?? 'strat';
  const instrument = overrides.instrument ?? GOLD;
  const side = overrides.side ?? 'buy';
  const qty = overrides.qty ?? 10;
  const worst = overrides.worst ?? 100;
  const intent: OrderIntent = {
    intentId,
    accountId,
    strategyId,
    instrumentId: instrument.instrumentId,
    side,
    quantity: String(qty),
    price: { type: 'limit', limit: String(worst) },
  };
  return {
    intent,
    clientOrderId: clientOrderId(accountId, strategyId, intentId),
    type: 'limit',
    view: marketOf({ instrumentId: instrument.instrumentId }),
    reduceOnly: false,
    postOnly: undefined,
    timeInForce: undefined,
    ...overrides,
    accountId,
    strategyId,
    instrument,
    side,
    qty: lots(qty) satisfies Lots,
    worst: ticks(worst) satisfies Ticks,
  };
}

export type HeldOverrides = PricedOverrides & Partial<Pick<HeldOrder, 'isExit' | 'decidedMonotonicMs'>>;

/** The same order as the guard holds it: an entry, plain GTC. */
export const heldOf = ({
  isExit = false,
  decidedMonotonicMs = 0,
  ...overrides
}: HeldOverrides = {}): HeldOrder => ({
  ...pricedOf(overrides),
  postOnly: overrides.postOnly ?? false,
  timeInForce: overrides.timeInForce ?? 'GTC',
  isExit,
  decidedMonotonicMs,
});
