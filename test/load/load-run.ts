import type { LoadCluster } from './cluster/load-cluster.ts';
import type { Generator } from './generator/generator.ts';
import type { LoopResult } from './generator/open-loop.ts';
import { Histogram, type Quantiles } from './measure/histogram.ts';
import { missed } from './measure/targets.ts';
import {
  type ProcessUsage,
  arrivals,
  kernelUsage,
  machineTimes,
  probeLines,
  usageOf,
} from './measure/usage.ts';
import { until } from './within.ts';

/** A stretch of load, and what it did. */
export interface LoadRun {
  readonly rate: number;
  readonly seconds: number;
  readonly due: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly acceptedPerSec: number;
  readonly errorFraction: number;
  /** From the moment an order was due. */
  readonly api: Quantiles;
  /** From the moment it was sent: what a client would see that waits for each answer. */
  readonly apiFromSend: Quantiles;
  /** How late the generator was. */
  readonly sendLate: Quantiles;
  /** From what the desk says that happened to when the portfolio service has it. */
  readonly event: Quantiles;
  readonly processes: readonly ProcessUsage[];
  /** Of all cores, everything on the machine included. */
  readonly machineFraction: number;
  /** Processes that ended although nobody wanted them to. */
  readonly ended: readonly string[];
  readonly missed: readonly string[];
}

/** Servers beside the processes of the cluster, by name. */
export type Servers = Readonly<Record<string, number | undefined>>;

const GROUP = 'portfolio';
/** A probe writes once a second. */
const PROBE_MS = 1_500;
const SETTLE_WITHIN_MS = 60_000;
/** Events that are younger than that are not left over from before. */
const FRESH_MS = 250;

/** Waits until events of the last run have arrived, however long that was after they should have. */
export async function settle(cluster: LoadCluster): Promise<void> {
  await until(SETTLE_WITHIN_MS, 'events to have arrived', 500, () => {
    const nowMs = Date.now();
    const lines = probeLines(cluster.probes(GROUP), nowMs - 2 * PROBE_MS, nowMs);
    const late = arrivals(lines, GROUP).quantile(0.5);
    return lines.length > 1 && !(late > FRESH_MS) ? true : undefined;
  }).catch(() => undefined);
}

/** Sends at a rate for a time, and tells what everything did meanwhile. */
export async function loadRun(
  rate: number,
  seconds: number,
  { cluster, generator, servers }: { cluster: LoadCluster; generator: Generator; servers: Servers },
): Promise<LoadRun> {
  const endedBefore = cluster.ended.length;
  const machineBefore = machineTimes();
  const serversBefore = Object.entries(servers).map(([name, pid]) => ({
    name,
    pid,
    at: kernelUsage(pid ?? 0),
  }));
  const beganMs = performance.now();
  const following = setInterval(() => {
    void cluster.trader(500).then(
      ({ url }) => {
        generator.target(url);
      },
      () => undefined,
    );
  }, 1_000);
  const result = await generator.run({ rate, seconds }).finally(() => {
    clearInterval(following);
  });
  const tookMs = performance.now() - beganMs;
  const machineAfter = machineTimes();
  const beside = serversBefore.map(({ name, pid, at }): ProcessUsage => {
    const now = kernelUsage(pid ?? 0);
    const cpuFraction = now && at ? (now.cpuMs - at.cpuMs) / tookMs : NaN;
    return { name, cpuFraction, rssMb: now?.rssMb ?? NaN, loopP99Ms: NaN, loopMaxMs: NaN };
  });
  await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
  const { fromMs, toMs } = result;
  const names = cluster.processes().map(({ name }) => name);
  const event = arrivals(probeLines(cluster.probes(GROUP), fromMs, toMs + PROBE_MS), GROUP);
  const run = {
    ...{ rate, seconds, due: result.due, outcomes: result.outcomes },
    ...acceptedOf(result),
    api: unpacked(result.intended),
    apiFromSend: unpacked(result.sent),
    sendLate: unpacked(result.late),
    event: event.quantiles(),
    processes: [
      ...names.map((name) => usageOf(name, probeLines(cluster.probes(name), fromMs, toMs))),
      ...beside,
    ],
    machineFraction:
      (machineAfter.busyMs - machineBefore.busyMs) / (machineAfter.allMs - machineBefore.allMs),
    ended: cluster.ended.slice(endedBefore),
  };
  return { ...run, missed: missed(run) };
}

/** What orders were answered, the most frequent first. */
export const outcomesText = ({ outcomes }: Pick<LoadRun, 'outcomes'>): string =>
  Object.entries(outcomes)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

function acceptedOf({ due, outcomes, fromMs, toMs }: LoopResult) {
  const accepted = outcomes['accepted'] ?? 0;
  return {
    acceptedPerSec: accepted / Math.max(1, (toMs - fromMs) / 1_000),
    errorFraction: (due - accepted) / due,
  };
}

function unpacked(packed: LoopResult['intended']): Quantiles {
  const histogram = new Histogram();
  histogram.merge(packed);
  return histogram.quantiles();
}
