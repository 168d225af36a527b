import { z } from 'zod';
import { decimal } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { toGrid, toText } from '../core/increment.ts';
import { type Units, lots, ticks, units, unitsFloor } from '../core/units.ts';
import { moneyText } from '../core/money-text.ts';
import type { DayRolled } from '../trading/book.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { BookedOrder, HeldOrder, OrderEvent } from '../trading/order-event.ts';

/** Changes with the format of the records. */
export const JOURNAL_VERSION = 1;

const text = z.string();
const about = { clientOrderId: text, atMs: z.number() };
const denial = z.object({ gate: text, code: text }).loose();

const intent = z.object({
  intentId: text,
  accountId: text,
  strategyId: text,
  instrumentId: text,
  side: z.enum(['buy', 'sell']),
  quantity: text,
  reduceOnly: z.boolean().exactOptional(),
  price: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('limit'),
      limit: text,
      postOnly: z.boolean().exactOptional(),
      timeInForce: z.enum(['GTC', 'IOC', 'FOK']).exactOptional(),
    }),
    z.object({ type: z.literal('market'), maxSlippageBps: z.number() }),
  ]),
});

/** Every record of a journal. Quantities, prices and money are plain decimals. */
export const journalRecordSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('opened'),
    version: z.literal(JOURNAL_VERSION),
    atMs: z.number(),
    dayId: text,
    /** What the run is about: a recording's SHA-256, or a seed and its options. */
    input: z.record(text, z.json()),
    accounts: z.array(z.object({ accountId: text, currency: text, balance: text })),
  }),
  z.object({
    type: z.literal('submitting'),
    ...about,
    intent,
    quantity: text,
    worst: text,
    isExit: z.boolean(),
    postOnly: z.boolean(),
    timeInForce: z.enum(['GTC', 'IOC', 'FOK']),
    limitsHash: text,
    dayOpen: text,
    highWater: text,
  }),
  z.object({ type: z.literal('abandoned'), ...about, because: denial }),
  z.object({ type: z.literal('accepted'), ...about, venueOrderId: text.exactOptional() }),
  z.object({ type: z.literal('rejected'), ...about, reason: text }),
  z.object({ type: z.literal('timedOut'), ...about, reason: text }),
  z.object({
    type: z.literal('filled'),
    ...about,
    executionId: text,
    quantity: text,
    price: text,
    fee: z.object({ amount: text, currency: text }),
    liquidity: z.enum(['maker', 'taker']),
  }),
  z.object({ type: z.literal('cancelRequested'), ...about }),
  z.object({ type: z.literal('cancelled'), ...about, cumulative: text.exactOptional() }),
  z.object({ type: z.literal('expired'), ...about, cumulative: text.exactOptional() }),
  z.object({ type: z.literal('cancelFailed'), ...about, reason: text }),
  z.object({ type: z.literal('absent'), ...about }),
  z.object({
    type: z.literal('dayRolled'),
    atMs: z.number(),
    dayId: text,
    accounts: z.array(z.object({ accountId: text, dayOpen: text, highWater: text })),
  }),
]);

/**
 * One record of a journal. Quantities, prices and money are plain decimals.
 *
 * @useDeclaredType
 */
export type JournalRecord = z.output<typeof journalRecordSchema>;
type EventRecord = Exclude<JournalRecord, { type: 'opened' | 'submitting' | 'dayRolled' }>;

const NOT_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity']);

/** As `moneyText` wrote it: what is unknown comes back as unknown. */
const readUnits = (amount: string, field: string): Units =>
  NOT_FINITE.has(amount) ? units(Number(amount)) : unitsFloor(decimal(amount, field));

/** The facts of a decision that a restart cannot derive. */
export interface Stamp {
  readonly limitsHash: string;
  readonly dayOpen: Units;
  readonly highWater: Units;
}

export function submittingRecord(order: HeldOrder, atMs: number, stamp: Stamp): JournalRecord {
  const { grid } = order.instrument;
  return {
    type: 'submitting',
    clientOrderId: order.clientOrderId,
    atMs,
    intent: order.intent as z.output<typeof intent>, // its decimals are text since priceOrder
    quantity: toText(order.qty, grid.step),
    worst: toText(order.worst, grid.tick),
    isExit: order.isExit,
    postOnly: order.postOnly,
    timeInForce: order.timeInForce,
    limitsHash: stamp.limitsHash,
    dayOpen: moneyText(stamp.dayOpen),
    highWater: moneyText(stamp.highWater),
  };
}

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
  };
}

export function eventRecord(event: OrderEvent, instrument: Instrument): EventRecord {
  const { step } = instrument.grid;
  switch (event.type) {
    case 'filled': {
      const { executionId, quantity, price, fee, liquidity } = event.fill;
      return {
        type: 'filled',
        clientOrderId: event.clientOrderId,
        atMs: event.atMs,
        executionId,
        quantity: toText(quantity, step),
        price: price.toFixed(),
        fee: { amount: fee.amount.toFixed(), currency: fee.currency },
        liquidity,
      };
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
      const { type, clientOrderId, atMs, executionId, quantity, price, fee, liquidity } = record;
      const fill = {
        executionId,
        quantity: lots(onGrid('quantity', quantity, instrument, 'step')),
        price: decimal(price, 'price'),
        fee: { amount: decimal(fee.amount, 'fee.amount'), currency: fee.currency },
        liquidity,
      };
      return { type, clientOrderId, atMs, fill };
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

export const dayRolledRecord = ({ dayId, atMs, accounts }: DayRolled): JournalRecord => ({
  type: 'dayRolled',
  atMs,
  dayId,
  accounts: accounts.map(({ accountId, dayOpen, highWater }) => ({
    accountId,
    dayOpen: moneyText(dayOpen),
    highWater: moneyText(highWater),
  })),
});

export const dayRolled = (record: JournalRecord & { type: 'dayRolled' }): DayRolled => ({
  dayId: record.dayId,
  atMs: record.atMs,
  accounts: record.accounts.map(({ accountId, dayOpen, highWater }) => ({
    accountId,
    dayOpen: readUnits(dayOpen, 'dayOpen'),
    highWater: readUnits(highWater, 'highWater'),
  })),
});

export const stampedHighWater = ({ highWater }: JournalRecord & { type: 'submitting' }): Units =>
  readUnits(highWater, 'highWater');

function onGrid(field: string, value: string, instrument: Instrument, increment: 'step' | 'tick'): number {
  const count = toGrid(value, instrument.grid[increment], 'exact');
  if (count >= 0) return count;
  throw new PortcullisError(
    'INPUT_INVALID',
    `${field}: expected a multiple of the ${increment} ${instrument.grid[increment].value.toFixed()} of ${instrument.instrumentId}, got ${value}`,
  );
}
