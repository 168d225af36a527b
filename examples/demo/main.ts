import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManualClock, SystemClock } from 'portcullis';
import { barScenario } from './bar-scenario.ts';
import { badInput, fail } from './command-line.ts';
import { killed } from './kill/killed.ts';
import { type DemoOptions, HELP, parseOptions } from './options.ts';
import { printReport } from './print-report.ts';
import { replay, stopReplay } from './replay.ts';
import { type RunReport, runReport } from './run-report.ts';
import { type Scenario, recorded, simulation } from './scenario.ts';
import { TradingSystem } from './trading-system.ts';

async function main(): Promise<void> {
  const options = await parseOptions(process.argv.slice(2));
  if (options.help === true) {
    console.log(HELP);
    return;
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
  if (options.kill === true) {
    if (!(await killed(options.seed ?? 7))) process.exitCode = 1;
    return;
  }
  const scenario = await chosen(options);

  const temporary = options['data-dir'] === undefined;
  const dataDir = options['data-dir'] ?? (await mkdtemp(join(tmpdir(), 'portcullis-demo-')));
  const removeTemporary = (): void => {
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  };
  process.once('exit', removeTemporary); // also when it is ended from outside
  try {
    const report = await run(scenario, dataDir);
    console.log(`\n${printReport(report)}`);
    if ((options.recording ?? options.bars) === undefined) secondProcess(dataDir, options.seed ?? 7);
    if (options.json !== undefined)
      await writeWhole(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  } finally {
    removeTemporary();
  }
}

async function chosen({ recording, bars, tick, step, seed, days }: DemoOptions): Promise<Scenario> {
  if (recording !== undefined) return recorded(recording);
  if (bars !== undefined) return barScenario({ file: bars, tick: tick ?? '0.01', step: step ?? '0.00001' });
  return simulation({ seed: seed ?? 7, days: days ?? 3 });
}

async function run(scenario: Scenario, dataDir: string): Promise<RunReport> {
  const clock = new ManualClock(scenario.startMs);
  const system = await TradingSystem.open(scenario, dataDir, { clock, stopwatch: new SystemClock() });
  try {
    // On a clock that stands still the venue answers as the market goes on; until then there are no entries.
    const started = system.desk.start();
    await replay(system, clock, scenario.batches(), progress(system, scenario.progressEveryMs));
    await started;
    await stopReplay(system, clock);
    return await runReport(system, scenario);
  } finally {
    await system.close();
  }
}

/** A line each `everyMs` of market time. */
function progress({ tally, killSwitch }: TradingSystem, everyMs: number): (timeMs: number) => void {
  let nextMs = -Infinity;
  return (timeMs) => {
    if (timeMs < nextMs) return;
    nextMs = (Math.floor(timeMs / everyMs) + 1) * everyMs;
    const time = new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
    const equity = (tally.curve.values.at(-1) ?? NaN).toFixed(2).padStart(10);
    const counts = [
      padded(tally.bars, 'bars'),
      padded(tally.orders.held, 'orders'),
      padded(tally.fills.count, 'fills'),
    ];
    console.log(`${time} ${counts.join(' ')}  equity ${equity}  ${killSwitch.tradingState()}`);
  };
}

const padded = (count: number, what: string): string => `${String(count).padStart(5)} ${what}`;

/** The switch survives the process: another one opens the same directory and is held to it. */
function secondProcess(dataDir: string, seed: number): void {
  const script = fileURLToPath(new URL('second-process.ts', import.meta.url));
  console.log('\na second process opens the same data directory:');
  const { status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, dataDir, String(seed)],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`the second process ended with ${String(status)}`);
}

async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    throw badInput(`demo: --json: ${file} cannot be written: ${String(cause)}`, cause);
  }
}

process.stdout.on('error', () => undefined); // whoever read has left: go on, and clean up
await main().catch(fail);
