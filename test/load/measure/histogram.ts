/** Buckets of a power of two are halved so often: a value is off by less than 1 %. */
const SUB_BITS = 7;
const SUB = 2 ** SUB_BITS;

/** The filled buckets of a histogram: index and count by turns. */
export type PackedHistogram = readonly number[];

/** What is told of a distribution, in milliseconds. `NaN` of nothing. */
export interface Quantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Counts times in buckets that grow with the value, so that those of several processes can be put together. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param ms below 0 counts as 0 */
  add(ms: number): void {
    this.#addTo(bucketOf(ms), 1);
  }

  merge(packed: PackedHistogram): void {
    for (let at = 0; at + 1 < packed.length; at += 2) this.#addTo(packed[at] ?? 0, packed[at + 1] ?? 0);
  }

  pack(): PackedHistogram {
    return [...this.#counts].flat();
  }

  /** The upper end of the bucket that the nearest rank falls into, in milliseconds; `NaN` of nothing. */
  quantile(q: number): number {
    if (this.#count === 0) return NaN;
    let left = Math.max(1, Math.ceil(q * this.#count));
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return upperMs(bucket);
    }
    return NaN;
  }

  quantiles(): Quantiles {
    const [p50Ms, p90Ms, p99Ms, p999Ms, maxMs] = [0.5, 0.9, 0.99, 0.999, 1].map((q) => this.quantile(q));
    return { count: this.#count, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } as Quantiles;
  }

  #addTo(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#count += count;
  }
}

/** Of whole microseconds: each has a bucket of its own up to `SUB`, above that `SUB` buckets share a power of two. */
function bucketOf(ms: number): number {
  const us = Math.max(0, Math.round(ms * 1_000));
  if (us < SUB) return us;
  const shift = Math.floor(Math.log2(us)) - SUB_BITS;
  return (shift + 1) * SUB + Math.floor(us / 2 ** shift) - SUB;
}

function upperMs(bucket: number): number {
  if (bucket < SUB) return bucket / 1_000;
  const shift = Math.floor(bucket / SUB) - 1;
  return ((SUB + (bucket % SUB) + 1) * 2 ** shift - 1) / 1_000;
}
