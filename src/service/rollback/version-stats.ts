import { z } from 'zod';

const count = z.int().min(0);

const latencySchema = z
  .strictObject({
    /** Upper bounds of the buckets, seconds, ascending, without the infinite one. */
    upperBounds: z.array(z.number()).min(1),
    /** How many took at most each bound, and last how many there were: one more than bounds, never falling. */
    cumulativeCounts: z.array(count),
    /** Sum of all, seconds. */
    sumSeconds: z.number().min(0),
  })
  .refine(({ upperBounds }) => isAscending(upperBounds), 'expected ascending upper bounds')
  .refine(({ cumulativeCounts }) => !isFalling(cumulativeCounts), 'expected counts that never fall')
  .refine(({ upperBounds, cumulativeCounts }) => cumulativeCounts.length === upperBounds.length + 1, {
    error: 'expected one count more than bounds, the last of them the total',
  });

/** Schema of a sample; what does not fit it is no data. */
export const statsSampleSchema = z
  .strictObject({
    requests: count,
    errors: count,
    latency: latencySchema.optional(),
    /** By name: the sum of what was measured, of any sign, and how often. Their quotient is what is judged. */
    custom: z.record(z.string().min(1), z.strictObject({ sum: z.number(), count })).optional(),
  })
  .refine(({ requests, errors }) => errors <= requests, 'expected no more errors than requests');

/**
 * What one version has done since it started. All of it are counters that only grow; one that falls is taken for a restart of
 * the process.
 *
 * @interface
 */
export type StatsSample = z.output<typeof statsSampleSchema>;

/** A histogram of latencies, as Prometheus keeps them. @interface */
export type LatencyCounts = z.output<typeof latencySchema>;

/** Where the numbers of a version come from: its own metrics, another process, a query. */
export interface VersionStats {
  /** The counters now; undefined for no data. One that throws, hangs or gives what is no sample is no data as well. */
  sample(signal: AbortSignal): StatsSample | undefined | Promise<StatsSample | undefined>;
}

const isAscending = (bounds: readonly number[]): boolean =>
  bounds.every((bound, at) => bound > (bounds[at - 1] ?? -Infinity));

const isFalling = (counts: readonly number[]): boolean =>
  counts.some((one, at) => one < (counts[at - 1] ?? 0));
