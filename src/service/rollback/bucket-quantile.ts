import type { LatencyCounts } from './version-stats.ts';

export interface BucketQuantile {
  readonly seconds: number;
  /** The quantile lies beyond the highest bound: it is `seconds` or more, nobody knows how much. */
  readonly isBeyond: boolean;
}

/**
 * Quantile of a histogram, as `histogram_quantile` of Prometheus gives it: the rank is `quantile` times the total, observations
 * are spread evenly over their bucket, and the lowest bucket begins at 0 (at its own bound, if that is 0 or less). Beyond the
 * highest bound it is that bound.
 *
 * @param quantile above 0 and below 1
 * @returns undefined without observations
 *
 * Source: Prometheus documentation, Query functions, `histogram_quantile()`, classic histograms.
 */
export function bucketQuantile(
  quantile: number,
  { upperBounds, cumulativeCounts }: LatencyCounts,
): BucketQuantile | undefined {
  const total = cumulativeCounts.at(-1) ?? 0;
  if (!(total > 0)) return undefined;
  const rank = quantile * total;
  const at = cumulativeCounts.findIndex((count) => count >= rank);
  const end = upperBounds[at];
  if (end === undefined) return { seconds: upperBounds.at(-1) ?? NaN, isBeyond: true };
  if (at === 0 && end <= 0) return { seconds: end, isBeyond: false };
  const start = upperBounds[at - 1] ?? 0;
  const below = cumulativeCounts[at - 1] ?? 0;
  const within = (cumulativeCounts[at] ?? 0) - below;
  return { seconds: start + (end - start) * ((rank - below) / within), isBeyond: false };
}
