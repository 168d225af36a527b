import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { packageExports } from '../../scripts/package-exports.ts';
import { rooms, root } from '../../scripts/rooms.ts';

const packed = join(inject('consumer'), 'node_modules/portcullis');
const manifest = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, unknown>;
};

describe('the packed package', () => {
  test('exports every room and nothing else (npm run exports:update)', () => {
    expect(manifest.exports).toEqual(packageExports());
  });

  test('holds an entry for every room and the command, and no other entry than chunks', () => {
    const entries = globSync('dist/**/*.js', { cwd: packed }).filter(
      (file) => !/^dist\/chunk-\w+\.js$/.test(file),
    );
    expect(entries.sort()).toEqual(
      [...rooms().map(({ output }) => output), 'cli/main'].map((output) => `dist/${output}.js`).sort(),
    );
  });

  test('holds what it needs to run and to be read, and nothing of the workshop', () => {
    const files = globSync('**/*', { cwd: packed, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(packed.length + 1));
    expect(files.filter((file) => !file.startsWith('dist/')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    expect(files.filter((file) => file.startsWith('dist/') && !/\.(js|js\.map|d\.ts)$/.test(file))).toEqual(
      [],
    );
  });

  test('has a report of the public API for every room, and none for a room that is gone', () => {
    const reports = globSync('etc/*.api.md', { cwd: root }).sort();
    expect(reports).toEqual(
      rooms()
        .map(({ name }) => `etc/${name.replaceAll('/', '-')}.api.md`)
        .sort(),
    );
  });

  test('has an entry in the changelog for its version', () => {
    expect(readFileSync(join(packed, 'CHANGELOG.md'), 'utf8')).toContain(`## [${manifest.version}]`);
  });
});
