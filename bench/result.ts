/** One measured figure of a suite. */
export interface BenchResult {
  readonly suite: string;
  readonly name: string;
  readonly opsPerSec: number;
  readonly nsPerOp: number;
  readonly p50Us: number;
  readonly p99Us: number;
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

/**
 * Times `count` operations twice: in one stretch for the throughput, and one by one for the quantiles (which include the
 * 0.03 us of reading the clock). `op` gets the index. What is warm stays warm: `warmUp` operations go before.
 */
export function measure(
  suite: string,
  name: string,
  count: number,
  op: (index: number) => void,
  warmUp = count,
): BenchResult {
  for (let i = 0; i < warmUp; i += 1) op(i);
  const started = process.hrtime.bigint();
  for (let i = 0; i < count; i += 1) op(i);
  const nsPerOp = Number(process.hrtime.bigint() - started) / count;
  const us = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const from = process.hrtime.bigint();
    op(i);
    us[i] = Number(process.hrtime.bigint() - from) / 1_000;
  }
  return {
    suite,
    name,
    opsPerSec: 1e9 / nsPerOp,
    nsPerOp,
    p50Us: quantile(us, 0.5),
    p99Us: quantile(us, 0.99),
    vs: {},
  };
}
