import { z } from 'zod';
import { parseInput } from '../../core/options.ts';
import { type OrderState, TRANSITIONS } from '../../trading/order-life-cycle.ts';

const text = z.string().min(1).max(256);
const time = z.number().min(-8.64e15).max(8.64e15);

const paging = {
  /** Items of a page, 1 to 1,000. Default: 100. */
  limit: z.int().min(1).max(1_000).default(100),
  /** `next` of the page before. Default: the newest. */
  cursor: z.string().max(1_024).optional(),
};

const period = {
  /** Inclusive. */
  fromMs: time.optional(),
  /** Exclusive. */
  toMs: time.optional(),
};

const orders = z.strictObject({
  accountId: text.optional(),
  strategyId: text.optional(),
  instrumentId: text.optional(),
  /** Any of them. */
  states: z
    .array(z.enum(Object.keys(TRANSITIONS) as OrderState[]))
    .min(1)
    .readonly()
    .optional(),
  ...period,
  ...paging,
});

const fills = z.strictObject({
  clientOrderId: text.optional(),
  accountId: text.optional(),
  instrumentId: text.optional(),
  ...period,
  ...paging,
});

const ledger = z.strictObject({
  accountId: text,
  currency: text.optional(),
  ...period,
  ...paging,
});

const gaps = z.strictObject({ accountId: text.optional(), ...paging });

const positions = z.strictObject({
  accountId: text.optional(),
  instrumentId: text.optional(),
  /** As they were then, what happened in that millisecond included. Default: now. */
  atMs: time.optional(),
});

const balances = z.strictObject({
  accountId: text,
  /** As `positions`. */
  atMs: time.optional(),
});

const equity = z.strictObject({
  accountId: text,
  ...period,
  /** At most so many, each of an equal stretch of time; 1 to 10,000. Default: every sample up to 10,000. */
  points: z.int().min(1).max(10_000).optional(),
});

/** Times by when the order was first seen. @interface */
export type OrderQuery = z.input<typeof orders>;
/** @interface */
export type FillQuery = z.input<typeof fills>;
/** @interface */
export type LedgerQuery = z.input<typeof ledger>;
/** @interface */
export type GapQuery = z.input<typeof gaps>;
/** @interface */
export type PositionQuery = z.input<typeof positions>;
/** @interface */
export type BalanceQuery = z.input<typeof balances>;
/** @interface */
export type EquityQuery = z.input<typeof equity>;

/** Some of what was asked for, newest first. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The `cursor` of what follows. Missing on the last page. */
  readonly next?: string | undefined;
}

/** Reads queries, as all implementations do. Each @throws {PortcullisError} `INPUT_INVALID` */
export const readQuery = {
  orders: (query: OrderQuery) => parseInput('orders', orders, query),
  fills: (query: FillQuery) => parseInput('fills', fills, query),
  ledger: (query: LedgerQuery) => parseInput('ledger', ledger, query),
  gaps: (query: GapQuery) => parseInput('gaps', gaps, query),
  positions: (query: PositionQuery) => parseInput('positions', positions, query),
  balances: (query: BalanceQuery) => parseInput('balances', balances, query),
  equity: (query: EquityQuery) => parseInput('equity', equity, query),
};
