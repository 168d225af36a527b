import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from 'portcullis/core';
import type { FaultInput } from '../../../examples/toy-exchange/faults.ts';
import { type RunningExchange, startToyExchange } from '../../../examples/toy-exchange/start.ts';
import type { KillTarget, Told } from './kill-point.ts';
import { exchangeConfig } from './market.ts';
import { AT_RANDOM, STEPS } from './steps.ts';
import type { Defect, TraderConfig } from './trader-config.ts';

export interface TortureOptions {
  readonly directory: string;
  readonly kills: number;
  readonly seed: number;
  readonly defect?: Defect;
  /** Steps to kill at. Default: all of them in turn, and random moments. */
  readonly steps?: readonly string[];
  /** What goes wrong at the exchange. Default: a little of everything. */
  readonly faults?: readonly FaultInput[];
  readonly onKill?: (kill: Kill) => void;
}

/** How a life of the trader ended. */
interface Kill {
  readonly life: number;
  /** Where it was to end. */
  readonly wanted: string;
  /** Where it ended: there, or at a random moment because it did not come by in time. */
  readonly step: string;
  /** From the start of the process until entries went through again; `undefined` when it did not get there. */
  readonly recoveryMs: number | undefined;
}

/** What is left behind for the checker. */
export interface Torn {
  readonly exchangeDir: string;
  readonly dataDir: string;
  readonly keptDir: string;
  readonly kills: readonly Kill[];
  readonly recoveriesMs: readonly number[];
}

const TRADER = fileURLToPath(new URL('trader.ts', import.meta.url));
/** Of the kills, at moments that nobody chose. */
const RANDOM_SHARE = 0.08;
const PATIENCE_MS = 4_000;
const LAST_LIVES_MS = 60_000;
/** Nobody waits for it once the trader is gone. */
const UNREFERENCED = { ref: false } as const;

/** Nothing that the exchange does on purpose twice: whatever arrives a second time has been sent a second time. */
const FAULTS: readonly FaultInput[] = [
  ...(['place', 'cancel', 'amend'] as const).flatMap((on): FaultInput[] => [
    { kind: 'timeout-before', on, probability: 0.02 },
    { kind: 'timeout-after', on, probability: 0.03 },
    { kind: 'error-before', on, probability: 0.02 },
    { kind: 'error-after', on, probability: 0.02 },
    { kind: 'late-request', on, probability: 0.05, delayMs: [10, 100] },
    { kind: 'late-answer', on, probability: 0.05, delayMs: [10, 100] },
  ]),
  { kind: 'duplicate-request', on: 'cancel', probability: 0.03 },
  { kind: 'error-before', on: 'question', probability: 0.01 },
  { kind: 'late-answer', on: 'question', probability: 0.03, delayMs: [10, 50] },
  { kind: 'lost-event', probability: 0.005 },
  { kind: 'duplicate-event', probability: 0.03 },
  { kind: 'late-event', probability: 0.05, delayMs: [10, 100] },
  { kind: 'disconnect', probability: 0.003 },
];

/** Lets a trader trade, kills it again and again, and has it come to an orderly end. */
export async function torture(options: TortureOptions): Promise<Torn> {
  const { directory, kills, seed } = options;
  const [exchangeDir, dataDir, keptDir] = ['exchange', 'data', 'kept'].map((name) => join(directory, name));
  if (exchangeDir === undefined || dataDir === undefined || keptDir === undefined)
    throw new Error('no folders');
  mkdirSync(keptDir, { recursive: true });
  const random = new SeededRandom(seed);
  const exchange = await startToyExchange({
    dataDir: exchangeDir,
    seed,
    latencyMs: 1,
    heartbeatMs: 100,
    marketEveryMs: 25,
    config: exchangeConfig,
  });
  try {
    const common = { url: exchange.url, dataDir, keptDir, seed, epochMs: Date.now() };
    const base = { ...common, ...(options.defect !== undefined && { defect: options.defect }) };
    await exchange.orderFaults(...(options.faults ?? FAULTS));
    const done: Kill[] = [];
    for (const [at, wanted] of plan(kills, random, options.steps).entries()) {
      const kill = await oneLife({ ...base, life: at + 1, mode: 'trade' }, wanted, random);
      done.push(kill);
      options.onKill?.(kill);
    }
    await lastLives(exchange, { ...base, life: kills + 1 });
    const recoveriesMs = done.flatMap(({ recoveryMs }) => recoveryMs ?? []);
    return { exchangeDir, dataDir, keptDir, kills: done, recoveriesMs };
  } finally {
    await exchange.stop();
  }
}

/** Every step as often as any other, in an order of its own, with random moments in between. */
function plan(kills: number, random: SeededRandom, only?: readonly string[]): (KillTarget | undefined)[] {
  const steps = only === undefined ? STEPS : STEPS.filter(({ step }) => only.includes(step));
  const wanted: (KillTarget | undefined)[] = [];
  let left: (typeof STEPS)[number][] = [];
  while (wanted.length < kills) {
    if (only === undefined && random.next() < RANDOM_SHARE) wanted.push(undefined);
    else {
      if (left.length === 0) left = [...steps];
      const [one] = left.splice(random.integer(0, left.length - 1), 1);
      if (one !== undefined) wanted.push({ step: one.step, nth: random.integer(1, one.most) });
    }
  }
  return wanted;
}

async function oneLife(
  config: TraderConfig,
  wanted: KillTarget | undefined,
  random: SeededRandom,
): Promise<Kill> {
  const trader = startTrader({ ...config, ...(wanted !== undefined && { kill: wanted }) });
  // A random moment may also lie within the recovery.
  const patienceMs = wanted === undefined ? random.integer(150, 1_800) : PATIENCE_MS;
  const gone = await Promise.race([trader.gone, sleep(patienceMs, 'late' as const, UNREFERENCED)]);
  if (gone === 'late') trader.child.kill('SIGKILL');
  await trader.gone;
  const { step } = trader;
  if (gone !== 'late' && step() === undefined)
    throw new Error(`life ${config.life}: the trader ended by itself`);
  return {
    life: config.life,
    wanted: wanted?.step ?? AT_RANDOM,
    step: step() ?? AT_RANDOM,
    recoveryMs: trader.recoveryMs(),
  };
}

/** Without faults: one life brings all to its end, one looks at what the disk has of it. */
async function lastLives(exchange: RunningExchange, config: Omit<TraderConfig, 'mode'>): Promise<void> {
  await exchange.clearFaults();
  for (const mode of ['settle', 'inspect'] as const) {
    const trader = startTrader({ ...config, mode, life: config.life + (mode === 'inspect' ? 1 : 0) });
    const ended = await Promise.race([trader.gone, sleep(LAST_LIVES_MS, 'late' as const, UNREFERENCED)]);
    if (ended === 'late') trader.child.kill('SIGKILL');
    if ((await trader.gone) !== 0) throw new Error(`the trader could not ${mode}: ${String(ended)}`);
  }
}

interface Trader {
  readonly child: ChildProcess;
  /** Its exit code. */
  readonly gone: Promise<number | null>;
  recoveryMs(): number | undefined;
  /** Where it ended itself. */
  step(): string | undefined;
}

function startTrader(config: TraderConfig): Trader {
  const startedMs = performance.now();
  let recoveryMs: number | undefined;
  let step: string | undefined;
  const flags = ['--disable-warning=ExperimentalWarning', TRADER, JSON.stringify(config)];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on('line', (line) => {
    const told = JSON.parse(line) as Told;
    if (told.at === 'open-for-trading') recoveryMs = performance.now() - startedMs;
    if (told.at === 'step') step = told.step;
  });
  const gone = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(
    ([[code]]) => code as number | null,
  );
  return { child, gone, recoveryMs: () => recoveryMs, step: () => step };
}
