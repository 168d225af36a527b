import { z } from 'zod';
import { toText } from '../../core/increment.ts';
import type { Units } from '../../core/units.ts';
import type { DayRolled } from '../../trading/book-reader.ts';
import type { StrategyOpen } from '../../trading/saved-book.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import { loneOrderSchema } from './journal-checkpoint-order.ts';
import { type RecordedIntent, intentSchema } from './journal-intent.ts';
import { type SpentStamp, spentStampSchema, storedStamp } from './journal-spent.ts';
import { readUnits, writeUnits } from './journal-units.ts';

/** Changes with the format of the records. */
export const JOURNAL_VERSION = 1;

const text = z.string();
const about = { clientOrderId: text, atMs: z.number() };
const denial = z.object({ gate: text, code: text }).loose();
const execution = {
  executionId: text,
  quantity: text,
  price: text,
  fee: z.object({ amount: text, currency: text }),
  liquidity: z.enum(['maker', 'taker']),
};

/** What a strategy had earned when a day began. */
export const strategyOpenSchema = z.object({ strategyId: text, pnl: text });

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
    intent: intentSchema,
    quantity: text,
    worst: text,
    isExit: z.boolean(),
    postOnly: z.boolean(),
    timeInForce: z.enum(['GTC', 'IOC', 'FOK']),
    /** On margin: the mark at which it was decided. Journals of before it was kept do not have it. */
    mark: text.exactOptional(),
    limitsHash: text,
    dayOpen: text,
    highWater: text,
    /** Default: nothing was spent, or it was not kept. */
    spent: spentStampSchema.exactOptional(),
  }),
  z.object({ type: z.literal('abandoned'), ...about, because: denial }),
  z.object({ type: z.literal('accepted'), ...about, venueOrderId: text.exactOptional() }),
  z.object({ type: z.literal('rejected'), ...about, reason: text }),
  z.object({ type: z.literal('timedOut'), ...about, reason: text }),
  z.object({
    type: z.literal('filled'),
    ...about,
    ...execution,
  }),
  z.object({ type: z.literal('cancelRequested'), ...about }),
  z.object({ type: z.literal('cancelled'), ...about, cumulative: text.exactOptional() }),
  z.object({ type: z.literal('expired'), ...about, cumulative: text.exactOptional() }),
  z.object({ type: z.literal('cancelFailed'), ...about, reason: text }),
  z.object({ type: z.literal('absent'), ...about }),
  z.object({
    type: z.literal('amendRequested'),
    ...about,
    quantity: text,
    worst: text,
    isExit: z.boolean(),
    mark: text.exactOptional(),
    spent: spentStampSchema.exactOptional(),
  }),
  z.object({ type: z.literal('amended'), ...about, quantity: text, worst: text }),
  z.object({ type: z.literal('amendFailed'), ...about, reason: text }),
  /** A fill at the venue of an order that we never sent. */
  z.object({
    type: z.literal('external'),
    ...about,
    accountId: text,
    instrumentId: text,
    side: z.enum(['buy', 'sell']),
    ...execution,
  }),
  /** A named person has said what is true. */
  z.object({
    type: z.literal('adjusted'),
    atMs: z.number(),
    adjustmentId: text,
    accountId: text,
    position: z.object({ instrumentId: text, quantity: text, price: text }).exactOptional(),
    cash: text,
    by: text,
    reason: text,
  }),
  /** A deposit (positive) or a withdrawal, with what the high-water mark became: without marks it cannot be worked out. */
  z.object({
    type: z.literal('flowed'),
    atMs: z.number(),
    flowId: text,
    accountId: text,
    amount: text,
    highWater: text,
    by: text,
    reason: text,
  }),
  /** Funding of what is held on margin; positive: received. */
  z.object({
    type: z.literal('funded'),
    atMs: z.number(),
    fundingId: text,
    accountId: text,
    instrumentId: text,
    amount: text,
  }),
  /** Orders that were over before that day are kept elsewhere from here on. */
  z.object({ type: z.literal('retired'), atMs: z.number(), before: text }),
  /** Something has happened to one of them after all: it is taken back, as it was kept. */
  z.object({ type: z.literal('revived'), atMs: z.number(), ...loneOrderSchema.shape }),
  /** From here on it is written under this lease: by nobody with a lower token. Journals of before there were leases have none. */
  z.object({ type: z.literal('tenure'), atMs: z.number(), token: z.number(), owner: text.exactOptional() }),
  z.object({
    type: z.literal('dayRolled'),
    atMs: z.number(),
    dayId: text,
    accounts: z.array(
      z.object({
        accountId: text,
        dayOpen: text,
        highWater: text,
        /** What strategies had earned; those that are missing, nothing. Journals of before it was kept do not have it. */
        strategies: z.array(strategyOpenSchema).exactOptional(),
      }),
    ),
  }),
]);

/**
 * One record of a journal. Quantities, prices and money are plain decimals.
 *
 * @useDeclaredType
 */
export type JournalRecord = z.output<typeof journalRecordSchema>;
/** What happened to an order that was submitted before. */
export type EventRecord = Exclude<JournalRecord, { type: OtherType }>;

type OtherType =
  | 'opened'
  | 'submitting'
  | 'dayRolled'
  | 'external'
  | 'adjusted'
  | 'flowed'
  | 'funded'
  | 'retired'
  | 'revived'
  | 'tenure';

/** The facts of a decision that a restart cannot derive. */
export interface Stamp {
  readonly limitsHash: string;
  readonly dayOpen: Units;
  readonly highWater: Units;
  /** Default: nothing. */
  readonly spent?: SpentStamp | undefined;
}

export function submittingRecord(order: HeldOrder, atMs: number, stamp: Stamp): JournalRecord {
  const { grid } = order.instrument;
  return {
    type: 'submitting',
    clientOrderId: order.clientOrderId,
    atMs,
    intent: order.intent as RecordedIntent, // its decimals are text since priceOrder
    quantity: toText(order.qty, grid.step),
    worst: toText(order.worst, grid.tick),
    isExit: order.isExit,
    postOnly: order.postOnly,
    timeInForce: order.timeInForce,
    ...(order.mark !== undefined && { mark: toText(order.mark, grid.tick) }),
    limitsHash: stamp.limitsHash,
    dayOpen: writeUnits(stamp.dayOpen),
    highWater: writeUnits(stamp.highWater),
    ...storedStamp(stamp.spent),
  };
}

export const dayRolledRecord = ({ dayId, atMs, accounts }: DayRolled): JournalRecord => ({
  type: 'dayRolled',
  atMs,
  dayId,
  accounts: accounts.map(({ accountId, dayOpen, highWater, strategies }) => ({
    accountId,
    dayOpen: writeUnits(dayOpen),
    highWater: writeUnits(highWater),
    ...(strategies && { strategies: strategies.map(storedOpen) }),
  })),
});

export const storedOpen = ({ strategyId, pnl }: StrategyOpen) => ({ strategyId, pnl: writeUnits(pnl) });

/** @throws {PortcullisError} `NUMBER_INVALID` */
export const strategyOpen = ({ strategyId, pnl }: z.output<typeof strategyOpenSchema>): StrategyOpen => ({
  strategyId,
  pnl: readUnits(pnl, 'pnl'),
});

export const dayRolled = (record: JournalRecord & { type: 'dayRolled' }): DayRolled => ({
  dayId: record.dayId,
  atMs: record.atMs,
  accounts: record.accounts.map(({ accountId, dayOpen, highWater, strategies }) => ({
    accountId,
    dayOpen: readUnits(dayOpen, 'dayOpen'),
    highWater: readUnits(highWater, 'highWater'),
    ...(strategies && { strategies: strategies.map(strategyOpen) }),
  })),
});

export const stampedHighWater = ({ highWater }: JournalRecord & { type: 'submitting' }): Units =>
  readUnits(highWater, 'highWater');
