import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/rooms.ts';

type Files = Readonly<Record<string, string>>;

const installed = (name: string): Files => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0' }),
  [`node_modules/${name}/index.js`]: '',
});

/** A house in small, which the rules of the real one find in order. */
const sound: Files = {
  ...installed('plain'),
  ...installed('tool'),
  ...installed('peer'),
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
  'src/index.ts': "export { a } from './core/index.ts'; export { desk } from './desk/index.ts';",
  'src/core/index.ts': "export { a } from './a.ts';",
  'src/core/a.ts': 'export const a = 1;',
  'src/trading/index.ts': "import { a } from '../core/a.ts'; import 'plain'; export const trade = a;",
  'src/telemetry/index.ts': "export { a as log } from '../core/a.ts';",
  'src/risk/index.ts': "export { trade as risk } from '../trading/index.ts';",
  'src/desk/index.ts': "export { risk as desk } from '../risk/index.ts';",
  'src/backtest/index.ts': "export { desk as run } from '../desk/index.ts';",
  'src/adapters/redis/index.ts': "import 'peer'; export { run as redis } from '../../backtest/index.ts';",
  'src/adapters/postgres/index.ts': "export { a as postgres } from '../../core/a.ts';",
  'src/testing/index.ts':
    "export { desk } from '../desk/index.ts'; export { redis } from '../adapters/redis/index.ts';",
};

const violations = [
  {
    what: 'an upward import',
    file: 'src/core/upward.ts',
    text: "export { trade } from '../trading/index.ts';",
    rule: 'floor-0-core',
  },
  {
    what: 'an upward import of a type',
    file: 'src/risk/upward-type.ts',
    text: "import type { desk } from '../desk/index.ts'; export type B = typeof desk;",
    rule: 'floor-3-risk',
  },
  {
    what: 'an upward dynamic import',
    file: 'src/risk/upward-dynamic.ts',
    text: "export const b = () => import('../desk/index.ts');",
    rule: 'floor-3-risk',
  },
  {
    what: 'a sideways import',
    file: 'src/telemetry/sideways.ts',
    text: "export { trade } from '../trading/index.ts';",
    rule: 'floor-1-telemetry',
  },
  {
    what: 'one adapter importing another',
    file: 'src/adapters/postgres/sideways.ts',
    text: "export { redis } from '../redis/index.ts';",
    rule: 'floor-6-adapters-postgres',
  },
  {
    what: 'a machine importing an adapter',
    file: 'src/backtest/upward.ts',
    text: "export { postgres } from '../adapters/postgres/index.ts';",
    rule: 'floor-5-backtest',
  },
  {
    what: 'the root re-exporting from floor 5',
    file: 'src/index.ts',
    text: "export { run } from './backtest/index.ts';",
    rule: 'floor-7-index',
  },
  {
    what: 'a room importing the root',
    file: 'src/testing/root.ts',
    text: "export { run } from '../index.ts';",
    rule: 'nobody-imports-the-root',
  },
  {
    what: 'a cycle of types within a folder',
    file: 'src/core/cycle-a.ts',
    text: "import type { Other } from './cycle-b.ts'; export interface One { readonly other?: Other }",
    more: {
      'src/core/cycle-b.ts':
        "import type { One } from './cycle-a.ts'; export interface Other { readonly one?: One }",
    },
    rule: 'no-cycles',
  },
  {
    what: 'a folder without a floor',
    file: 'src/attic/index.ts',
    text: "export { a } from '../core/a.ts';",
    rule: 'known-floor',
  },
  {
    what: 'a file that imports nothing and that nobody imports',
    file: 'src/core/orphan.ts',
    text: 'export const b = 1;',
    rule: 'no-orphans',
  },
  {
    what: 'an optional peer outside adapters/',
    file: 'src/telemetry/peer.ts',
    text: "import 'peer';",
    rule: 'optional-peers-only-in-adapters',
  },
  { what: 'a dev dependency', file: 'src/core/tool.ts', text: "import 'tool';", rule: 'src-not-to-dev' },
  {
    what: 'an undeclared package',
    file: 'src/core/gone.ts',
    text: "import 'undeclared';",
    rule: 'not-resolvable',
  },
];

interface Verdict {
  readonly passes: boolean;
  /** `rule: file`, of every violation. */
  readonly broken: readonly string[];
}

function inspect(files: Files): Verdict {
  const house = mkdtempSync(join(tmpdir(), 'portcullis-floors-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(house, dirname(file)), { recursive: true });
      writeFileSync(join(house, file), text);
    }
    cpSync(join(root, '.dependency-cruiser.cjs'), join(house, '.dependency-cruiser.cjs'));
    const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
    const { status, stdout } = spawnSync(
      process.execPath,
      [cli, 'src', '--config', '.dependency-cruiser.cjs'],
      {
        cwd: house,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      },
    );
    const broken = [...stdout.matchAll(/^\s*error ([\w-]+: \S+)/gm)].map(([, line = '']) => line);
    return { passes: status === 0, broken };
  } finally {
    rmSync(house, { recursive: true, force: true });
  }
}

describe('the floors', () => {
  const planted = violations.map(({ file, text, more = {} }) => ({ [file]: text, ...more }));
  const wrecked = inspect(Object.assign({}, sound, ...planted) as Files);

  test('a house in order passes', () => {
    expect(inspect(sound)).toEqual({ passes: true, broken: [] });
  });

  test('a house with violations does not', () => {
    expect(wrecked.passes).toBe(false);
  });

  test.for(violations)('$what is refused', ({ file, rule }) => {
    expect(wrecked.broken).toContain(`${rule}: ${file}`);
  });
});
