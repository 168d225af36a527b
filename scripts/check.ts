import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { root } from './rooms.ts';

/**
 * `npm run check`: everything but the tests. Builds first, since some checks read `dist/`; then as many at once as there are
 * cores, the longest first. Each says what it found when it has ended; one that fails does not keep the others from running.
 */
const CHECKS = ['lint', 'types', 'package', 'api', 'unused', 'format', 'floors', 'pyramid'];

if (spawnSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);

function run(check: string): Promise<boolean> {
  const startedMs = performance.now();
  const child = spawn('npm', ['run', '--silent', check], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output.push(data);
    });
  }
  return new Promise((resolve) => {
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      const took = `${Math.round((performance.now() - startedMs) / 1_000)} s`;
      console.log(`${check}: ${code === 0 ? 'ok' : `FAILED (exit code ${String(code)})`}, ${took}`);
      resolve(code === 0);
    });
  });
}

const waiting = [...CHECKS];
const failed: string[] = [];
async function lane(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    if (!(await run(check))) failed.push(check);
  }
}
await Promise.all(Array.from({ length: Math.min(availableParallelism(), CHECKS.length) }, lane));
if (failed.length > 0) {
  console.error(`failed: ${failed.join(' ')}`);
  process.exitCode = 1;
}
