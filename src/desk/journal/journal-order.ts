import { decimal } from '../../core/decimal.ts';
import { clientOrderId } from '../../core/ids.ts';
import { toGrid, toText } from '../../core/increment.ts';
import { type Lots, type Ticks, lots, ticks } from '../../core/units.ts';
import { EXTERNAL } from '../../trading/book-share.ts';
import type { Fill } from '../../trading/fill.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { BookedOrder, OrderEvent } from '../../trading/order-event.ts';
import { onGrid } from './journal-grid.ts';
import type { EventRecord, JournalRecord } from './journal-record.ts';
import { type SpentStamp, storedStamp } from './journal-spent.ts';

/*
 * How orders and what happens to them stand in the journal, both ways.
 */

export function bookedOrder(
  record: JournalRecord & { type: 'submitting' },
  instrument: Instrument,
): BookedOrder {
  return {
    intent: record.intent,
    clientOrderId: record.clientOrderId,
    instrument,
    accountId: record.intent.accountId,
    strategyId: record.intent.strategyId,
    side: record.intent.side,
    type: record.intent.price.type,
    qty: lots(onGrid('quantity', record.quantity, instrument, 'step')),
    worst: ticks(onGrid('worst', record.worst, instrument, 'tick')),
    reduceOnly: record.intent.reduceOnly ?? false,
    isExit: record.isExit,
    postOnly: record.postOnly,
    timeInForce: record.timeInForce,
    ...readMark(record, instrument),
  };
}

/** @param spent slippage budgets, with a change of an order that spends of them */
export function eventRecord(event: OrderEvent, instrument: Instrument, spent?: SpentStamp): EventRecord {
  const { step } = instrument.grid;
  switch (event.type) {
    case 'filled': {
      const { type, clientOrderId, atMs, fill } = event;
      return { type, clientOrderId, atMs, ...execution(fill, instrument) };
    }
    case 'amendRequested': {
      const { to, ...rest } = event;
      const mark = to.mark !== undefined && { mark: toText(to.mark, instrument.grid.tick) };
      return { ...rest, ...amount(to, instrument), isExit: to.isExit, ...mark, ...storedStamp(spent) };
    }
    case 'amended': {
      const { type, clientOrderId, atMs } = event;
      return { type, clientOrderId, atMs, ...amount(event, instrument) };
    }
    case 'cancelled':
    case 'expired': {
      const { cumulative, ...rest } = event;
      return cumulative === undefined ? rest : { ...rest, cumulative: toText(cumulative, step) };
    }
    case 'abandoned':
      return { ...event, because: { ...event.because } };
    default:
      return event;
  }
}

export function orderEvent(record: EventRecord, instrument: Instrument): OrderEvent {
  switch (record.type) {
    case 'filled': {
      const { type, clientOrderId, atMs } = record;
      return { type, clientOrderId, atMs, fill: readFill(record, instrument) };
    }
    case 'amendRequested': {
      const { type, clientOrderId, atMs, isExit } = record;
      const to = { ...readAmount(record, instrument), isExit, ...readMark(record, instrument) };
      return { type, clientOrderId, atMs, to };
    }
    case 'amended': {
      const { type, clientOrderId, atMs } = record;
      return { type, clientOrderId, atMs, ...readAmount(record, instrument) };
    }
    case 'cancelled':
    case 'expired': {
      const { cumulative, ...rest } = record;
      return cumulative === undefined
        ? rest
        : { ...rest, cumulative: lots(onGrid('cumulative', cumulative, instrument, 'step')) };
    }
    case 'abandoned':
      return record as OrderEvent; // the denial was ours when it was written
    default:
      return record;
  }
}

type ExternalRecord = JournalRecord & { type: 'external' };

export function externalRecord(order: BookedOrder, fill: Fill, atMs: number): JournalRecord {
  const { clientOrderId, accountId, instrument, side } = order;
  const { instrumentId } = instrument;
  return {
    type: 'external',
    clientOrderId,
    atMs,
    accountId,
    instrumentId,
    side,
    ...execution(fill, instrument),
  };
}

/** The order that an external fill is booked as: exactly what was filled, at the price of the fill. */
export function externalOrder(
  { accountId, side, executionId, quantity, price }: ExternalOrder,
  instrument: Instrument,
): BookedOrder {
  return {
    intent: {
      intentId: executionId,
      accountId,
      strategyId: EXTERNAL,
      instrumentId: instrument.instrumentId,
      side,
      quantity,
      price: { type: 'limit', limit: price },
    },
    clientOrderId: clientOrderId(accountId, EXTERNAL, `${instrument.instrumentId} ${executionId}`),
    instrument,
    accountId,
    strategyId: EXTERNAL,
    side,
    type: 'limit',
    qty: lots(onGrid('quantity', quantity, instrument, 'step')),
    worst: ticks(toGrid(price, instrument.grid.tick, side === 'buy' ? 'up' : 'down')),
    reduceOnly: false,
    isExit: false,
    postOnly: false,
    timeInForce: 'GTC',
  };
}

type ExternalOrder = Pick<ExternalRecord, 'accountId' | 'side' | 'executionId' | 'quantity' | 'price'>;

function execution({ executionId, quantity, price, fee, liquidity }: Fill, { grid }: Instrument) {
  return {
    executionId,
    quantity: toText(quantity, grid.step),
    price: price.toFixed(),
    fee: { amount: fee.amount.toFixed(), currency: fee.currency },
    liquidity,
  };
}

/** @throws {PortcullisError} `INPUT_INVALID`, `NUMBER_INVALID` */
export const readFill = (
  { executionId, quantity, price, fee, liquidity }: ReturnType<typeof execution>,
  instrument: Instrument,
): Fill => ({
  executionId,
  quantity: lots(onGrid('quantity', quantity, instrument, 'step')),
  price: decimal(price, 'price'),
  fee: { amount: decimal(fee.amount, 'fee.amount'), currency: fee.currency },
  liquidity,
});

const amount = ({ qty, worst }: { qty: Lots; worst: Ticks }, { grid }: Instrument) => ({
  quantity: toText(qty, grid.step),
  worst: toText(worst, grid.tick),
});

const readAmount = ({ quantity, worst }: { quantity: string; worst: string }, instrument: Instrument) => ({
  qty: lots(onGrid('quantity', quantity, instrument, 'step')),
  worst: ticks(onGrid('worst', worst, instrument, 'tick')),
});

const readMark = ({ mark }: { mark?: string }, instrument: Instrument): { mark?: Ticks } =>
  mark === undefined ? {} : { mark: ticks(onGrid('mark', mark, instrument, 'tick')) };
