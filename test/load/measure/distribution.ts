/** Of measured rounds, in milliseconds: each value is one that was measured. */
export interface Distribution {
  readonly rounds: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** By nearest rank; `NaN` of nothing. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
  return {
    rounds: sorted.length,
    minMs: at(0),
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}

/** The same of each part of rounds that have several. */
export const distributionsOf = <K extends string>(
  rounds: readonly Readonly<Record<K, number>>[],
  parts: readonly K[],
): Readonly<Record<K, Distribution>> =>
  Object.fromEntries(
    parts.map((part) => [part, distributionOf(rounds.map((round) => round[part]))]),
  ) as Record<K, Distribution>;
