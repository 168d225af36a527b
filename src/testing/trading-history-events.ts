import type { BusEvent } from '../events/bus-event.ts';
import { type Instrument, defineInstrument } from '../trading/instrument.ts';

/** What is traded in the contract of histories: spot in the currency of the accounts, and on margin. */
export const HISTORY_INSTRUMENTS: readonly Instrument[] = [
  defineInstrument({ instrumentId: 'BTC-USD', base: 'BTC', quote: 'USD', tick: '0.01', step: '0.001' }),
  defineInstrument({
    instrumentId: 'ETH-PERP',
    kind: 'linear',
    initialMarginFraction: '0.1',
    base: 'ETH',
    quote: 'USD',
    tick: '0.01',
    step: '0.01',
  }),
];

let made = 0;

/** An event as a bus gives it. A new one each time, unless it is given an id. */
export function historyEvent(type: string, atMs: number, data: object, id?: string): BusEvent {
  return {
    specversion: '1.0',
    id: id ?? `event-${(made += 1)}`,
    source: '/desk/contract',
    type,
    dataversion: 1,
    time: new Date(atMs).toISOString(),
    data,
  };
}

export interface SaidOrder {
  readonly clientOrderId?: string;
  readonly accountId?: string;
  readonly strategyId?: string;
  readonly instrumentId?: string;
  readonly side?: 'buy' | 'sell';
  readonly state?: string;
  readonly cumulativeQuantity?: string;
  readonly leavesQuantity?: string;
}

const about = (order: SaidOrder) => ({
  clientOrderId: 'order-1',
  intentId: `intent-${order.clientOrderId ?? 'order-1'}`,
  accountId: 'acc',
  strategyId: 'trend',
  instrumentId: 'BTC-USD',
  side: 'buy',
  state: 'working',
  cumulativeQuantity: '0.000',
  leavesQuantity: '1.000',
  ...order,
});

export const opened = (atMs: number, accountId = 'acc', balance = '1000'): BusEvent =>
  historyEvent('account.opened', atMs, { accountId, currency: 'USD', balance, dayId: '2026-01-02' });

export const submitted = (atMs: number, order: SaidOrder = {}): BusEvent =>
  historyEvent('order.submitted', atMs, {
    ...about({ state: 'submitting', ...order }),
    type: 'limit',
    requestedQuantity: '1.000',
    quantity: '1.000',
    worstPrice: '100.00',
    timeInForce: 'GTC',
    postOnly: true,
    reduceOnly: false,
    isExit: false,
    limitsHash: 'h',
  });

export const standingEvent = (type: string, atMs: number, order: SaidOrder, more: object = {}): BusEvent =>
  historyEvent(type, atMs, { ...about(order), ...more });

export const executed = (
  atMs: number,
  order: SaidOrder,
  fill: {
    readonly executionId: string;
    readonly quantity: string;
    readonly price: string;
    readonly fee?: { readonly amount: string; readonly currency: string };
  },
  id?: string,
): BusEvent =>
  historyEvent(
    'order.executed',
    atMs,
    { ...about(order), fee: { amount: '0', currency: 'USD' }, liquidity: 'maker', ...fill },
    id,
  );

export const equityOf = (atMs: number, equity: string, drawdownFraction = 0): BusEvent =>
  historyEvent('portfolio.updated', atMs, {
    accountId: 'acc',
    currency: 'USD',
    equity,
    realised: '0',
    fees: '0',
    funding: '0',
    highWater: '1000',
    drawdownFraction,
    cash: [{ currency: 'USD', amount: equity }],
    positions: [],
  });
