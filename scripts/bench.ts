import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { root } from './rooms.ts';

/** `npm run bench -- ARGUMENTS`: the bench measures against peers that are not ours, so it has a package of its own. */

if (!existsSync(`${root}bench/node_modules/portcullis`)) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: `${root}bench`, stdio: 'inherit' });
}
try {
  execFileSync(process.execPath, [`${root}bench/run.ts`, ...process.argv.slice(2)], { stdio: 'inherit' });
} catch (error) {
  process.exitCode = error instanceof Error && 'status' in error ? Number(error.status) || 1 : 1;
}
