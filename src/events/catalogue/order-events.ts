import { z } from 'zod';
import { type EventType, eventType } from '../event-type.ts';
import { ACCOUNT_EVENTS } from './account-events.ts';
import { DESK_EVENTS } from './desk-events.ts';
import { decimalField } from './event-fields.ts';
import { denialFields, ofOrder, orderFields, standingFields } from './order-fields.ts';

/*
 * The life of an order. Quantities are in units of the base, prices in units of the quote, fees in the currency named, all
 * plain decimals as text. The subject is the client order id, the key is the account.
 */

const reason = z.string();

const of = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject({ ...orderFields, ...standingFields, ...shape });

/** The desk has refused an order; nothing has left the process. Told as it happens, not kept in the journal: one that is told while the bus cannot be reached may be missing. */
export const ORDER_DENIED = eventType({
  ...ofOrder,
  type: 'order.denied',
  schema: z.strictObject({
    ...orderFields,
    /** As it was asked for. */
    quantity: decimalField.exactOptional(),
    denials: z.array(denialFields),
  }),
});

/** An order has passed every gate, is held and written down, and goes to the venue now. One that did not go after all is abandoned. */
export const ORDER_SUBMITTED = eventType({
  ...ofOrder,
  type: 'order.submitted',
  schema: of({
    type: z.enum(['limit', 'market']),
    /** What the strategy asked for. */
    requestedQuantity: decimalField,
    /** What goes out: the same, or less. */
    quantity: decimalField,
    /** The worst price that it may have: the limit, or what a market order may slip to. */
    worstPrice: decimalField,
    timeInForce: z.enum(['GTC', 'IOC', 'FOK']),
    postOnly: z.boolean(),
    reduceOnly: z.boolean(),
    /** Whether it only closes what is open. */
    isExit: z.boolean(),
    /** Of the limits that it was decided under. */
    limitsHash: z.string(),
  }),
});

/** It was never sent. */
export const ORDER_ABANDONED = eventType({
  ...ofOrder,
  type: 'order.abandoned',
  schema: of({ because: denialFields }),
});

export const ORDER_ACCEPTED = eventType({
  ...ofOrder,
  type: 'order.accepted',
  schema: of({ venueOrderId: z.string().exactOptional() }),
});

/** By the venue. */
export const ORDER_REJECTED = eventType({ ...ofOrder, type: 'order.rejected', schema: of({ reason }) });

/** Sent, or about to be, and nobody knows what became of it. It stays held until the venue has said. */
export const ORDER_UNKNOWN = eventType({ ...ofOrder, type: 'order.unknown', schema: of({ reason }) });

/** A fill. The execution id is the venue's: the same one of the same account and instrument is the same fill. */
export const ORDER_EXECUTED = eventType({
  ...ofOrder,
  type: 'order.executed',
  schema: of({
    executionId: z.string(),
    quantity: decimalField,
    price: decimalField,
    /** Positive: paid. Negative: a rebate. */
    fee: z.strictObject({ amount: decimalField, currency: z.string() }),
    liquidity: z.enum(['maker', 'taker']),
  }),
});

export const ORDER_CANCEL_REQUESTED = eventType({
  ...ofOrder,
  type: 'order.cancel-requested',
  schema: of({}),
});

const ended = {
  /** What was filled in all as the venue says; fills up to it may still come. Left out where it has not said. */
  finalQuantity: decimalField.exactOptional(),
};

export const ORDER_CANCELLED = eventType({ ...ofOrder, type: 'order.cancelled', schema: of(ended) });

export const ORDER_EXPIRED = eventType({ ...ofOrder, type: 'order.expired', schema: of(ended) });

/** It goes on as before. */
export const ORDER_CANCEL_FAILED = eventType({
  ...ofOrder,
  type: 'order.cancel-failed',
  schema: of({ reason }),
});

/** While nobody knows which of the two is in force, the larger is held. */
export const ORDER_AMEND_REQUESTED = eventType({
  ...ofOrder,
  type: 'order.amend-requested',
  schema: of({
    /** In all, fills included. */
    quantity: decimalField,
    worstPrice: decimalField,
    isExit: z.boolean(),
  }),
});

/** What the order is now. */
export const ORDER_AMENDED = eventType({
  ...ofOrder,
  type: 'order.amended',
  schema: of({
    quantity: decimalField,
    worstPrice: decimalField,
  }),
});

/** It goes on as before. */
export const ORDER_AMEND_FAILED = eventType({
  ...ofOrder,
  type: 'order.amend-failed',
  schema: of({ reason }),
});

/** Nothing more will come: the venue has not known it in several looks, or a named person has written it off. */
export const ORDER_ABSENT = eventType({ ...ofOrder, type: 'order.absent', schema: of({}) });

/** Everything that a desk tells, of orders, accounts and itself. */
export const ORDER_EVENTS: readonly EventType[] = Object.freeze([
  ORDER_DENIED,
  ORDER_SUBMITTED,
  ORDER_ABANDONED,
  ORDER_ACCEPTED,
  ORDER_REJECTED,
  ORDER_UNKNOWN,
  ORDER_EXECUTED,
  ORDER_CANCEL_REQUESTED,
  ORDER_CANCELLED,
  ORDER_EXPIRED,
  ORDER_CANCEL_FAILED,
  ORDER_AMEND_REQUESTED,
  ORDER_AMENDED,
  ORDER_AMEND_FAILED,
  ORDER_ABSENT,
  ...ACCOUNT_EVENTS,
  ...DESK_EVENTS,
]);
