/**
 * The pyramid of the tests: how many are declared on each level, and whether the levels have the shares that they should.
 * A table of cases is one test here, however many rows it has.
 */
import { globSync, readFileSync } from 'node:fs';

const LEVELS = [
  { name: 'unit', least: 0.6, folders: [] },
  { name: 'integration', least: 0.1, folders: ['integration'] },
  { name: 'end to end', least: 0.03, folders: ['e2e', 'package'] },
] as const;

type Level = (typeof LEVELS)[number];

/** A test, or a table of them; what is skipped or to do is none. */
const TEST = /^\s*(?:test|it)(?:\.(?:each|for|prop|concurrent|runIf|skipIf|fails))*(?:<[^(]*>)?\(/gm;

/** A test belongs to the level whose folder it stands in; everything else is unit, property, contract and scenario tests included. */
function levelOf(path: string): Level {
  const folder = /(?:^|\/)test\/([^/]+)\//.exec(path)?.[1];
  return LEVELS.find(({ folders }) => folders.some((name) => name === folder)) ?? LEVELS[0];
}

const counts = new Map<Level, number>(LEVELS.map((level) => [level, 0]));
for (const path of globSync(['test/**/*.test.ts', 'examples/**/*.test.ts'])) {
  const found = readFileSync(path, 'utf8').match(TEST)?.length ?? 0;
  const level = levelOf(path);
  counts.set(level, (counts.get(level) ?? 0) + found);
}

const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
for (const [{ name, least }, count] of counts) {
  const share = count / total;
  const isMet = share >= least;
  const verdict = isMet ? '' : '  TOO FEW';
  console.log(
    `${name.padEnd(12)} ${String(count).padStart(5)}  ${(100 * share).toFixed(1)} % (at least ${100 * least} %)${verdict}`,
  );
  if (!isMet) process.exitCode = 1;
}
