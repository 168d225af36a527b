import { z } from 'zod';

export const DataQualityOptionsSchema = z.strictObject({
  /** Age of the book, by the monotonic clock, beyond which it is stale. */
  staleAfterMs: z.number().positive().default(2_000),
  /** Largest believable step of the mark, or distance of a trade from it. */
  maxJumpBps: z.number().positive().default(100),
  /** Further marks that make a jump believable. */
  jumpConfirmations: z.int().min(1).default(5),
  /** Time after which one further mark is enough. */
  jumpConfirmMs: z.number().positive().default(1_000),
  /** Clock offset, either way, that is reported. */
  reportOffsetMs: z.number().positive().default(500),
  /** Clock offset, either way, that blocks. Default: none does, as freshness is not measured with the exchange's time. */
  maxOffsetMs: z.number().positive().optional(),
});

/**
 * - `staleAfterMs`: age of the book, by the monotonic clock, beyond which it is stale. Default 2,000.
 * - `maxJumpBps`: largest believable step of the mark, or distance of a trade from it. Default 100.
 * - `jumpConfirmations`: further marks that make a larger step believable. Default 5.
 * - `jumpConfirmMs`: time after which one further mark is enough. Default 1,000.
 * - `reportOffsetMs`: clock offset, either way, that is reported. Default 500.
 * - `maxOffsetMs`: clock offset, either way, that blocks. Default: none, as freshness never uses the exchange's time.
 *
 * @interface
 */
export type DataQualityOptions = z.input<typeof DataQualityOptionsSchema>;
