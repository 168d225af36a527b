const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

/**
 * The floors of the house, lowest first. A file imports from lower floors and from its own folder, nothing else:
 * folders on one floor never see each other.
 */
const floors = [
  ['core'],
  ['trading', 'telemetry', 'storage', 'indicators'],
  ['resilience', 'events', 'audit'],
  ['risk', 'execution', 'portfolio', 'market-data', 'simulation', 'security', 'service'],
  ['desk', 'event-service', 'ml', 'alerting'],
  ['backtest', 'gateway', 'dashboard'],
  peers().map((peer) => `adapters/${peer}`),
  ['testing', 'cli'],
];

/** The root re-exports what people use most, from these floors only. */
const HIGHEST_FLOOR_OF_THE_ROOT = 4;

const rooms = floors.flat();
const below = (floor) => floors.slice(0, floor).flat();
const anyOf = (folders) => (folders.length === 0 ? '^$' : `^src/(${folders.join('|')})/`);

/** Every adapter is a room of its own on one floor. */
function peers() {
  const folder = join(process.cwd(), 'src/adapters');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...floors.flatMap((folders, floor) =>
      folders.map((folder) => ({
        name: `floor-${floor}-${folder.replace('/', '-')}`,
        comment: `${folder}/ imports from itself and from floors below ${floor}.`,
        severity: 'error',
        from: { path: `^src/${folder}/` },
        to: { path: '^src/', pathNot: [`^src/${folder}/`, anyOf(below(floor))] },
      })),
    ),
    {
      name: 'floor-7-index',
      comment: `src/index.ts re-exports from floors 0 to ${HIGHEST_FLOOR_OF_THE_ROOT}.`,
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/', pathNot: anyOf(below(HIGHEST_FLOOR_OF_THE_ROOT + 1)) },
    },
    {
      name: 'index-imports-rooms-only',
      comment: 'src/index.ts takes names from rooms, not from packages.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { pathNot: '^src/' },
    },
    {
      name: 'nobody-imports-the-root',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'known-floor',
      comment: 'A folder that stands on no floor: give it one in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: [anyOf(rooms), '^src/index\\.ts$'] },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'Imports of types count.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    { name: 'no-orphans', severity: 'error', from: { path: '^src/', orphan: true }, to: {} },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'src-not-to-dev',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['npm-peer', 'npm'] },
    },
    {
      name: 'optional-peers-only-in-adapters',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/adapters/' },
      to: { dependencyTypes: ['npm-peer', 'npm-optional'] },
    },
    {
      name: 'src-not-to-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples|scripts|bench)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
