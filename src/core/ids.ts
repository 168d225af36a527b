import { hash } from 'node:crypto';
import { z } from 'zod';

/** What an id may be: 1 to 64 visible ASCII characters without blanks, so that it can stand in logs, paths and URLs. */
const ID = /^[\x21-\x7e]{1,64}$/;

export const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);

/** Schema of an id given in options. */
export const idSchema = z.string().regex(ID, 'expected 1 to 64 visible ASCII characters without blanks');

/** Changing it changes every client order id, so that an old order would be sent again under a new one: do not. */
const CLIENT_ORDER_ID_VERSION = 1;

/**
 * The id under which an order is known to the venue, the same for the same intent for ever: the first 128 bits of SHA-256
 * over (version, account, strategy, intent), as 32 hex characters. Neither quantity nor price is part of it, otherwise a
 * changed repetition would be a second order.
 */
export const clientOrderId = (accountId: string, strategyId: string, intentId: string): string =>
  // Ids contain no blanks, so a blank separates them without ambiguity.
  hash('sha256', `${CLIENT_ORDER_ID_VERSION} ${accountId} ${strategyId} ${intentId}`).slice(0, 32);
