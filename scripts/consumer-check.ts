import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rooms, root } from './rooms.ts';

/**
 * Installs the packed tarball into an empty project, as a user would, type-checks a program against it under the
 * strictest flags and with the two usual kinds of module resolution, and runs it. `--keep` leaves the folder.
 */

const specifiers = rooms()
  .filter(({ name }) => !name.startsWith('adapters/'))
  .map(({ specifier }) => specifier);

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string } | undefined>;
};
const nodeTypes = `@types/node@${lock.packages['node_modules/@types/node']?.version ?? 'latest'}`;

const everyRoom = `${specifiers
  .map((specifier, i) => `import * as room${String(i)} from '${specifier}';`)
  .join('\n')}

const rooms: Record<string, object> = {
${specifiers.map((specifier, i) => `  '${specifier}': room${String(i)},`).join('\n')}
};
for (const [specifier, room] of Object.entries(rooms)) {
  const names = Object.keys(room);
  if (names.length === 0) throw new Error(specifier + ' exports nothing');
  console.log(specifier + ': ' + String(names.length) + ' names');
}
`;

const program = readFileSync(join(root, 'scripts/consumer-program.ts'), 'utf8');

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  outDir: 'out',
};

const folder = mkdtempSync(join(tmpdir(), 'portcullis-consumer-'));
const write = (name: string, content: unknown): void => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
};
const run = (command: string, ...args: string[]): void => {
  console.log(`$ ${[command.split('/').at(-1), ...args].join(' ')}`);
  execFileSync(command, args, { cwd: folder, stdio: 'inherit' });
};

try {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' });
  const tarball = execFileSync(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8' },
  ).trim();

  write('package.json', { name: 'consumer', private: true, type: 'module' });
  write('every-room.ts', everyRoom);
  write('program.ts', program);
  const files = ['every-room.ts', 'program.ts'];
  write('tsconfig.json', { compilerOptions: { ...compilerOptions, module: 'nodenext' }, files });
  write('tsconfig.bundler.json', {
    compilerOptions: { ...compilerOptions, module: 'esnext', moduleResolution: 'bundler', noEmit: true },
    files,
  });

  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'];
  run('npm', 'install', ...quiet, `./${tarball}`, nodeTypes);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, tsc, '-p', 'tsconfig.json');
  run(process.execPath, tsc, '-p', 'tsconfig.bundler.json');
  run(process.execPath, 'out/every-room.js');
  run(process.execPath, 'out/program.js');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  if (process.argv.includes('--keep')) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}
