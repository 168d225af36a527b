import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { deskRoutes } from './desk-routes.ts';
import { amount, tradingState } from './fields.ts';
import { cancelOutcome, intent, orderOutcome, positions, workingOrder } from './orders.ts';

const tags = ['trading'] as const;
const params = z.strictObject({ clientOrderId: z.string().regex(/^[0-9a-f]{32}$/) });

/** Who may trade for the account, as far as this process knows. */
const lease = z.object({
  name: z.string(),
  /** Of the lease that this process has; grows with every owner. Left out while it has none. */
  token: z.number().optional(),
  /** Left out while nobody is known to have it. */
  holder: z.object({ owner: z.string(), url: z.string() }).optional(),
});

/**
 * What a trading process serves. One that is not active answers 503 to all but the status, with `Retry-After`, and with the
 * address of the active one in `Location` where it knows it.
 */
export const tradingApi = defineApi({
  submitOrder: {
    method: 'POST',
    path: '/orders',
    body: intent,
    response: orderOutcome,
    summary: 'Sends an order through all gates, once.',
    description: 'For operators. Sent again with the same intentId it is a duplicate, never a second order.',
    tags,
  },
  cancelOrder: {
    method: 'DELETE',
    path: '/orders/:clientOrderId',
    params,
    response: cancelOutcome,
    summary: 'Asks the venue to cancel an order.',
    description: 'For operators. 404 for one that the desk does not know.',
    tags,
  },
  getOrder: {
    method: 'GET',
    path: '/orders/:clientOrderId',
    params,
    response: workingOrder,
    summary: 'An order as the books of the desk have it.',
    description: '404 for one that is long over: the portfolio service has those.',
    tags,
  },
  getPositions: {
    method: 'GET',
    path: '/positions',
    response: positions,
    summary: 'What the account has, as the books of the desk have it.',
    tags,
  },
  ...deskRoutes('trading'),
  getStatus: {
    method: 'GET',
    path: '/status',
    response: z.object({
      role: z.enum(['starting', 'active', 'standby', 'stopping']),
      instance: z.string(),
      accountId: z.string(),
      lease,
      /** What the kill switch lets through here; the reason while it lets not everything. */
      tradingState,
      restricted: z.string().optional(),
      /** Of the active one. */
      orders: z.object({ working: z.int(), inDoubt: z.int() }).optional(),
      equity: amount.optional(),
    }),
    summary: 'What this process is. Every trading process answers it.',
    tags,
  },
});
