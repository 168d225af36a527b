import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { runModule } from './run-module.ts';

const packed = join(inject('consumer'), 'node_modules/portcullis');

/** Every emitted module, chunks included: `exports` hides them from names, not from paths. */
const modules = globSync('dist/**/*.js', { cwd: packed });

/** Exports whose name speaks of sealing and which have been looked at: none of them hands out a sealed order. */
const harmless = new Set(['SealError']);

interface Exported {
  readonly module: string;
  readonly name: string;
  /** Own name of a function or class, which a renamed export cannot hide. */
  readonly ownName: string;
}

function everyExport(): readonly Exported[] {
  const { stdout, stderr } = runModule(
    packed,
    `const found = [];
     for (const module of ${JSON.stringify(modules)}) {
       for (const [name, value] of Object.entries(await import('./' + module))) {
         found.push({ module, name, ownName: typeof value === 'function' ? value.name : '' });
       }
     }
     console.log(JSON.stringify(found));`,
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout) as readonly Exported[];
}

describe('no emitted file mints a sealed order', () => {
  test('every module of the tarball can be imported by its path', () => {
    expect(new Set(everyExport().map(({ module }) => module)).size).toBeGreaterThan(0);
  });

  test('no export is named, or names itself, after sealing or minting', () => {
    const suspicious = everyExport().filter(
      ({ name, ownName }) => !harmless.has(name) && (/seal|mint/i.test(name) || /seal|mint/i.test(ownName)),
    );
    expect(suspicious).toEqual([]);
  });

  // With the desk: build a desk on a recording venue from the tarball, walk every export of every module (constructors,
  // static members, prototypes), and assert that what they return or construct is refused by `Venue.submit`.
});
