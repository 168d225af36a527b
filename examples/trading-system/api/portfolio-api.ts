import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { amount, average, id, side, timeMs } from './fields.ts';

const tags = ['portfolio'] as const;
const time = z.coerce.number().min(0).max(8.64e15).optional();

/** Inclusive and exclusive, wall time. Default: all. */
const between = { fromMs: time, toMs: time };

const page = {
  /** Default: 100. */
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  /** `next` of the page before. */
  cursor: z.string().min(1).max(1024).optional(),
};

/** Left out on the last page. */
const next = z.string().optional();

const order = z.object({
  clientOrderId: z.string(),
  intentId: z.string(),
  accountId: z.string(),
  strategyId: z.string(),
  instrumentId: z.string(),
  side,
  state: z.string(),
  /** What went out, or what it was amended to. Left out where its submission was never seen. */
  quantity: amount.optional(),
  worstPrice: amount.optional(),
  isExit: z.boolean().optional(),
  cumulativeQuantity: amount,
  leavesQuantity: amount,
  /** Sum of quantity times price of its fills. */
  filledValue: amount,
  /** Why it was rejected, abandoned, or is unknown. */
  reason: z.string().optional(),
  atMs: timeMs,
  updatedMs: timeMs,
});

const fill = z.object({
  clientOrderId: z.string(),
  /** The venue's. */
  executionId: z.string(),
  accountId: z.string(),
  strategyId: z.string(),
  instrumentId: z.string(),
  side,
  quantity: amount,
  price: amount,
  /** Positive: paid. */
  feeAmount: amount,
  feeCurrency: z.string(),
  liquidity: z.enum(['maker', 'taker']),
  atMs: timeMs,
});

const position = z.object({
  accountId: z.string(),
  instrumentId: z.string(),
  /** Signed, in units of the base. */
  quantity: amount,
  /** What the amounts below are in. */
  quote: z.string(),
  /** Left out when flat. */
  averagePrice: average.optional(),
  cost: amount,
  realised: amount,
  fees: amount,
  funding: amount,
  /** When it was changed last. */
  atMs: timeMs,
});

/** Samples of one stretch of time. */
const equityPoint = z.object({
  fromMs: timeMs,
  toMs: timeMs,
  samples: z.int(),
  first: amount,
  last: amount,
  min: amount,
  max: amount,
  balance: amount.optional(),
  highWater: amount.optional(),
  drawdownFraction: z.number().optional(),
});

const ledgerEntry = z.object({
  accountId: z.string(),
  currency: z.string(),
  kind: z.enum(['opening', 'trade', 'fee', 'flow', 'funding', 'adjustment', 'carried']),
  /** Signed: positive is received. */
  amount,
  /** After it. */
  balance: amount,
  /** The order of a trade or a fee; the id of a flow, a funding or an adjustment. */
  reference: z.string().optional(),
  instrumentId: z.string().optional(),
  atMs: timeMs,
});

/** Something that the history knows to be missing. */
const gap = z.object({
  accountId: z.string(),
  code: z.string(),
  detail: z.string(),
  clientOrderId: z.string().optional(),
  atMs: timeMs,
});

/** What the portfolio service serves: what has happened, from the events of the desk, whichever process traded. */
export const portfolioApi = defineApi({
  listOrders: {
    method: 'GET',
    path: '/orders',
    query: z.strictObject({
      ...{ accountId: id.optional(), strategyId: id.optional(), instrumentId: id.optional() },
      ...between,
      ...page,
    }),
    response: z.object({ orders: z.array(order).readonly(), next }),
    summary: 'Orders, the newest first.',
    tags,
  },
  getOrder: {
    method: 'GET',
    path: '/orders/:clientOrderId',
    params: z.strictObject({ clientOrderId: id }),
    response: order,
    summary: 'An order as the last event of it left it.',
    tags,
  },
  listFills: {
    method: 'GET',
    path: '/fills',
    query: z.strictObject({
      ...{ accountId: id.optional(), clientOrderId: id.optional(), instrumentId: id.optional() },
      ...between,
      ...page,
    }),
    response: z.object({ fills: z.array(fill).readonly(), next }),
    summary: 'Fills, the newest first.',
    tags,
  },
  listPositions: {
    method: 'GET',
    path: '/positions',
    query: z.strictObject({ accountId: id.optional(), instrumentId: id.optional(), atMs: time }),
    response: z.object({ positions: z.array(position).readonly() }),
    summary: 'Positions now, or as they were.',
    tags,
  },
  listEquity: {
    method: 'GET',
    path: '/equity',
    query: z.strictObject({
      accountId: id,
      ...between,
      /** At most so many, each of an equal stretch of time. Default: 500. */
      points: z.coerce.number().int().min(1).max(10_000).optional(),
    }),
    response: z.object({ points: z.array(equityPoint).readonly() }),
    summary: 'Equity by time, the oldest first.',
    tags,
  },
  listLedger: {
    method: 'GET',
    path: '/ledger',
    query: z.strictObject({ accountId: id, currency: id.optional(), ...between, ...page }),
    response: z.object({ entries: z.array(ledgerEntry).readonly(), next }),
    summary: 'What moved the cash of an account, the newest first.',
    tags,
  },
  listGaps: {
    method: 'GET',
    path: '/gaps',
    query: z.strictObject({ accountId: id.optional(), ...page }),
    response: z.object({ gaps: z.array(gap).readonly(), next }),
    summary: 'What is known to be missing, the newest first.',
    tags,
  },
});
