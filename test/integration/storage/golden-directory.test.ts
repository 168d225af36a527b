import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { DataDirectory } from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

/** Files of version 1, each under its name with `.v1` behind it so that no tool takes it for one of its own. */
const GOLDEN = fileURLToPath(new URL('../../golden/storage/', import.meta.url));
const SUFFIX = '.v1';
const clock = new ManualClock(0);

const RECORDS = [
  { state: 'submitting', intent: { id: 'i-1', quantity: '0.001' } },
  'text with "quotes", é, 💰 and \u2028',
  [1, null, true, -0.5],
  {},
  0,
];
const STATE_2 = [{ book: 'before' }];
const STATE_4 = [{ book: { 'BTC-USD': '0.001' } }, ['i-1'], 'é 💰', null];

const goldenFiles = async (): Promise<string[]> =>
  (await readdir(GOLDEN)).filter((file) => file.endsWith(SUFFIX)).sort();

describe('data directory of version 1', () => {
  test('is read: format, trimmed log, snapshots', async () => {
    const path = await temporaryDirectory();
    for (const file of await goldenFiles()) {
      await copyFile(join(GOLDEN, file), join(path, file.slice(0, -SUFFIX.length)));
    }
    const directory = await DataDirectory.open(path, { clock });
    expect(directory.isNew).toBe(false);
    const log = await directory.openLog('journal');
    expect(log.openReport).toEqual({ records: 3, tornBytes: 0, segments: 3 });
    const entries = [];
    for await (const entry of log.read()) entries.push(entry);
    expect(entries).toEqual([3, 4, 5].map((seq) => ({ seq, record: RECORDS[seq - 1] })));
    const snapshots = await directory.openSnapshots('journal');
    expect(await snapshots.newest()).toEqual({ seq: 4, lines: STATE_4 });
    expect(await snapshots.newest(3)).toEqual({ seq: 2, lines: STATE_2 });
    await directory.close();
  });

  test('is written, byte by byte', async () => {
    const path = await temporaryDirectory();
    const directory = await DataDirectory.open(path, { clock });
    const log = await directory.openLog('journal', { segmentBytes: 1 });
    for (const record of RECORDS) await log.append(record);
    const snapshots = await directory.openSnapshots('journal');
    await snapshots.save(2, STATE_2);
    await snapshots.save(4, STATE_4);
    await log.trim(3);
    await directory.close();

    const written = (await readdir(path)).filter((file) => file !== 'portcullis.lock').sort();
    expect(written.map((file) => file + SUFFIX)).toEqual(await goldenFiles());
    for (const file of written) {
      const golden = await readFile(join(GOLDEN, file + SUFFIX), 'utf8');
      expect({ file, text: await readFile(join(path, file), 'utf8') }).toEqual({ file, text: golden });
    }
  });
});
