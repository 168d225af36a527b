import { type BenchResult, measure } from '../result.ts';

const GATES = 15;
const ORDERS = 10_000;

/** Fifteen bare comparisons of floats with their limits, in the same loop: what no gate can be faster than. */
export function floatFloor(suite: string): BenchResult {
  const limits = Float64Array.from({ length: GATES }, (_, i) => 1e6 + i);
  const orders = Array.from({ length: ORDERS }, (_, i) => Float64Array.from({ length: GATES }, () => i));
  let passed = 0;
  const result = measure(suite, 'float-floor', 1_000_000, (i) => {
    const order = orders[i % ORDERS] ?? limits;
    let passes = true;
    for (let gate = 0; gate < GATES; gate += 1)
      if (!((order[gate] as number) <= (limits[gate] as number))) passes = false;
    if (passes) passed += 1;
  });
  if (passed === 0) throw new Error('expected orders to pass');
  return result;
}
