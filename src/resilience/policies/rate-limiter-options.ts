import { z } from 'zod';
import { sharedRateSchema } from './shared-rate-options.ts';

const bucketSchema = z.strictObject({
  name: z.string().min(1),
  capacity: z.number().min(1),
  refillPerSecond: z.number().positive(),
  counts: z.enum(['weight', 'calls']).default('weight'),
  windowLimit: z.number().positive().optional(),
});

export const rateLimiterSchema = z.strictObject({
  buckets: z
    .array(bucketSchema)
    .min(1)
    .refine((buckets) => new Set(buckets.map(({ name }) => name)).size === buckets.length, {
      error: 'expected a different name for each bucket',
    }),
  maxQueued: z.int().min(0).default(1_000),
  maxWaitMs: z.number().min(0).default(5_000),
  ageingMs: z.number().min(1).default(2_000),
  name: z.string().min(1).default('rate-limiter'),
  shared: sharedRateSchema.optional(),
});

/**
 * One limit.
 *
 * - `name`: such as `request-weight`; the label `bucket` in metrics.
 * - `capacity`: calls or weight that may go at once after a rest, 1 or more.
 * - `refillPerSecond`: what may go in the long run, above 0.
 * - `counts`: `weight` of each call (default), or `calls` as 1 each.
 * - `windowLimit`: what the server's own count, which `observe` tells, may come to. Default: the capacity.
 *
 * A server that counts in fixed windows sees up to `capacity + window * refillPerSecond` in one of them: keep that at or
 * under its limit. For 6,000 a minute that may be a capacity of 1,000 with 83 a second, and a `windowLimit` of 6,000.
 *
 * @interface
 */
export type RateLimitBucket = z.input<typeof bucketSchema>;

/**
 * - `buckets`: limits that all hold for each call, at least one.
 * - `maxQueued`: calls that may wait at a time. Default 1,000.
 * - `maxWaitMs`: how long a call may wait. Default 5,000.
 * - `ageingMs`: each such time of waiting lifts a call by one priority, 1 or more. Default 2,000.
 * - `name`: the `target` in metrics. Default `rate-limiter`.
 * - `shared`: for a limit that several processes hold together; see `SharedRateOptions`. Default: this process alone.
 *
 * @interface
 */
export type RateLimiterOptions = z.input<typeof rateLimiterSchema>;
