import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { amount, id, next, page, side, timeMs } from './fields.ts';

const tags = ['portfolio'] as const;
const time = z.coerce.number().min(0).max(8.64e15).optional();

/** Inclusive and exclusive, wall time. Default: all. */
const between = { fromMs: time, toMs: time };
const filter = { accountId: id.optional(), instrumentId: id.optional(), strategyId: id.optional() };

const order = z.object({
  clientOrderId: z.string(),
  intentId: z.string(),
  accountId: z.string(),
  strategyId: z.string(),
  instrumentId: z.string(),
  side,
  state: z.string(),
  /** What went out. Left out for an order that was never sent. */
  quantity: amount.optional(),
  cumulativeQuantity: amount,
  updatedMs: timeMs,
});

const fill = z.object({
  executionId: z.string(),
  clientOrderId: z.string(),
  accountId: z.string(),
  strategyId: z.string(),
  instrumentId: z.string(),
  side,
  quantity: amount,
  price: amount,
  fee: z.object({ amount, currency: z.string() }),
  liquidity: z.enum(['maker', 'taker']),
  atMs: timeMs,
});

const ofPosition = z.object({
  accountId: z.string(),
  instrumentId: z.string(),
  /** Signed, in units of the base. */
  quantity: amount,
  atMs: timeMs,
});

const equityPoint = z.object({ accountId: z.string(), currency: z.string(), equity: amount, atMs: timeMs });

/** What moved the cash of an account. */
const ledgerEntry = z.object({
  accountId: z.string(),
  kind: z.string(),
  currency: z.string(),
  amount,
  atMs: timeMs,
  /** The execution, flow, funding or adjustment that it comes from. */
  ref: z.string(),
});

/** What the portfolio service serves: what has happened, from the events of the desk, whichever process traded. */
export const portfolioApi = defineApi({
  listOrders: {
    method: 'GET',
    path: '/orders',
    query: z.strictObject({ ...filter, ...between, ...page }),
    response: z.object({ orders: z.array(order).readonly(), next }),
    summary: 'Orders, the newest first.',
    tags,
  },
  listFills: {
    method: 'GET',
    path: '/fills',
    query: z.strictObject({ ...filter, ...between, ...page }),
    response: z.object({ fills: z.array(fill).readonly(), next }),
    summary: 'Fills, the newest first.',
    tags,
  },
  listPositions: {
    method: 'GET',
    path: '/positions',
    query: z.strictObject({ accountId: id.optional(), atMs: time }),
    response: z.object({ positions: z.array(ofPosition).readonly() }),
    summary: 'Positions now, or as they were.',
    tags,
  },
  listEquity: {
    method: 'GET',
    path: '/equity',
    query: z.strictObject({ accountId: id, ...between, ...page }),
    response: z.object({ points: z.array(equityPoint).readonly(), next }),
    summary: 'Equity by time, the oldest first.',
    tags,
  },
  listLedger: {
    method: 'GET',
    path: '/ledger',
    query: z.strictObject({ accountId: id, ...between, ...page }),
    response: z.object({ entries: z.array(ledgerEntry).readonly(), next }),
    summary: 'What moved the cash of an account, the newest first.',
    tags,
  },
});
