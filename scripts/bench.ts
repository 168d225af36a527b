import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './rooms.ts';

/**
 * `npm run bench -- ARGUMENTS`. The bench measures against peers which are none of ours, so it has a package of its own;
 * the first run installs it, as its lockfile says and without touching that file.
 */

const bench = join(root, 'bench');

function run(command: string, args: readonly string[], cwd?: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run(process.execPath, [join(root, 'scripts/build.ts')]);
if (!existsSync(join(bench, 'node_modules/portcullis'))) run('npm', ['install', '--no-save'], bench);
run(process.execPath, [join(bench, 'run.ts'), ...process.argv.slice(2)]);
