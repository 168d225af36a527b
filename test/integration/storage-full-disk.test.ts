import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../src/core/index.ts';
import { FileAppendLog, SqliteStateStore } from '../../src/storage/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

const FILL = fileURLToPath(new URL('storage-children/fill.ts', import.meta.url));
const run = promisify(execFile);

interface Told {
  appended: { done: number; code: string };
  later: string;
  set: { done: number; code: string };
  kept: number;
}

describe('a disk that is really full', () => {
  test.skipIf(!existsSync('/dev/full'))('ENOSPC refuses the record and all after it', async () => {
    const directory = await temporaryDirectory();
    await symlink('/dev/full', join(directory, 'journal-00000001.jsonl'));
    const log = await FileAppendLog.open({ directory, name: 'journal' });
    await expect(log.append('a')).rejects.toMatchObject({
      code: 'LOG_WRITE_FAILED',
      message: expect.stringContaining('ENOSPC') as unknown,
      cause: { code: 'ENOSPC' },
    });
    await expect(log.append('b')).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await log.close();
  });

  test.skipIf(process.platform === 'win32')(
    'a file that cannot grow: what was acknowledged stays, half a record does not, and it goes on with room',
    async () => {
      const directory = await temporaryDirectory();
      // No file of this process may grow beyond 100 kB: the kernel cuts the write that crosses the limit short.
      const limited = `ulimit -f ${process.platform === 'darwin' ? 200 : 100}; exec "$0" "$@"`;
      const { stdout } = await run('bash', ['-c', limited, process.execPath, FILL, directory]);
      const told = JSON.parse(stdout) as Told;
      expect(told.appended).toEqual({ done: expect.any(Number) as unknown, code: 'LOG_WRITE_FAILED' });
      expect(told.later).toBe('LOG_WRITE_FAILED');
      expect(told.set).toEqual({ done: told.kept, code: 'STORE_UNAVAILABLE' });
      expect(told.appended.done).toBeGreaterThan(90);
      expect(told.kept).toBeGreaterThan(0);

      const text = await readFile(join(directory, 'journal-00000001.jsonl'), 'utf8');
      expect([text.length < 102_400, text.endsWith('\n')]).toEqual([true, true]);
      const log = await FileAppendLog.open({ directory, name: 'journal' });
      expect(log.openReport).toEqual({ records: told.appended.done, tornBytes: 0, segments: 1 });
      expect(await log.append('room again')).toEqual({ seq: told.appended.done + 1 });
      await log.close();

      const store = await SqliteStateStore.open(
        { path: join(directory, 'state.db') },
        { clock: new SystemClock() },
      );
      expect(await store.list('key-')).toHaveLength(told.kept);
      expect(await store.set('room', 'again')).toMatchObject({ outcome: 'written' });
      await store.close();
    },
  );
});
