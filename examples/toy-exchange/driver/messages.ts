import { z } from 'zod';

const id = z.string().min(1);
const decimal = z.string().regex(/^\d{1,24}(?:\.\d{1,24})?$/, 'expected a plain decimal of 0 or more');
const signed = z.string().regex(/^-?\d{1,24}(?:\.\d{1,24})?$/, 'expected a plain decimal');
const side = z.enum(['buy', 'sell']);

const execution = {
  executionId: id,
  clientId: id,
  quantity: decimal,
  price: decimal,
  fee: signed,
  feeCurrency: id,
  liquidity: z.enum(['maker', 'taker']),
};

export const placedSchema = z.object({ orderId: id, clientId: id, status: z.literal('accepted') });
export const amendedSchema = z.object({ clientId: id, status: z.literal('amended') });
export const cancellingSchema = z.object({ clientId: id, status: z.literal('cancelling') });

export const orderSchema = z.object({
  orderId: id,
  clientId: id,
  symbol: id,
  side,
  quantity: decimal,
  price: decimal,
  filled: decimal,
  status: z.enum(['open', 'filled', 'cancelled', 'expired', 'rejected']),
  reason: z.string().optional(),
});
export type OrderMessage = z.output<typeof orderSchema>;

export const ordersSchema = z.object({ orders: z.array(orderSchema) });

export const fillSchema = z.object({ ...execution, symbol: id, side, atMs: z.number() });
export type FillMessage = z.output<typeof fillSchema>;

/** A page, and where the next one begins. */
export const fillsSchema = z.object({ fills: z.array(fillSchema), next: z.int().nullable() });
export const positionsSchema = z.object({ positions: z.array(z.object({ symbol: id, quantity: signed })) });
export const balancesSchema = z.object({ balances: z.array(z.object({ currency: id, amount: signed })) });

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('accepted'), clientId: id, orderId: id }),
  z.object({ type: z.literal('amended'), clientId: id, quantity: decimal, price: decimal }),
  z.object({ type: z.literal('filled'), ...execution }),
  z.object({ type: z.literal('cancelled'), clientId: id, cumulative: decimal }),
  z.object({ type: z.literal('expired'), clientId: id, cumulative: decimal }),
]);
export type EventMessage = z.output<typeof eventSchema>;

const sequence = z.int().min(0);

/** All that comes over a private stream. */
export const streamSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('loggedIn'), sequence }),
  z.object({ type: z.literal('refused'), code: id }),
  z.object({ type: z.literal('heartbeat'), sequence }),
  z.object({ type: z.literal('event'), sequence, event: eventSchema }),
]);
