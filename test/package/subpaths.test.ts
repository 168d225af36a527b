import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { rooms } from '../../scripts/rooms.ts';
import { runModule } from './run-module.ts';

const consumer = inject('consumer');
const packed = join(consumer, 'node_modules/portcullis');
const { dependencies, peerDependencies = {} } = JSON.parse(
  readFileSync(join(packed, 'package.json'), 'utf8'),
) as { dependencies: Record<string, string>; peerDependencies?: Record<string, string> };

/** Rooms that must work without any optional peer. */
const withoutPeers = rooms().filter(({ name }) => !name.startsWith('adapters/'));

const STATIC = /(?:\bfrom|\bimport)\s*["']([^"']+)["']/g;
const ANY = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g;

/** Names of all packages that a built module reaches through its own chunks. */
function packagesReachedFrom(file: string, imported: RegExp, seen = new Set<string>()): Set<string> {
  const reached = new Set<string>();
  if (seen.has(file)) return reached;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(imported);
  for (const [, specifier = ''] of imports) {
    if (specifier.startsWith('.')) {
      for (const name of packagesReachedFrom(join(dirname(file), specifier), imported, seen))
        reached.add(name);
    } else if (/^[@\w]/.test(specifier) && !specifier.startsWith('node:')) {
      reached.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return reached;
}

describe('optional peers', () => {
  test('are absent where these tests run', () => {
    const present = Object.keys(peerDependencies).filter((name) =>
      existsSync(join(consumer, 'node_modules', name)),
    );
    expect(present).toEqual([]);
  });

  // The command loads an adapter when it is given an address of its server, and says what to install where it is missing.
  test.for(withoutPeers)('$specifier reaches dependencies only', ({ name, output }) => {
    const reached = [
      ...packagesReachedFrom(join(packed, `dist/${output}.js`), name === 'cli' ? STATIC : ANY),
    ];
    expect(reached.filter((name) => !(name in dependencies))).toEqual([]);
  });
});

describe('every subpath', () => {
  test.for(withoutPeers)(
    '$specifier loads alone, says nothing and leaves nothing running',
    ({ specifier }) => {
      const run = runModule(consumer, `await import('${specifier}')`);
      expect(run).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );

  test.for(rooms().filter(({ name }) => name.startsWith('adapters/')))(
    '$specifier loads with its peer, says nothing and leaves nothing running',
    ({ specifier }) => {
      const run = runModule(inject('consumerWithPeers'), `await import('${specifier}')`);
      expect(run).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );

  test('what two subpaths export under one name is one and the same value', () => {
    const { stdout, stderr } = runModule(
      consumer,
      `const seen = new Map(); const twice = []; let shared = 0;
       for (const specifier of ${JSON.stringify(withoutPeers.map(({ specifier }) => specifier))}) {
         for (const [name, value] of Object.entries(await import(specifier))) {
           const first = seen.get(name);
           if (first === undefined) seen.set(name, { specifier, value });
           else if (first.value !== value) twice.push(name + ' of ' + first.specifier + ' and ' + specifier);
           else shared += 1;
         }
       }
       console.log(JSON.stringify({ twice, shared: shared > 0 }));`,
    );
    expect({ stderr, ...(JSON.parse(stdout) as object) }).toEqual({ stderr: '', twice: [], shared: true });
  });

  test('the root only passes on what a room exports', () => {
    const { stdout } = runModule(
      consumer,
      `const names = new Set();
       for (const specifier of ${JSON.stringify(withoutPeers.slice(1).map(({ specifier }) => specifier))}) {
         for (const name of Object.keys(await import(specifier))) names.add(name);
       }
       console.log(JSON.stringify(Object.keys(await import('portcullis')).filter((name) => !names.has(name))));`,
    );
    expect(JSON.parse(stdout)).toEqual([]);
  });
});
