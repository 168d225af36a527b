import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root } from './rooms.ts';

/**
 * `npm test`: the whole suite with coverage; arguments go to vitest, and it runs on the
 * node that runs this script. `--long` gives every property many more runs (`npm test -- --long --project property`). The last line is `N passed, N failed, N skipped`
 * from scripts/end-line-reporter.ts, and it is printed here when vitest broke before it could say so.
 */

const endLine = /^\d+ passed, \d+ failed, \d+ skipped$/;

const long = process.argv.includes('--long');
const passedOn = process.argv.slice(2).filter((argument) => argument !== '--long');
const run = spawn(
  process.execPath,
  [
    `${root}node_modules/vitest/vitest.mjs`,
    'run',
    ...(long ? ['--testTimeout=3600000'] : ['--coverage']),
    ...passedOn,
  ],
  {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      ...(long ? { PORTCULLIS_LONG: '1' } : {}),
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal));

let last = '';
createInterface({ input: run.stdout }).on('line', (line) => {
  last = line;
  console.log(line);
});
run.on('error', (error) => {
  console.error(error.message);
});
run.on('close', (code) => {
  if (!endLine.test(last)) console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = code ?? 1;
});
