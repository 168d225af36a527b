import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from 'portcullis/core';
import { ask } from './ask.ts';
import type { Evidence, ToldPositions } from './check/evidence.ts';
import { ClusterProcess } from './cluster-process.ts';
import { ExchangeTail } from './exchange-tail.ts';
import { FAULTS, type Fault } from './faults.ts';
import { gather } from './gather.ts';
import { type Ground, layGround } from './ground.ts';
import { KillSwitchDrill } from './kill-switch-drill.ts';
import { OrderClient } from './order-client.ts';
import { quiet } from './quiet.ts';
import { SignalRepeater } from './signal-repeater.ts';
import { systemConfig } from './system-config.ts';
import { UsageWatch } from './usage-watch.ts';

export interface ChaosOptions {
  /** Where logs and data go. */
  readonly directory: string;
  /** Of faults; start and end come on top. */
  readonly minutes: number;
  readonly seed: number;
  readonly withPostgres: boolean;
  /** Kinds of faults. Default: all of them in turn. */
  readonly only?: readonly string[];
  /** Loaded into every process of the cluster: a planted defect. */
  readonly preload?: string;
  readonly onRound?: (round: Round) => void;
}

interface Round {
  readonly fault: string;
  readonly atMs: number;
  /** From the fault until another process has answered an order. */
  takeoverMs?: number;
  /** From the end of the fault until all was well. */
  recoveryMs?: number;
}

export interface ChaosRun {
  readonly rounds: readonly Round[];
  readonly evidence: Evidence;
}

const START_WITHIN_MS = 120_000;
const RECOVERED_WITHIN_MS = 90_000;
const ANSWERED_WITHIN_MS = 45_000;
const CALM_MS = 1_500;
const POSITION_TRIES = 10;

/** Runs the cluster, lets things go wrong, lets it come to rest, and gathers what is left to be judged. */
export async function chaos(options: ChaosOptions): Promise<ChaosRun> {
  const { directory, seed, withPostgres } = options;
  mkdirSync(directory, { recursive: true });
  const ground = await layGround(directory, { seed, withPostgres });
  const postgresUrl = ground.postgresLink && ground.postgres?.urlAt(ground.postgresLink.port);
  const exchangeUrl = `http://127.0.0.1:${ground.exchangeLink.port}`;
  const cluster = new ClusterProcess({
    ...{ directory, redisPort: ground.redisLink.port, postgresUrl, exchangeUrl },
    ...{ config: systemConfig(exchangeUrl), preload: options.preload },
  });
  let repeater: SignalRepeater | undefined;
  try {
    if (!(await cluster.recovered(START_WITHIN_MS)))
      throw new Error(`the cluster did not start: ${JSON.stringify(cluster.events.slice(-5))}`);
    const exchange = new ExchangeTail(ground.exchangeDir);
    const watch = new UsageWatch(cluster);
    const drill = new KillSwitchDrill(cluster);
    const client = new OrderClient(cluster, ground.exchange.url, seed);
    repeater = await SignalRepeater.open(ground.redis.port);
    client.start();
    repeater.start();
    const { rounds, stuck } = await faults(options, { ground, cluster, drill, client });
    await repeater.stop();
    const rest = await quiet({ cluster, client, drill, repeater, exchange });
    const usage = watch.stop();
    const desk = await positions(cluster);
    await repeater.close();
    const end = await cluster.stop();
    const kept = await gather(cluster.dataDir, ground.postgres?.url);
    const givenUp = cluster.events
      .filter(({ event }) => event === 'given-up')
      .map(({ child }) => `${child ?? ''}: given up`);
    const evidence: Evidence = {
      ...{ ...kept, desk, usage, end, groups: rest.groups },
      ...{ posted: client.posted, signals: repeater.raised, trips: drill.windows },
      exchange: exchange.record(),
      stuck: [...stuck, ...rest.stuck, ...givenUp],
    };
    return { rounds, evidence };
  } finally {
    await repeater?.close().catch(() => undefined);
    await cluster.kill();
    await ground[Symbol.asyncDispose]();
  }
}

interface World {
  readonly ground: Ground;
  readonly cluster: ClusterProcess;
  readonly drill: KillSwitchDrill;
  readonly client: OrderClient;
}

/** One after the other, each with time to recover. */
async function faults(
  { minutes, seed, withPostgres, only, onRound }: ChaosOptions,
  world: World,
): Promise<{ readonly rounds: readonly Round[]; readonly stuck: readonly string[] }> {
  const random = new SeededRandom(seed);
  const wanted = FAULTS.filter(
    ({ kind, needsPostgres }) => (withPostgres || needsPostgres !== true) && (only?.includes(kind) ?? true),
  );
  const rounds: Round[] = [];
  const stuck: string[] = [];
  let left: Fault[] = [];
  await sleep(CALM_MS);
  const untilMs = performance.now() + minutes * 60_000;
  while (performance.now() < untilMs) {
    if (left.length === 0) left = [...wanted];
    const [fault] = left.splice(random.integer(0, left.length - 1), 1);
    if (fault === undefined) break;
    const { round, problem } = await strike(fault, { ...world, random });
    rounds.push(round);
    onRound?.(round);
    if (problem !== undefined) stuck.push(`${fault.kind}: ${problem}`);
    await sleep(CALM_MS);
  }
  return { rounds, stuck };
}

async function strike(
  { kind, strike: begin, takesOver }: Fault,
  world: World & { readonly random: SeededRandom },
): Promise<{ readonly round: Round; readonly problem?: string }> {
  const { cluster, client } = world;
  if (!(await cluster.recovered(RECOVERED_WITHIN_MS))) {
    return { round: { fault: kind, atMs: Date.now() }, problem: 'not all was well before it' };
  }
  const before = await cluster.active();
  const round: Round = { fault: kind, atMs: Date.now() };
  try {
    await begin(world);
  } catch (error) {
    return { round, problem: `could not be done: ${String(error)}` };
  }
  const healedMs = Date.now();
  if (!(await cluster.recovered(RECOVERED_WITHIN_MS))) return { round, problem: 'did not recover' };
  const untilMs = Date.now() + ANSWERED_WITHIN_MS;
  while (client.answeredSince(healedMs) === undefined) {
    if (Date.now() > untilMs) return { round, problem: 'no order was answered' };
    await sleep(50);
  }
  round.recoveryMs = Date.now() - healedMs;
  const another = client.answeredSince(round.atMs, before?.url);
  if (takesOver === true && another !== undefined) round.takeoverMs = another - round.atMs;
  return { round };
}

/** With the equity, which takes a mark of everything that is held. */
async function positions(cluster: ClusterProcess): Promise<ToldPositions | undefined> {
  let told: ToldPositions | undefined;
  for (let tries = 0; tries < POSITION_TRIES && told?.equity === undefined; tries += 1) {
    if (tries > 0) await sleep(CALM_MS);
    const active = await cluster.active();
    told = active && (await ask<ToldPositions>(`${active.url}/positions`).catch(() => undefined));
  }
  return told;
}
