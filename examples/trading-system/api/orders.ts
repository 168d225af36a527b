import { z } from 'zod';
import { amount, average, denial, gateExplanation, id, side } from './fields.ts';

/** What somebody wants. The same `intentId` of the same strategy is the same order, however often it is sent. */
export const intent = z.strictObject({
  intentId: id,
  /** Default: `manual`. */
  strategyId: id.exactOptional(),
  instrumentId: id,
  side,
  quantity: amount,
  reduceOnly: z.boolean().exactOptional(),
  price: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('limit'),
      limit: amount,
      postOnly: z.boolean().exactOptional(),
      timeInForce: z.enum(['GTC', 'IOC', 'FOK']).exactOptional(),
    }),
    z.strictObject({ type: z.literal('market'), maxSlippageBps: z.number().min(0).max(10_000) }),
  ]),
});

/** What became of an order that was asked for: an expected end is an answer, not an error. */
export const orderOutcome = z.discriminatedUnion('kind', [
  /** Nothing has left the process. */
  z.object({ kind: z.literal('denied'), denials: z.array(denial).readonly() }),
  z.object({ kind: z.literal('duplicate'), clientOrderId: z.string(), state: z.string() }),
  z.object({
    kind: z.literal('accepted'),
    clientOrderId: z.string(),
    quantity: amount,
    /** Why less than was asked for. */
    reduced: denial.optional(),
  }),
  /** By the venue. */
  z.object({ kind: z.literal('rejected'), clientOrderId: z.string(), reason: z.string() }),
  /** Sent, and nobody knows yet. */
  z.object({ kind: z.literal('unknown'), clientOrderId: z.string(), reason: z.string() }),
]);

export const cancelOutcome = z.object({
  clientOrderId: z.string(),
  kind: z.enum(['requested', 'finished', 'failed']),
  /** Of one that is over. */
  state: z.string().optional(),
  /** Of one that has failed. */
  reason: z.string().optional(),
});

/** An order as the books of the desk have it now. */
export const workingOrder = z.object({
  clientOrderId: z.string(),
  accountId: z.string(),
  strategyId: z.string(),
  instrumentId: z.string(),
  side,
  state: z.string(),
  quantity: amount,
  cumulativeQuantity: amount,
  /** What may still fill. */
  leavesQuantity: amount,
  worstPrice: amount,
});

/** What the gates would say to an order now. */
export const explanation = z.object({
  decision: z.enum(['held', 'denied', 'duplicate']),
  denials: z.array(denial).readonly(),
  risk: z.array(gateExplanation).readonly(),
  execution: z.array(gateExplanation).readonly(),
  /** The same in columns, for people. */
  text: z.string(),
});

export const position = z.object({
  instrumentId: z.string(),
  /** Signed, in units of the base. */
  quantity: amount,
  /** What the amounts below are in. */
  quote: z.string(),
  /** Left out when flat. */
  averagePrice: average.optional(),
  /** Left out without one; so is `unrealised`. */
  mark: amount.optional(),
  unrealised: amount.optional(),
  realised: amount,
  fees: amount,
});

export const positions = z.object({
  accountId: z.string(),
  currency: z.string(),
  /** Left out while a position has no mark; so is `dayPnl`. */
  equity: amount.optional(),
  dayPnl: amount.optional(),
  positions: z.array(position).readonly(),
});
