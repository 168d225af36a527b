import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LoadCluster } from './cluster/load-cluster.ts';
import { instrumentIds } from './cluster/system-config.ts';
import { Generator } from './generator/generator.ts';
import type { Ground } from './ground.ts';
import { type LoadRun, loadRun, outcomesText, settle } from './load-run.ts';
import { type ProfileSummary, readProfile } from './measure/profile.ts';
import { highest, ramp } from './measure/ramp.ts';
import { apiHolds, isSustained } from './measure/targets.ts';
import { type LoadOptions, type Variant, leaseOf } from './options.ts';
import { until } from './within.ts';

/** What was measured with one venue and one kind of storage. */
export interface LoadResult {
  readonly variant: Variant;
  /** Steps of the search, in the order in which they were tried. */
  readonly ramp: readonly LoadRun[];
  /** The highest rate at which all orders got through, however late; 0 for none. Missing where it was not looked for. */
  readonly highestRate?: number;
  /** At which they got through in time. */
  readonly highestRateInTime?: number;
  /** The same, and events arrived in time as well. */
  readonly highestRateWithEvents?: number;
  /** At that rate, where it is not the full one. */
  readonly held?: LoadRun;
  /** At the rate that was asked for. */
  readonly full: LoadRun;
  /** Of the process that trades, under `profiledRate`. */
  readonly profile?: ProfileSummary;
  readonly profiledRate: number;
}

const WARM_UP = { rate: 100, seconds: 10 };
const PROFILE_S = 15;
const HELD_S = 60;

export async function loadPart(
  variant: Variant,
  options: LoadOptions,
  ground: Ground,
  say: (line: string) => void,
): Promise<LoadResult> {
  const { rate: fullRate, instruments, minutes } = options;
  const directory = join(await ground.directory(), `${variant}-${randomUUID()}`);
  await mkdir(directory);
  const redis = await ground.redis(options.redis);
  const postgres = variant === 'exchange-postgres' ? await ground.postgres() : undefined;
  const cluster = await LoadCluster.start(
    {
      ...{ variant, directory, instruments, quotesEveryMs: options['quotes-every'], say },
      ...{ redisUrl: redis.url, postgresUrl: postgres?.url, logLevel: 'warn', lease: leaseOf(options) },
    },
    ground.track,
  );
  const generator = ground.generator(new Generator(instrumentIds(instruments)));
  const tools = { cluster, generator, servers: { redis: redis.pid, generator: generator.pid } };
  const runAt = async (rate: number, seconds: number): Promise<LoadRun> => {
    await settle(cluster);
    generator.target((await cluster.entriesPass()).url);
    const run = await loadRun(rate, seconds, tools);
    const { p50Ms, p99Ms } = run.api;
    const found = run.missed.length === 0 ? '' : `; missed: ${run.missed.join(', ')} (${outcomesText(run)})`;
    const times = `API p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms, events p99 ${run.event.p99Ms.toFixed(1)} ms`;
    say(`  ${String(rate).padStart(5)}/s for ${seconds} s: ${times}${found}`);
    return run;
  };
  await runAt(Math.min(WARM_UP.rate, fullRate), Math.min(WARM_UP.seconds, minutes * 60));
  const rampSeconds = options['ramp-seconds'];
  const tried =
    rampSeconds === 0
      ? []
      : await ramp(fullRate, async (rate) => {
          const result = await runAt(rate, rampSeconds);
          return { holds: isSustained(result), result };
        });
  const highestRate = highest(tried);
  const highestThat = (holds: (run: LoadRun) => boolean): number =>
    highest(tried.map(({ rate, result }) => ({ rate, holds: holds(result) })));
  const held =
    highestRate > 0 && highestRate < fullRate
      ? await runAt(highestRate, Math.min(HELD_S, minutes * 60))
      : undefined;
  const profiledRate = highestRate > 0 ? highestRate : fullRate;
  const profile = await profiled(cluster, () => runAt(profiledRate, Math.min(PROFILE_S, minutes * 60)));
  const full = await runAt(fullRate, minutes * 60);
  await cluster.stop();
  generator.close();
  return {
    ...{ variant, ramp: tried.map(({ result }) => result), full, profiledRate },
    ...(tried.length > 0 && {
      highestRate,
      highestRateInTime: highestThat(apiHolds),
      highestRateWithEvents: highestThat((run) => run.missed.length === 0),
    }),
    ...(held && { held }),
    ...(profile && { profile }),
  };
}

/** Where the time of the process that trades goes meanwhile. */
async function profiled(
  cluster: LoadCluster,
  work: () => Promise<unknown>,
): Promise<ProfileSummary | undefined> {
  const { process } = await cluster.trader();
  process.signal('SIGUSR2');
  await work();
  if (process.isOver) return undefined;
  process.signal('SIGUSR2');
  return until(30_000, 'the profile', 200, () => readProfile(`${process.probe}.cpuprofile`)).catch(
    () => undefined,
  );
}
