import { CircuitState } from 'cockatiel';
import { SystemClock } from 'portcullis/core';
import { CircuitBreaker } from 'portcullis/resilience';
import { type BreakerRules, defaultOpossum, samplingCockatiel, tunedOpossum } from '../peers.ts';
import { type BenchResult, type Suite, quantile } from '../result.ts';

const SUITE = 'breaker';
const COUNT = 20_000;
const ROUNDS = 30;
/** Failures that are timed in a window, which they fill as well: few, so that it stays the window that it is called after. */
const FAILURES = 100;
const FAILURE_ROUNDS = 40;
/** Where the window takes long to fill. */
const LARGE_ROUNDS = 12;
/** Where a failure takes milliseconds. */
const SLOW_ROUNDS = 2;

/** Opens on nothing that is measured: at most half of any window fails. */
const RULES: BreakerRules = { windowMs: 60_000, failureRate: 0.9, minCalls: 20, openMs: 3_600_000 };

type Task = () => Promise<number>;

/** One breaker around a task. */
interface Contestant {
  /** Calls one after the other; how many of them failed. */
  calls(count: number): Promise<number>;
  isClosed(): boolean;
  end(): void;
}

const contestants = {
  ours: (task: Task): Contestant => {
    const { windowMs, failureRate, minCalls, openMs } = RULES;
    const rules = { windowMs, failureRate, minCalls, openMs, maxOpenMs: openMs };
    const circuit = new CircuitBreaker(rules, { clock: new SystemClock() });
    return {
      async calls(count) {
        let failures = 0;
        for (let i = 0; i < count; i += 1) if (!(await circuit.tryExecute(task)).ok) failures += 1;
        return failures;
      },
      isClosed: () => circuit.state === 'closed',
      end: () => undefined,
    };
  },
  opossum: (task: Task) => opossum(tunedOpossum(task, RULES)),
  'opossum-defaults': (task: Task) => opossum(defaultOpossum(task, RULES)),
  cockatiel: (task: Task): Contestant => {
    const circuit = samplingCockatiel(RULES);
    return {
      async calls(count) {
        let failures = 0;
        for (let i = 0; i < count; i += 1)
          try {
            await circuit.execute(task);
          } catch {
            failures += 1;
          }
        return failures;
      },
      isClosed: () => circuit.state === CircuitState.Closed,
      end: () => undefined,
    };
  },
};

function opossum(circuit: ReturnType<typeof tunedOpossum<number>>): Contestant {
  return {
    async calls(count) {
      let failures = 0;
      for (let i = 0; i < count; i += 1)
        try {
          await circuit.fire();
        } catch {
          failures += 1;
        }
      return failures;
    },
    isClosed: () => circuit.closed,
    end() {
      circuit.shutdown();
    },
  };
}

type Name = keyof typeof contestants;
const NAMES: readonly Name[] = ['ours', 'opossum', 'opossum-defaults', 'cockatiel'];

/**
 * A call that succeeds, one that fails in a window of 100 and of 100,000 calls, and one that is refused, side by side with
 * opossum (tuned, and with its defaults) and cockatiel in alternating rounds. The task does nothing.
 */
export const breaker: Suite = {
  name: SUITE,
  async run() {
    const bareNs = await bare();
    const results = [
      await versus('ok', ok, COUNT, () => ROUNDS),
      await versus('failure-window-100', failing(100), FAILURES, () => FAILURE_ROUNDS),
      await versus('failure-window-100000', failing(100_000), FAILURES, (name) =>
        name === 'opossum-defaults' ? SLOW_ROUNDS : LARGE_ROUNDS,
      ),
      await versus('open', refusing, COUNT, () => ROUNDS),
    ];
    const [okNs, smallNs, largeNs] = results.map(({ nsPerOp }) => nsPerOp) as [number, number, number];
    console.log(
      `  bare await ${bareNs.toFixed(0)} ns, the breaker adds ${(okNs - bareNs).toFixed(0)} ns; ` +
        `a failure costs ${(largeNs / smallNs).toFixed(2)} times as much among 100,000 calls as among 100`,
    );
    return results;
  },
};

const FAILURE = new Error('no luck');
let fails = false;
let reached = 0;

/** The upstream. It fails with one and the same error: to make one would cost more than anything that is measured. */
const task = (): Promise<number> => {
  reached += 1;
  return fails ? Promise.reject(FAILURE) : Promise.resolve(reached);
};

/** Many short rounds, the quickest counts. */
async function bare(): Promise<number> {
  const [rounds, count] = [ROUNDS * 10, COUNT / 10];
  const ns = new Float64Array(rounds);
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    for (let i = 0; i < count; i += 1) await task();
    ns[round] = ((performance.now() - startedMs) * 1e6) / count;
  }
  return quantile(ns, 0);
}

/** A breaker, made ready, and how many of `count` calls must fail. */
type Prepare = (make: (task: Task) => Contestant) => Promise<{ contestant: Contestant; isRefusing: boolean }>;

const ok: Prepare = async (make) => {
  fails = false;
  const contestant = make(task);
  await contestant.calls(RULES.minCalls);
  return { contestant, isRefusing: false };
};

const failing =
  (window: number): Prepare =>
  async (make) => {
    fails = false;
    const contestant = make(task);
    await contestant.calls(window);
    fails = true;
    return { contestant, isRefusing: false };
  };

const refusing: Prepare = async (make) => {
  fails = true;
  const contestant = make(task);
  for (let i = 0; contestant.isClosed() && i < 1_000; i += 1) await contestant.calls(1);
  return { contestant, isRefusing: true };
};

/**
 * Rounds in turn; of each contestant the quickest counts, since whatever else runs on the machine can only slow one down. The
 * quantiles are ours, one by one.
 */
async function versus(
  name: string,
  prepare: Prepare,
  count: number,
  roundsOf: (name: Name) => number,
): Promise<BenchResult> {
  const ns = new Map(NAMES.map((each) => [each, new Float64Array(roundsOf(each))]));
  for (let round = -1; round < Math.max(...NAMES.map(roundsOf)); round += 1)
    for (const each of NAMES)
      if (round < roundsOf(each)) {
        const spent = await stretch(each, prepare, count);
        if (round >= 0) (ns.get(each) as Float64Array)[round] = spent / count;
      }
  const us = await oneByOne(prepare, count);
  const quickest = NAMES.map((each) => quantile(ns.get(each) as Float64Array, 0));
  const nsPerOp = quickest[0] as number;
  console.log(
    `  ${name}: ${NAMES.map((each, i) => `${each} ${(quickest[i] as number).toFixed(0)} ns`).join(', ')}`,
  );
  return {
    suite: SUITE,
    name,
    opsPerSec: 1e9 / nsPerOp,
    nsPerOp,
    p50Us: quantile(us, 0.5),
    p99Us: quantile(us, 0.99),
    vs: Object.fromEntries(NAMES.slice(1).map((each, i) => [each, (quickest[i + 1] as number) / nsPerOp])),
  };
}

/** Nanoseconds for `count` calls of a fresh breaker; that it did what it was timed for is looked at afterwards. */
async function stretch(name: Name, prepare: Prepare, count: number): Promise<number> {
  const { contestant, isRefusing } = await prepare(contestants[name]);
  reached = 0;
  const startedMs = performance.now();
  const failures = await contestant.calls(count);
  const tookMs = performance.now() - startedMs;
  const expected = { failures: fails ? count : 0, reached: isRefusing ? 0 : count, isClosed: !isRefusing };
  const found = { failures, reached, isClosed: contestant.isClosed() };
  contestant.end();
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${name}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
  return tookMs * 1e6;
}

async function oneByOne(prepare: Prepare, count: number): Promise<Float64Array> {
  const { contestant } = await prepare(contestants.ours);
  const us = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const fromMs = performance.now();
    await contestant.calls(1);
    us[i] = (performance.now() - fromMs) * 1_000;
  }
  contestant.end();
  return us;
}
