import { z } from 'zod';
import { decimalText } from '../../core/decimal.ts';
import { idSchema } from '../../core/ids.ts';

const amount = z.string().refine((text) => decimalText(text) !== undefined, 'expected a plain decimal');

/** Takes what nobody may change. */
const list = <S extends z.ZodType>(one: S): z.ZodType<readonly z.output<S>[], readonly z.input<S>[]> =>
  z.array(one);

export const paperOpeningSchema = z.strictObject({
  /** Signed: negative is short. An account and instrument stand here once. */
  positions: list(z.strictObject({ accountId: idSchema, instrumentId: idSchema, quantity: amount })).default(
    [],
  ),
  /** Cash. What is not here is not told: `balances` leaves it out. */
  balances: list(z.strictObject({ accountId: idSchema, currency: idSchema, amount })).default([]),
  /**
   * Orders that the venue had before: `lookup` answers as given, and their ids are taken. One that was `working` ended
   * with the process it was in: it is `expired`, with the cumulative quantity given.
   */
  orders: list(
    z.strictObject({
      clientOrderId: idSchema,
      venueOrderId: z.string().optional(),
      accountId: idSchema,
      instrumentId: idSchema,
      side: z.enum(['buy', 'sell']),
      quantity: amount,
      price: amount,
      cumulative: amount,
      state: z.enum(['working', 'filled', 'cancelled', 'expired', 'rejected']).default('working'),
      reason: z.string().optional(),
    }),
  ).default([]),
});

/**
 * What a paper venue held when its process ended. It lives in memory, so after a restart it is told, from the Book that
 * was recovered.
 *
 * @interface
 */
export type PaperVenueOpening = z.input<typeof paperOpeningSchema>;

export type PaperOpening = z.output<typeof paperOpeningSchema>;
