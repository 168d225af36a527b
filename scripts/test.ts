import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root } from './rooms.ts';

/**
 * `npm test`: the whole suite; with arguments, what they choose, in one run with coverage. They go to vitest, which runs
 * on the node that runs this script. `--long` gives every property many more runs (`npm test -- --long --project property`),
 * without coverage.
 *
 * The last line is `N passed, N failed, N skipped` from scripts/end-line-reporter.ts, and it is printed here when vitest
 * broke before it could say so.
 */

/** Coverage doubles what the properties take, and a whole run in other processes has none. */
const PARTS = [
  ['--coverage', '--project', 'unit', '--project', 'contract', '--project', 'integration'],
  ['--project', 'property', '--project', 'e2e'],
];

const endLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

type Counts = readonly [passed: number, failed: number, skipped: number];

interface Part {
  readonly code: number;
  readonly counts: Counts;
  /** Whether vitest itself said how many there were. */
  readonly said: boolean;
}

const stopped = new AbortController();

function run(args: readonly string[], long: boolean): Promise<Part> {
  const child = spawn(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, 'run', ...args], {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      ...(long ? { PORTCULLIS_LONG: '1' } : {}),
    },
  });
  const pass = (signal: NodeJS.Signals): void => {
    stopped.abort();
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, pass);

  let last = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line;
    console.log(line);
  });
  child.on('error', (error) => {
    console.error(error.message);
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, pass);
      const found = endLine.exec(last);
      const counts: Counts =
        found === null ? [0, 1, 0] : [Number(found[1]), Number(found[2]), Number(found[3])];
      resolve({ code: code ?? 1, counts, said: found !== null });
    });
  });
}

const long = process.argv.includes('--long');
const passedOn = process.argv.slice(2).filter((argument) => argument !== '--long');
const runs =
  passedOn.length === 0 && !long ? PARTS : [[long ? '--testTimeout=3600000' : '--coverage', ...passedOn]];

const parts: Part[] = [];
for (const args of runs) {
  if (!stopped.signal.aborted) parts.push(await run(args, long));
}
if (parts.length > 1 || parts.some(({ said }) => !said)) {
  const sum = (index: 0 | 1 | 2): string =>
    String(parts.reduce((total, { counts }) => total + counts[index], 0));
  console.log(`${sum(0)} passed, ${sum(1)} failed, ${sum(2)} skipped`);
}
process.exitCode = parts.find(({ code }) => code !== 0)?.code ?? 0;
