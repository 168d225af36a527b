import { z } from 'zod';
import { eventType } from '../event-type.ts';
import { decimalField } from './event-fields.ts';
import { ofAccount } from './order-fields.ts';

/*
 * What happens to an account beside its orders, in one order with them. Money is in the currency of the account, but for
 * funding, which is in that of the instrument. With `order.executed` it is enough to keep positions and cash.
 */

const text = z.string();
const account = { accountId: text.min(1) };

/** A journal begins: what was before is in the balance. */
export const ACCOUNT_OPENED = eventType({
  ...ofAccount,
  type: 'account.opened',
  schema: z.strictObject({ ...account, currency: text, balance: decimalField, dayId: text }),
});

/** A named person has said what is true, and no order explains. */
export const ACCOUNT_ADJUSTED = eventType({
  ...ofAccount,
  type: 'account.adjusted',
  schema: z.strictObject({
    ...account,
    /** The same one is the same adjustment. */
    adjustmentId: text,
    /** Moves the position by a signed quantity, as if traded at the price, but without cash. */
    position: z
      .strictObject({ instrumentId: text, quantity: decimalField, price: decimalField })
      .exactOptional(),
    /** Added to the cash. */
    cash: decimalField,
    by: text,
    reason: text,
  }),
});

/** A deposit (positive) or a withdrawal. */
export const ACCOUNT_FLOWED = eventType({
  ...ofAccount,
  type: 'account.flowed',
  schema: z.strictObject({
    ...account,
    /** The same one is the same flow. */
    flowId: text,
    amount: decimalField,
    /** What the high-water mark became. Left out where it is not known. */
    highWater: decimalField.exactOptional(),
    by: text,
    reason: text,
  }),
});

/** Funding of what is held on margin, as the venue settled it; positive: received. */
export const ACCOUNT_FUNDED = eventType({
  ...ofAccount,
  type: 'account.funded',
  schema: z.strictObject({
    ...account,
    /** The same one is the same funding. */
    fundingId: text,
    instrumentId: text,
    amount: decimalField,
  }),
});

/** Another trading day has begun. */
export const ACCOUNT_DAY_ROLLED = eventType({
  ...ofAccount,
  type: 'account.day-rolled',
  schema: z.strictObject({
    ...account,
    dayId: text,
    /** Equity at its beginning. Left out where it is not known. */
    dayOpen: decimalField.exactOptional(),
    /** Left out where it is not known. */
    highWater: decimalField.exactOptional(),
    /** What strategies had earned in it; those that are missing, nothing. Left out where it was not kept. */
    strategies: z
      .array(z.strictObject({ strategyId: text, pnl: decimalField.exactOptional() }))
      .exactOptional(),
  }),
});

export const ACCOUNT_EVENTS = [
  ACCOUNT_OPENED,
  ACCOUNT_ADJUSTED,
  ACCOUNT_FLOWED,
  ACCOUNT_FUNDED,
  ACCOUNT_DAY_ROLLED,
];
