import { execFile } from 'node:child_process';
import { chmod, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileAppendLog, FileSnapshotStore } from '../../src/storage/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

const DENIED = fileURLToPath(new URL('storage-children/denied.ts', import.meta.url));
const run = promisify(execFile);

/** A directory with a log of four segments and a snapshot. */
async function dataDirectory(): Promise<string> {
  const directory = await temporaryDirectory();
  const log = await FileAppendLog.open({ directory, name: 'journal', segmentBytes: 1 });
  for (const record of ['a', 'b', 'c', 'd']) await log.append(record);
  await log.close();
  const snapshots = await FileSnapshotStore.open({ directory, name: 'journal' });
  await snapshots.save(2, ['state 2']);
  await snapshots.close();
  return directory;
}

/** What is there now: as before, and it can be worked with. */
async function expectUntouched(directory: string, before: readonly string[]): Promise<void> {
  expect((await readdir(directory)).filter((file) => file.startsWith('journal'))).toEqual(before);
  const log = await FileAppendLog.open({ directory, name: 'journal' });
  expect([log.firstSeq, log.openReport.records]).toEqual([1, 4]);
  expect(await log.trim(3)).toBe(3);
  await log.close();
  const snapshots = await FileSnapshotStore.open({ directory, name: 'journal' });
  await snapshots.save(9, ['state 9']);
  expect(await snapshots.newest()).toEqual({ seq: 9, lines: ['state 9'] });
  await snapshots.close();
}

describe('where nothing can be written', () => {
  test.skipIf(process.platform === 'win32')(
    'no room for a byte: trim, snapshots and records are refused, and what was there stays',
    async () => {
      const directory = await dataDirectory();
      const before = await readdir(directory);
      // No file of this process may hold a byte more: the kernel refuses every write.
      const { stdout } = await run('bash', [
        '-c',
        'ulimit -f 0; exec "$0" "$@"',
        process.execPath,
        DENIED,
        directory,
      ]);
      expect(JSON.parse(stdout)).toEqual({
        opened: 'FILE_UNREADABLE',
        saved: 'SNAPSHOT_FAILED',
        newest: 2,
        canOpenLog: true,
        trimmed: 'LOG_WRITE_FAILED',
        firstSeq: 1,
        appended: 'LOG_WRITE_FAILED',
      });
      await expectUntouched(directory, before);
    },
  );

  test.skipIf(process.platform === 'win32')(
    'a read-only directory is refused, and what was there stays',
    async () => {
      const directory = await dataDirectory();
      const before = await readdir(directory);
      for (const file of before) await chmod(`${directory}/${file}`, 0o444);
      await chmod(directory, 0o555);
      onTestFinished(() => chmod(directory, 0o755));
      // Permissions do not bind the superuser: then the attempt is made as somebody else.
      const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const { stdout } = await run(process.execPath, [DENIED, directory], identity);
      expect(JSON.parse(stdout)).toEqual({
        opened: 'FILE_UNREADABLE',
        saved: 'SNAPSHOT_FAILED',
        newest: 2,
        canOpenLog: false,
      });
      await chmod(directory, 0o755);
      for (const file of before) await chmod(`${directory}/${file}`, 0o644);
      await expectUntouched(directory, before);
    },
  );
});
