import { z } from 'zod';
import { type DecimalInput, decimal, decimalText } from '../core/decimal.ts';
import { idSchema } from '../core/ids.ts';
import { moneySchema } from '../core/money-schema.ts';
import { tradingHoursSchema } from './gates/trading-hours.ts';

const quantity = z
  .custom<DecimalInput>((value) => {
    const text = decimalText(value);
    return text !== undefined && !text.startsWith('-');
  }, 'expected a plain decimal of 0 or more as string, bigint or Decimal')
  .transform((value) => decimal(value).toFixed());

const windowMs = z.number().min(1).max(86_400_000);
const feeBps = z
  .number()
  .min(0)
  .max(10_000)
  .refine((bps) => Math.abs(bps * 100 - Math.round(bps * 100)) < 1e-6, 'expected steps of 0.01');

/** Off when `'none'`. On by default for accounts in general, off by default for single scopes. */
export const buyingPowerSchema = z.union([
  z.literal('none'),
  z
    .strictObject({
      /** Fee that a fill may cost, in basis points of its value. */
      feeBps: feeBps.default(0),
    })
    .readonly(),
]);

/** Limits that are off until they are set, for accounts in general and for single scopes alike. */
export const orderControls = {
  /** Instruments in which nothing may be entered. */
  restricted: z.array(idSchema).readonly().optional(),
  /** Instruments that strategies may enter, by strategy. One that is not named may enter nothing. */
  permissions: z
    .record(idSchema, z.union([z.literal('all'), z.array(idSchema).readonly()]))
    .readonly()
    .optional(),
  /** When something may be entered. */
  tradingHours: tradingHoursSchema.optional(),
  /** Largest quantity of one order, in units of the base. */
  maxOrderQuantity: quantity.optional(),
  /** Largest value of one order, at its worst price or the mark, whichever is more. */
  maxOrderValue: moneySchema.optional(),
  /** What an order may cost has to fit into what is free. For accounts. */
  buyingPower: buyingPowerSchema.optional(),
  /** Most that positions cost and orders may cost together. For accounts, the venue and the firm. */
  maxCapital: moneySchema.optional(),
  /** What becomes of orders that would trade with each other. */
  selfTrade: z.enum(['cancel-newest', 'cancel-oldest', 'decrement']).optional(),
  /** Most orders, amendments and cancels in any window. */
  messageRate: z
    .strictObject({ max: z.int().min(0).max(100_000), windowMs })
    .readonly()
    .optional(),
  /** Most entries of a strategy in one instrument and side in any window; with the last one it is stopped. */
  repeatedExecution: z
    .strictObject({ max: z.int().min(1).max(100_000), windowMs })
    .readonly()
    .optional(),
  /**
   * How long the content of an order may not be sent again. At most 65,536 orders are remembered: while as many are in the
   * longest window of any scope, entries are denied.
   */
  duplicateWindowMs: windowMs.optional(),
} as const;

export type OrderControls = z.output<z.ZodObject<typeof orderControls>>;

/** What becomes of orders that would trade with each other. */
export type SelfTradeMode = 'cancel-newest' | 'cancel-oldest' | 'decrement';
