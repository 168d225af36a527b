import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rooms, root } from './rooms.ts';

/** Builds `dist/`, unless it was built from exactly these sources before. `--force` builds in any case. */

const stamp = `${root}temp/build.sha256`;

function fingerprint(): string {
  const hash = createHash('sha256');
  const inputs = [
    'package-lock.json',
    'tsconfig.json',
    'tsup.config.ts',
    ...globSync('src/**/*.ts', { cwd: root }),
  ];
  for (const file of inputs.sort())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(`${root}${file}`));
  return hash.digest('hex');
}

const wanted = fingerprint();
const built = rooms().every(({ output }) => existsSync(`${root}dist/${output}.d.ts`));
const fresh = built && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
if (!fresh || process.argv.includes('--force')) {
  execFileSync(process.execPath, [`${root}node_modules/tsup/dist/cli-default.js`, '--silent'], {
    cwd: root,
    stdio: 'inherit',
  });
  mkdirSync(`${root}temp`, { recursive: true });
  writeFileSync(stamp, wanted);
}
