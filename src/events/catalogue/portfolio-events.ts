import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { eventType } from '../event-type.ts';
import { decimalField, unsignedField } from './event-fields.ts';

const position = z.strictObject({
  instrumentId: idSchema,
  /** Signed, in units of the base. */
  quantity: decimalField,
  /** What the amounts below are in. */
  quote: idSchema,
  /** Average price paid or received. Missing when flat. */
  averagePrice: decimalField.optional(),
  /** Last good mark. Missing without one; so are the next two. */
  mark: unsignedField.optional(),
  /** What it adds to equity. */
  value: decimalField.optional(),
  unrealised: decimalField.optional(),
  /** Before fees. */
  realised: decimalField,
  /** Negative: rebates. */
  fees: decimalField,
  /** Received less paid. */
  funding: decimalField,
});

const portfolio = z.strictObject({
  accountId: idSchema,
  /** What the amounts below are in. */
  currency: idSchema,
  /** Missing while a position has no mark, or its currency no rate; so is `unrealised`. */
  equity: decimalField.optional(),
  unrealised: decimalField.optional(),
  /** Before fees. */
  realised: decimalField,
  fees: decimalField,
  /** Received less paid. */
  funding: decimalField,
  /** Since the roll of the trading day, deposits aside. Missing while a position or a working order has no mark; so are the next two. */
  dayPnl: decimalField.optional(),
  /** Highest equity, scaled by deposits and withdrawals. */
  highWater: decimalField.optional(),
  /** How far equity is below the high-water mark, as a fraction of it: 0 or more. */
  drawdownFraction: z.number().min(0).optional(),
  cash: z.array(z.strictObject({ currency: idSchema, amount: decimalField })).readonly(),
  /** Those that are held, and those that were and have earned something. */
  positions: z.array(position).readonly(),
});

/** @interface */
export type PortfolioUpdated = z.output<typeof portfolio>;

/** What an account has and has earned. Some in between may have been left out: the last one counts. */
export const PORTFOLIO_UPDATED = eventType({
  type: 'portfolio.updated',
  schema: portfolio,
  subject: ({ accountId }) => accountId,
});
