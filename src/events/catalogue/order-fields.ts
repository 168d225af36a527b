import { z } from 'zod';
import { type OrderState, TRANSITIONS } from '../../trading/order-life-cycle.ts';
import { decimalField, measuredField } from './event-fields.ts';

const text = z.string();
const STATES = Object.keys(TRANSITIONS) as OrderState[];

/** Which order it is, in every event of one. */
export const orderFields = {
  /** The id under which the venue knows the order. */
  clientOrderId: text.min(1),
  /** The id that the strategy gave what it wanted. Of an order that we never sent: that of the execution. */
  intentId: text,
  accountId: text.min(1),
  /** `external` for an order that we never sent. */
  strategyId: text,
  instrumentId: text,
  side: z.enum(['buy', 'sell']),
};

/** How the order stands after it, as our books have it. Quantities are in units of the base. */
export const standingFields = {
  /** An order that is over can still be filled late. `submitting`: nobody has answered yet. `unknown`: nobody has in time. */
  state: z.enum(STATES),
  /** What has been filled. */
  cumulativeQuantity: decimalField,
  /** What may still fill, and is held for it: also of an order that is over, while fills are missing that the venue counts. */
  leavesQuantity: decimalField,
};

/** Why not: which gate, which code, and what was measured against which limit. */
export const denialFields = z.strictObject({
  gate: text,
  code: text,
  measured: measuredField.exactOptional(),
  limit: measuredField.exactOptional(),
  note: text.exactOptional(),
});

/** The topic of everything that a desk tells: so that all of an account keeps its order. */
export const ORDER_TOPIC = 'order';

interface OfOrder {
  readonly clientOrderId: string;
  readonly accountId: string;
}

/** About the order, in order with everything else of its account. */
export const ofOrder = {
  topic: ORDER_TOPIC,
  subject: ({ clientOrderId }: OfOrder): string => clientOrderId,
  key: ({ accountId }: OfOrder): string => accountId,
};

/** About the account. */
export const ofAccount = {
  topic: ORDER_TOPIC,
  subject: ({ accountId }: Pick<OfOrder, 'accountId'>): string => accountId,
};
