import { readFileSync, writeFileSync } from 'node:fs';
import { rooms, root } from './rooms.ts';

/** What `exports` in package.json must be for the rooms that exist. */
export function packageExports(): Record<string, unknown> {
  const exports: Record<string, unknown> = {};
  for (const { subpath, output } of rooms()) {
    exports[subpath] = { types: `./dist/${output}.d.ts`, default: `./dist/${output}.js` };
  }
  exports['./package.json'] = './package.json';
  return exports;
}

/** `npm run exports:update`, after a room was added or removed. */
if (import.meta.main) {
  const file = `${root}package.json`;
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  manifest['exports'] = packageExports();
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}
