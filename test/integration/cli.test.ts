import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  JOURNAL,
  type Said,
  damage,
  dataDirectory,
  filesIn,
  killRecords,
  recordsOf,
  using,
} from '../cli/support/data.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const HOLD = fileURLToPath(new URL('storage-children/hold.ts', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));

const lines = (text: string): string[] => (text === '' ? [] : text.trimEnd().split('\n'));

/** The command, as a process of its own. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function portcullis(...args: string[]): Promise<Said> {
  const child = start(args);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out: lines(out), err: lines(err) };
}

const WHY = ['--by', 'ada', '--reason', 'night shift'];

describe('portcullis, as a process', () => {
  test('says its version', async () => {
    const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string };
    expect(await portcullis('--version')).toEqual({ code: 0, out: [version], err: [] });
  });

  test('says what there is, on standard output', async () => {
    const { code, out, err } = await portcullis();
    expect([code, out[0], err]).toEqual([0, 'usage: portcullis COMMAND DIRECTORY [options]', []]);
  });

  test('ends with 2 for an unknown command, and says so on standard error', async () => {
    expect(await portcullis('journal', 'mend', 'x')).toEqual({
      code: 2,
      out: [],
      err: ['portcullis: no command journal mend; see portcullis --help'],
    });
  });

  test('names an option that is misspelt', async () => {
    const { code, err } = await portcullis('kill-switch', 'trip', 'x', '--scpoe', 'firm');
    expect([code, err]).toEqual([
      2,
      [
        "portcullis: INPUT_INVALID: kill-switch trip: Unknown option '--scpoe', expected one of --store --audit --scope --to --by --reason",
      ],
    ]);
  });

  test('names the process that works on the directory, and changes nothing', async () => {
    const path = join(await temporaryDirectory(), 'data');
    const owner = spawn(process.execPath, [HOLD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void owner.kill('SIGKILL'));
    await once(owner.stdout, 'data');
    const { code, out, err } = await portcullis(
      'kill-switch',
      'release',
      path,
      '--scope',
      'firm',
      '--confirm',
      'firm',
      ...WHY,
    );
    expect([code, out]).toEqual([2, []]);
    expect(err[0]).toContain(
      `DATA_DIR_LOCKED: data directory ${path} belongs to process ${String(owner.pid)} since`,
    );
  });

  test('ends quietly when nobody reads on', async () => {
    const path = await dataDirectory();
    await using(path, async (directory) => {
      const log = await directory.openLog('long');
      await Promise.all(
        Array.from({ length: 5_000 }, (_, id) => log.append({ id, filler: 'x'.repeat(100) })),
      );
    });
    const child = start(['journal', 'show', path, '--log', 'long', '--limit', '100000']);
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = (await once(child, 'exit')) as [number];
    expect([code, err]).toEqual([0, '']);
  });
});

describe('portcullis, from damage to a release, each step a process', () => {
  test('the journal is repaired once, and the firm stays halted until it is released', async () => {
    const path = await dataDirectory();
    expect(await portcullis('journal', 'verify', path)).toMatchObject({ code: 0, err: [] });
    await damage(path, JOURNAL, 2);

    const verified = await portcullis('journal', 'verify', path);
    expect([verified.code, verified.out]).toEqual([1, []]);
    expect(verified.err[0]).toContain(`${path}/${JOURNAL}: line 2 `);
    expect(verified.err[0]).toContain(`portcullis journal repair ${path}`);

    const repaired = await portcullis('journal', 'repair', path, ...WHY);
    expect([repaired.code, repaired.err]).toEqual([0, []]);
    expect(repaired.out[0]).toBe('journal: 4 records kept, 3 missing; what could not be kept:');
    expect((await killRecords(path)).map(({ state }) => state)).toEqual(['halted']);

    expect(await portcullis('journal', 'repair', path, ...WHY)).toMatchObject({
      out: ['journal: 4 records, nothing to repair'],
    });
    expect(await portcullis('journal', 'verify', path)).toMatchObject({ code: 0, err: [] });
    const files = await filesIn(path);
    const half = ['kill-switch', 'release', path, '--scope', 'firm', ...WHY];
    expect(await portcullis(...half)).toMatchObject({ code: 2, out: [] });
    expect(await filesIn(path)).toEqual(files);
    expect(await portcullis(...half, '--confirm', 'firm', '--second', 'grace')).toEqual({
      code: 0,
      out: ['active'],
      err: [],
    });
    expect(await killRecords(path)).toEqual([]);
    expect((await recordsOf(path, 'audit')).map(({ kind }) => kind)).toEqual([
      'service.started',
      'kill-switch.tripped',
      'journal.repaired',
      'kill-switch.released',
    ]);
    const { code, out } = await portcullis('audit', 'verify', path);
    expect([code, out[0]]).toEqual([0, 'audit: 4 records, the chain holds']);
  });

  test('a trip is obeyed by the next start', async () => {
    const path = await dataDirectory();
    const order = ['kill-switch', 'trip', path, '--scope', 'account:acc', '--to', 'halted', ...WHY];
    expect(await portcullis(...order)).toMatchObject({ code: 0 });
    expect(await killRecords(path)).toMatchObject([
      { scope: { kind: 'account', id: 'acc' }, state: 'halted', by: { kind: 'person', id: 'ada' } },
    ]);
  });
});
