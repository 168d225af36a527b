export interface ExactBucket {
  /** Whole tokens. */
  readonly capacity: number;
  /** Whole tokens. */
  readonly refillPerSecond: number;
}

export type ExactAnswer =
  { readonly outcome: 'allowed' | 'never' } | { readonly outcome: 'wait'; readonly waitUs: number };

/**
 * The generic cell rate algorithm in whole numbers: per bucket the theoretical arrival time, in units in which a microsecond is
 * `refillPerSecond` of them and a token 1,000,000.
 */
export class ExactRate {
  readonly #buckets: readonly ExactBucket[];
  #arrivals: readonly bigint[];

  constructor(buckets: readonly ExactBucket[]) {
    this.#buckets = buckets;
    this.#arrivals = buckets.map(() => 0n);
  }

  take(costs: readonly number[], nowUs: number): ExactAnswer {
    let waitUs = 0;
    const after: bigint[] = [];
    for (const [at, { capacity, refillPerSecond }] of this.#buckets.entries()) {
      const cost = costs[at] ?? 0;
      if (cost > capacity) return { outcome: 'never' };
      const now = BigInt(nowUs) * BigInt(refillPerSecond);
      const before = this.#arrivals[at] ?? 0n;
      const next = (before > now ? before : now) + BigInt(cost) * 1_000_000n;
      const over = next - BigInt(capacity) * 1_000_000n - now;
      if (over > 0n) waitUs = Math.max(waitUs, Number(over) / refillPerSecond);
      after.push(next);
    }
    if (waitUs > 0) return { outcome: 'wait', waitUs };
    this.#arrivals = after;
    return { outcome: 'allowed' };
  }
}
