/** One measured figure of a suite. */
export interface BenchResult {
  readonly suite: string;
  readonly name: string;
  readonly opsPerSec: number;
  readonly nsPerOp: number;
  readonly p50Us: number;
  /** Where the tail is the point. */
  readonly p90Us?: number;
  readonly p99Us: number;
  /** As `p90Us`. */
  readonly maxUs?: number;
  /** A peer's name to our speed as a multiple of its own, measured in the same run. */
  readonly vs: Readonly<Record<string, number>>;
}

export interface Suite {
  readonly name: string;
  run(): Promise<readonly BenchResult[]>;
}

/** Nearest-rank quantile. Sorts `values` in place. */
export function quantile(values: Float64Array, q: number): number {
  values.sort();
  return values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? NaN;
}

const STRETCHES = 5;

/**
 * Times operations twice: in five stretches of `count`, whose median is the throughput, and `count` one by one for the
 * quantiles (which include the 0.05 us of reading the clock). `op` gets the index. A stretch goes before to warm up.
 */
export function measure(
  suite: string,
  name: string,
  count: number,
  op: (index: number) => void,
): BenchResult {
  const stretch = (): number => {
    const startedMs = performance.now();
    for (let i = 0; i < count; i += 1) op(i);
    return ((performance.now() - startedMs) * 1e6) / count;
  };
  stretch();
  const nsPerOp = quantile(Float64Array.from({ length: STRETCHES }, stretch), 0.5);
  const us = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const fromMs = performance.now();
    op(i);
    us[i] = (performance.now() - fromMs) * 1_000;
  }
  const [p50Us, p99Us] = [quantile(us, 0.5), quantile(us, 0.99)];
  return { suite, name, opsPerSec: 1e9 / nsPerOp, nsPerOp, p50Us, p99Us, vs: {} };
}
