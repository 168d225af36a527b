import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../../src/core/index.ts';
import { OrderArchive } from '../../../../src/desk/index.ts';
import { DataDirectory } from '../../../../src/storage/index.ts';
import { INSTRUMENTS, JournalDrive } from '../../../support/journal-drive.ts';

/** A journal with snapshots and archive on a real disk. Segments are as small as they can be. */
describe('a journal in a data directory', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'portcullis-journal-'));
  });
  afterEach(() => rm(path, { recursive: true }));

  const open = async () => {
    const clock = new SystemClock();
    const directory = await DataDirectory.open(path, { clock });
    const log = await directory.openLog('journal', { segmentBytes: 1 });
    const snapshots = await directory.openSnapshots('journal');
    const store = await directory.openStore('state');
    const archive = await OrderArchive.open({ store, instruments: INSTRUMENTS, clock });
    try {
      return { directory, log, drive: await JournalDrive.open(log, { snapshots, archive }) };
    } catch (error) {
      await directory.close();
      throw error;
    }
  };

  /** Two checkpoints, orders that were retired in between, and records after them; then the process ends. */
  const run = async () => {
    const { directory, log, drive } = await open();
    await drive.submit('o1');
    await drive.fill('o1', 'x1', 10);
    await drive.journal.checkpoint();
    await drive.nextDay();
    await drive.nextDay();
    await drive.submit('o2');
    await drive.event({ type: 'accepted', clientOrderId: 'o2' });
    await drive.journal.checkpoint();
    await drive.fill('o2', 'x2', 3);
    const { state } = drive;
    const { firstSeq } = log;
    await directory.close();
    return { state, firstSeq };
  };

  const snapshotFiles = async (): Promise<string[]> =>
    (await readdir(path)).filter((file) => file.includes('snapshot')).sort();

  test('is built from the newest snapshot and the records after it', async () => {
    const { state, firstSeq } = await run();
    const { directory, drive } = await open();
    expect(drive.state).toEqual(state);
    expect(drive.journal.recovered).toMatchObject({
      records: 1,
      fromSnapshot: 8,
      skippedSnapshots: [],
      tornBytes: 0,
    });
    expect(firstSeq).toBe(3); // up to the older snapshot
    await directory.close();
  });

  test('is built from the older one when the newest is damaged, and says so', async () => {
    const { state } = await run();
    const newest = (await snapshotFiles()).at(-1) ?? '';
    const bytes = await readFile(join(path, newest));
    bytes[20] = 0;
    await writeFile(join(path, newest), bytes);
    const { directory, drive } = await open();
    expect(drive.state).toEqual(state);
    const { records, fromSnapshot, skippedSnapshots } = drive.journal.recovered;
    expect([records, fromSnapshot, skippedSnapshots.map(({ file }) => file)]).toEqual([6, 3, [newest]]);
    await directory.close();
  });

  test('is not built without any snapshot, and nothing is written', async () => {
    await run();
    for (const file of await snapshotFiles()) await rm(join(path, file));
    const before = await readdir(path);
    await expect(open()).rejects.toMatchObject({ code: 'JOURNAL_INCOMPLETE' });
    expect(await readdir(path)).toEqual(before);
  });

  test('says what a crash tore off', async () => {
    const { state } = await run();
    const last =
      (await readdir(path))
        .filter((file) => /journal-\d+\.jsonl/.test(file))
        .sort()
        .at(-1) ?? '';
    await appendFile(join(path, last), '{"v":1,"se');
    const { directory, drive } = await open();
    expect([drive.state, drive.journal.recovered.tornBytes]).toEqual([state, 10]);
    await directory.close();
  });
});
