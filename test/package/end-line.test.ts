import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/rooms.ts';

let folder = '';

beforeAll(() => {
  // Below the repository, so that the tests in it find vitest.
  mkdirSync(join(root, 'temp'), { recursive: true });
  folder = mkdtempSync(join(root, 'temp/end-line-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function lastLine(
  args: readonly string[],
  files: Record<string, string>,
  environment: Record<string, string> = {},
): { line: string; code: number | null } {
  const project = mkdtempSync(join(folder, 'run-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(root, 'scripts/test.ts'), '--coverage.enabled=false', '--root', project, ...args],
    { encoding: 'utf8', cwd: project, env: { PATH: process.env['PATH'], ...environment } },
  );
  return { line: stdout.trimEnd().split('\n').at(-1) ?? '', code: status };
}

const reporter = ['--reporter', join(root, 'scripts/end-line-reporter.ts')];
const passing = "import { test } from 'vitest'; test('a', () => {}); test('b', () => {});";

describe('the last line of a test run', () => {
  test('counts what passed and what was skipped', () => {
    const files = { 'a.test.ts': `${passing} test.skip('c', () => {}); test.todo('d');` };
    expect(lastLine(reporter, files)).toEqual({ line: '2 passed, 0 failed, 2 skipped', code: 0 });
  });

  test('counts a failed test and a module that does not load', () => {
    const files = {
      'a.test.ts': `${passing} test('c', () => { throw new Error('c'); });`,
      'b.test.ts': "import './gone.ts';",
    };
    expect(lastLine(reporter, files)).toEqual({ line: '2 passed, 2 failed, 0 skipped', code: 1 });
  });

  test('counts a suite whose hook failed', () => {
    const files = {
      'a.test.ts': `import { beforeAll, describe } from 'vitest'; ${passing}
        describe('c', () => { beforeAll(() => { throw new Error('hook'); }); test('d', () => {}); });`,
    };
    expect(lastLine(reporter, files)).toEqual({ line: '2 passed, 1 failed, 1 skipped', code: 1 });
  });

  test('names a failure when every test passed and the run did not', () => {
    const files = { 'a.test.ts': `${passing} void Promise.reject(new Error('unhandled'));` };
    expect(lastLine(reporter, files)).toEqual({ line: '2 passed, 1 failed, 0 skipped', code: 1 });
  });

  test('is there when vitest could not start', () => {
    const files = { 'vitest.config.ts': "throw new Error('broken configuration');" };
    expect(lastLine(reporter, files)).toEqual({ line: '0 passed, 1 failed, 0 skipped', code: 1 });
  });
});

describe('the notes of a test run', () => {
  const notesOf = (text: string): string[] => {
    const file = join(mkdtempSync(join(folder, 'notes-')), 'notes');
    writeFileSync(file, 'what another run noted\n');
    lastLine(reporter, { 'a.test.ts': `${passing} ${text}` }, { PORTCULLIS_TEST_NOTES: file });
    const [before, ...notes] = readFileSync(file, 'utf8').split('\n');
    expect([before, notes.pop()]).toEqual(['what another run noted', '']);
    return notes;
  };

  test('are none when every test passed at once', () => {
    expect(notesOf('')).toEqual([]);
  });

  test('name what failed, what passed when tried again, and the first error of each', () => {
    const failing = "test('c', () => { throw new Error('of c'); });";
    const flaky =
      "let n = 0; test('d', { retry: 1 }, () => { n += 1; if (n === 1) throw new Error('of d'); });";
    expect(notesOf(`${failing} ${flaky}`).toSorted()).toEqual([
      'failed: a.test.ts > c: of c',
      'flaky: a.test.ts > d: of d',
    ]);
  });

  test('say so when every test passed and the run did not', () => {
    expect(notesOf("void Promise.reject(new Error('unhandled'));")).toEqual([
      'failed: outside of every test: unhandled',
    ]);
  });
});
