import { z } from 'zod';
import { moneySchema } from '../core/money-schema.ts';

/** Limits that are off until they are set, for accounts in general and for single scopes alike. */
export const orderControls = {
  /** Largest value of one order, at its worst price or the mark, whichever is more. */
  maxOrderValue: moneySchema.optional(),
} as const;

const schema = z.strictObject(orderControls);

export type OrderControls = z.output<typeof schema>;
