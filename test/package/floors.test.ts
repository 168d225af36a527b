import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/rooms.ts';

/** A house in small, under the rules of the real one. */
const sound = {
  'package.json': JSON.stringify({
    name: 'house',
    type: 'module',
    dependencies: { plain: '1.0.0' },
    devDependencies: { tool: '1.0.0' },
    peerDependencies: { peer: '1.0.0' },
    peerDependenciesMeta: { peer: { optional: true } },
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'nodenext', target: 'es2024', allowImportingTsExtensions: true, noEmit: true },
  }),
  'node_modules/plain/index.js': '',
  'node_modules/tool/index.js': '',
  'node_modules/peer/index.js': '',
  'src/index.ts': "export { a } from './core/index.ts'; export { desk } from './desk/index.ts';",
  'src/core/index.ts': "export { a } from './a.ts';",
  'src/core/a.ts': 'export const a = 1; export interface A { readonly a: 1 }',
  'src/trading/index.ts': "import { a } from '../core/a.ts'; import 'plain'; export const trade = a;",
  'src/telemetry/index.ts': 'export const log = 1;',
  'src/risk/index.ts': "import { trade } from '../trading/index.ts'; export const risk = trade;",
  'src/desk/index.ts': "import { risk } from '../risk/index.ts'; export const desk = risk;",
  'src/backtest/index.ts': "import { desk } from '../desk/index.ts'; export const run = desk;",
  'src/adapters/redis/index.ts':
    "import 'peer'; import { run } from '../../backtest/index.ts'; export const redis = run;",
  'src/adapters/postgres/index.ts': 'export const postgres = 1;',
  'src/testing/index.ts':
    "import { desk } from '../desk/index.ts'; import { redis } from '../adapters/redis/index.ts'; export const suite = [desk, redis];",
};

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-floors-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Names of the rules that the house breaks once `planted` is in it. */
function brokenRules(planted: Record<string, string>): string[] {
  const house = mkdtempSync(join(folder, 'house-'));
  for (const [file, text] of Object.entries({ ...sound, ...planted })) {
    mkdirSync(join(house, dirname(file)), { recursive: true });
    writeFileSync(join(house, file), text);
  }
  for (const name of ['plain', 'tool', 'peer']) {
    writeFileSync(
      join(house, `node_modules/${name}/package.json`),
      JSON.stringify({ name, version: '1.0.0' }),
    );
  }
  cpSync(join(root, '.dependency-cruiser.cjs'), join(house, '.dependency-cruiser.cjs'));
  const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const { status, stdout } = spawnSync(process.execPath, [cli, 'src', '--output-type', 'json'], {
    cwd: house,
    encoding: 'utf8',
  });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
  const names = [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
  expect({ status: status === 0, broken: names.length > 0 }).not.toMatchObject({
    status: true,
    broken: true,
  });
  return names;
}

describe('the floors', () => {
  test('a house in order passes', () => {
    expect(brokenRules({})).toEqual([]);
  });

  test.for<[what: string, planted: Record<string, string>, rule: string]>([
    [
      'an upward import',
      { 'src/core/b.ts': "import { trade } from '../trading/index.ts'; export const b = trade;" },
      'floor-0-core',
    ],
    [
      'an upward import of a type',
      { 'src/risk/b.ts': "import type { desk } from '../desk/index.ts'; export type B = typeof desk;" },
      'floor-3-risk',
    ],
    [
      'an upward dynamic import',
      { 'src/risk/b.ts': "export const b = () => import('../desk/index.ts');" },
      'floor-3-risk',
    ],
    [
      'a sideways import',
      { 'src/telemetry/b.ts': "import { trade } from '../trading/index.ts'; export const b = trade;" },
      'floor-1-telemetry',
    ],
    [
      'one adapter importing another',
      {
        'src/adapters/postgres/b.ts': "import { redis } from '../redis/index.ts'; export const b = redis;",
      },
      'floor-6-adapters-postgres',
    ],
    [
      'a machine importing an adapter',
      {
        'src/backtest/b.ts':
          "import { postgres } from '../adapters/postgres/index.ts'; export const b = postgres;",
      },
      'floor-5-backtest',
    ],
    [
      'the root re-exporting from floor 5',
      { 'src/index.ts': "export { run } from './backtest/index.ts';" },
      'floor-7-index',
    ],
    [
      'a room importing the root',
      { 'src/testing/b.ts': "import { a } from '../index.ts'; export const b = a;" },
      'nobody-imports-the-root',
    ],
    [
      'a cycle of types in one folder',
      {
        'src/core/b.ts': "import type { C } from './c.ts'; export interface B { readonly c?: C }",
        'src/core/c.ts': "import type { B } from './b.ts'; export interface C { readonly b?: B }",
      },
      'no-cycles',
    ],
    ['a folder without a floor', { 'src/attic/index.ts': 'export const attic = 1;' }, 'known-floor'],
    [
      'an optional peer outside adapters',
      { 'src/storage/index.ts': "import 'peer'; export const b = 1;" },
      'optional-peers-only-in-adapters',
    ],
    ['a dev dependency in src', { 'src/core/b.ts': "import 'tool'; export const b = 1;" }, 'src-not-to-dev'],
    [
      'a file that does not exist',
      { 'src/core/b.ts': "import './gone.ts'; export const b = 1;" },
      'not-resolvable',
    ],
  ])('%s is refused', ([, planted, rule]) => {
    expect(brokenRules(planted)).toContain(rule);
  });
});
