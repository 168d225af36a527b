import type { DecimalInput } from '../core/decimal.ts';
import { clientOrderId, isId } from '../core/ids.ts';
import { type Increment, type Rounding, toGrid } from '../core/increment.ts';
import { type Lots, type Ticks, lots, ticks } from '../core/units.ts';
import { type Denial, deny } from './denial.ts';
import type { Instrument } from './instrument.ts';
import type { MarketView } from './market-view.ts';
import { type OrderIntent, type Side, TIMES_IN_FORCE, type TimeInForce, copyIntent } from './order-intent.ts';

/** What the engines decide on: parsed, on the grid, with the worst price it can trade at and the view it was priced from. */
export interface PricedOrder {
  readonly intent: OrderIntent;
  readonly clientOrderId: string;
  readonly instrument: Instrument;
  readonly view: MarketView;
  readonly accountId: string;
  readonly strategyId: string;
  readonly side: Side;
  readonly type: 'limit' | 'market';
  readonly qty: Lots;
  /** The limit of a limit order; for a market order the far touch plus its slippage. */
  readonly worst: Ticks;
  readonly reduceOnly: boolean;
  /** As asked; `undefined` leaves it to the guard. */
  readonly postOnly: boolean | undefined;
  readonly timeInForce: TimeInForce | undefined;
}

const GATE = 'order';
const BPS = 10_000;
const SIDES: readonly Side[] = ['buy', 'sell'];

/**
 * Parses an intent once, before any engine: ids, quantity and price on the grid, worst price. A quantity is rounded towards
 * zero, a limit away from the market.
 */
export function priceOrder(
  asked: OrderIntent,
  instrument: Instrument | undefined,
  view: MarketView | undefined,
): PricedOrder | Denial {
  const intent = copyIntent(asked);
  const { intentId, accountId, strategyId, side } = intent;
  if (!isId(intentId)) return deny(GATE, 'ID_INVALID', { note: 'intentId', measured: shown(intentId) });
  if (!isId(accountId)) return deny(GATE, 'ID_INVALID', { note: 'accountId', measured: shown(accountId) });
  if (!isId(strategyId)) return deny(GATE, 'ID_INVALID', { note: 'strategyId', measured: shown(strategyId) });
  if (!SIDES.includes(side)) return deny(GATE, 'SIDE_INVALID', { measured: shown(side) });
  if (!isFlag(intent.reduceOnly))
    return deny(GATE, 'FLAG_INVALID', { note: 'reduceOnly', measured: shown(intent.reduceOnly) });
  if (instrument === undefined || instrument.instrumentId !== intent.instrumentId) {
    return deny(GATE, 'INSTRUMENT_UNKNOWN', { measured: shown(intent.instrumentId) });
  }
  if (view === undefined || view.instrumentId !== intent.instrumentId)
    return deny(GATE, 'MARKET_DATA_MISSING');

  const qty = readQuantity(intent, instrument);
  if (typeof qty !== 'number') return qty;
  const price = readPrice(intent, instrument, view);
  if ('code' in price) return price;
  return {
    intent,
    clientOrderId: clientOrderId(accountId, strategyId, intentId),
    instrument,
    view,
    accountId,
    strategyId,
    side,
    qty,
    type: price.type,
    worst: price.worst,
    reduceOnly: intent.reduceOnly ?? false,
    postOnly: price.postOnly,
    timeInForce: price.timeInForce,
  };
}

/** A decimal of a copied intent on its grid: text that is not plain, and what is not text, gives NaN. */
const onGrid = (amount: DecimalInput, increment: Increment, rounding: Rounding): number =>
  typeof amount === 'string' ? toGrid(amount, increment, rounding) : NaN;

function readQuantity(intent: OrderIntent, instrument: Instrument): Lots | Denial {
  const { step } = instrument.grid;
  const count = onGrid(intent.quantity, step, 'down');
  if (count > 0) {
    if (count <= instrument.maxQuantity) return lots(count);
    return deny(GATE, 'ABOVE_MAXIMUM', { measured: count, limit: instrument.maxQuantity });
  }
  const tooSmall = count === 0 && onGrid(intent.quantity, step, 'up') > 0;
  return deny(GATE, tooSmall ? 'BELOW_MINIMUM' : 'QUANTITY_INVALID', { measured: shown(intent.quantity) });
}

type Price = Pick<PricedOrder, 'type' | 'worst' | 'postOnly' | 'timeInForce'>;

function readPrice({ price, side }: OrderIntent, instrument: Instrument, view: MarketView): Price | Denial {
  const type: unknown = price.type; // an intent may come from outside, whatever its type says
  if (type !== 'limit' && type !== 'market') {
    return deny(GATE, 'ORDER_TYPE_UNSUPPORTED', { measured: shown(type) });
  }
  if (price.type === 'limit') {
    const worst = onGrid(price.limit, instrument.grid.tick, side === 'buy' ? 'down' : 'up');
    if (!(worst > 0)) return deny(GATE, 'PRICE_INVALID', { measured: shown(price.limit) });
    if (price.timeInForce !== undefined && !TIMES_IN_FORCE.includes(price.timeInForce)) {
      return deny(GATE, 'TIME_IN_FORCE_UNSUPPORTED', { measured: shown(price.timeInForce) });
    }
    if (!isFlag(price.postOnly))
      return deny(GATE, 'FLAG_INVALID', { note: 'postOnly', measured: shown(price.postOnly) });
    const immediate = price.timeInForce === 'IOC' || price.timeInForce === 'FOK';
    if (immediate && price.postOnly === true)
      return deny(GATE, 'TIME_IN_FORCE_CONFLICT', { measured: price.timeInForce });
    return { type: 'limit', worst: ticks(worst), postOnly: price.postOnly, timeInForce: price.timeInForce };
  }
  const { maxSlippageBps } = price;
  if (!(Number.isFinite(maxSlippageBps) && maxSlippageBps >= 0 && maxSlippageBps <= BPS)) {
    return deny(GATE, 'PRICE_INVALID', {
      note: 'maxSlippageBps',
      measured: shown(maxSlippageBps),
      limit: BPS,
    });
  }
  const touch = (side === 'buy' ? view.asks : view.bids)[0];
  if (touch === undefined) return deny(GATE, 'MARKET_SIDE_EMPTY', { note: side === 'buy' ? 'asks' : 'bids' });
  // Rounded towards the mark: never further than was allowed.
  const worst =
    side === 'buy'
      ? Math.floor((touch.price * (BPS + maxSlippageBps)) / BPS)
      : Math.ceil((touch.price * (BPS - maxSlippageBps)) / BPS);
  if (!(worst > 0 && worst <= Number.MAX_SAFE_INTEGER))
    return deny(GATE, 'PRICE_INVALID', { note: 'maxSlippageBps', measured: maxSlippageBps });
  return { type: 'market', worst: ticks(worst), postOnly: false, timeInForce: 'IOC' };
}

const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean';

const shown = (value: unknown): string =>
  (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : typeof value).slice(0, 60);
