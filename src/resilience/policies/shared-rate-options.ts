import { z } from 'zod';

export const sharedRateSchema = z
  .strictObject({
    limit: z
      .string()
      .regex(/^[\w.:-]{1,64}$/, 'expected 1 to 64 letters, digits and . _ : -')
      .optional(),
    expectedProcesses: z.int().min(1),
    fallbackFraction: z.number().positive().max(1).optional(),
    timeoutMs: z.number().min(1).max(10_000).default(100),
    retryMs: z.number().min(1).max(600_000).default(1_000),
  })
  .transform((options) => ({
    ...options,
    fallbackFraction: options.fallbackFraction ?? 1 / options.expectedProcesses,
  }));

/**
 * How a limit is held together with other processes.
 *
 * - `limit`: what the others call it too. Default: the `name` of the limiter, which for a source is that of the source.
 * - `expectedProcesses`: how many hold it, this one included.
 * - `fallbackFraction`: part of each bucket that this process takes on its own while the others cannot be asked, above 0 to 1.
 *   Default: 1 by `expectedProcesses`, so that all together keep the limit.
 * - `timeoutMs`: how long an answer is waited for, milliseconds, 1 to 10,000. Default 100.
 * - `retryMs`: how long until it is asked again after that, milliseconds. Default 1,000.
 *
 * @interface
 */
export type SharedRateOptions = z.input<typeof sharedRateSchema>;

export type SharedRateSettings = z.output<typeof sharedRateSchema> & { readonly limit: string };
