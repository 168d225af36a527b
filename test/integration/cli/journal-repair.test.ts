import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JournalDrive } from '../../support/journal-drive.ts';
import {
  JOURNAL,
  NOON,
  damage,
  dataDirectory,
  fillDisk,
  filesIn,
  killRecords,
  portcullis,
  recordsOf,
  using,
} from '../../cli/support/data.ts';

const WHY = ['--by', 'ada', '--reason', 'the disk was replaced'];
const repair = (path: string, ...options: string[]) =>
  portcullis('journal', 'repair', path, ...WHY, ...options);

const types = async (path: string) => (await recordsOf(path, 'journal')).map(({ type }) => type);

/** The journal, opened as the next start does; the Book that comes of it. */
const reopened = (path: string) =>
  using(path, async (directory) => {
    const snapshots = await directory.openSnapshots('journal');
    return (await JournalDrive.open(await directory.openLog('journal'), { snapshots })).book;
  });

describe('journal repair', () => {
  test('keeps what makes sense, says what does not, halts the firm and writes it all down', async () => {
    const path = await dataDirectory();
    const original = await readFile(join(path, JOURNAL), 'utf8');
    await damage(path, JOURNAL, 2);
    const before = await readFile(join(path, JOURNAL), 'utf8');
    const { code, out, err } = await repair(path);
    expect([code, err]).toEqual([0, []]);
    const bytes = original.split('\n').map((line) => line.length);
    expect(out).toEqual([
      'journal: 4 records kept, 3 missing; what could not be kept:',
      expect.stringContaining(`  ${JOURNAL} line 2, ${String(bytes[1])} bytes: expected `),
      `  ${JOURNAL} line 3, ${String(bytes[2])} bytes: accepted of order a, whose submission is lost`,
      `  ${JOURNAL} line 4, ${String(bytes[3])} bytes: filled of order a, whose submission is lost`,
      `the files as they were are in ${path}/damaged-1`,
      'firm is halted: start, compare with the venue, adjust, then release',
    ]);
    expect(await readFile(join(path, 'damaged-1', JOURNAL), 'utf8')).toBe(before);
    expect(await types(path)).toEqual(['opened', 'submitting', 'accepted', 'filled']);
    const record = {
      scope: { kind: 'firm' },
      state: 'halted',
      reason:
        'journal repaired, 3 lines lost, 3 records missing: compare with the venue, then release (the disk was replaced)',
      by: { kind: 'person', id: 'ada' },
      atMs: NOON,
    };
    expect(await killRecords(path)).toEqual([record]);
    expect((await recordsOf(path, 'audit')).slice(1)).toMatchObject([
      { kind: 'kill-switch.tripped', details: { record } },
      {
        kind: 'journal.repaired',
        by: { kind: 'person', id: 'ada' },
        details: {
          log: 'journal',
          reason: 'the disk was replaced',
          recordsKept: 4,
          recordsMissing: 3,
          lostLines: 3,
          movedTo: `${path}/damaged-1`,
        },
      },
    ]);
  });

  test('leaves a journal that opens, with the order that was kept', async () => {
    const path = await dataDirectory();
    await damage(path, JOURNAL, 2);
    await expect(reopened(path)).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
    await repair(path);
    const book = await reopened(path);
    expect([book.order('a')?.state, book.order('b')?.state]).toEqual([undefined, 'working']);
    expect(book.cell('acc', 'BTC-USD')).toMatchObject({ pos: 4, buy: 6 });
  });

  test('done again finds nothing to repair, and changes nothing', async () => {
    const path = await dataDirectory();
    await damage(path, JOURNAL, 3);
    await repair(path);
    const before = await filesIn(path);
    expect(await repair(path)).toEqual({ code: 0, out: ['journal: 6 records, nothing to repair'], err: [] });
    expect(await filesIn(path)).toEqual(before);
  });

  test('of a journal that is whole halts nothing', async () => {
    const path = await dataDirectory();
    expect(await repair(path)).toEqual({ code: 0, out: ['journal: 7 records, nothing to repair'], err: [] });
    expect(await killRecords(path)).toEqual([]);
  });

  test('that is released is obeyed by the next start', async () => {
    const path = await dataDirectory();
    await damage(path, JOURNAL, 3);
    await repair(path);
    const order = ['--scope', 'firm', '--confirm', 'firm', ...WHY];
    expect(await portcullis('kill-switch', 'release', path, ...order)).toMatchObject({ out: ['active'] });
    expect(await killRecords(path)).toEqual([]);
  });
});

describe('journal repair, a journal with a snapshot', () => {
  const drive = async (journal: JournalDrive) => {
    await journal.submit('a');
    await journal.event({ type: 'accepted', clientOrderId: 'a' });
    await journal.journal.checkpoint(); // of record 3
    await journal.fill('a', 'e1', 4);
  };

  test.each([1, 2, 3])('opens again when line %i is lost, with what the snapshot has', async (line) => {
    const path = await dataDirectory(drive);
    await damage(path, JOURNAL, line);
    expect(await repair(path)).toMatchObject({ code: 0, err: [] });
    expect(await portcullis('journal', 'verify', path)).toMatchObject({ code: 0 });
    expect((await reopened(path)).order('a')).toMatchObject({ state: 'working', cumulative: 4 });
  });
});

describe('journal repair, what it cannot do', () => {
  test('when the halt cannot be written: it leaves all as it was', async () => {
    const path = await dataDirectory();
    await damage(path, JOURNAL, 3);
    fillDisk(path);
    const before = await filesIn(path);
    const { code, out, err } = await repair(path);
    expect([code, out]).toEqual([1, []]);
    expect(err[0]).toMatch(/^portcullis: STORE_UNAVAILABLE: .*: set failed: disk full/);
    expect(await filesIn(path)).toEqual(before);
  });

  test('without the record that names the accounts: it says the way out and leaves all as it was', async () => {
    const path = await dataDirectory();
    await damage(path, JOURNAL, 1);
    const before = await filesIn(path);
    const { code, out, err } = await repair(path);
    expect([code, out]).toEqual([1, []]);
    expect(err).toEqual([
      'portcullis: JOURNAL_INCOMPLETE: journal: the first record, which names the accounts, is lost, and no good ' +
        'snapshot has them: the 6 records that are whole cannot be replayed. Nothing was changed. Put the directory ' +
        'back from a copy; or begin with a new data directory and the balances and positions that the venue reports',
    ]);
    expect(await filesIn(path)).toEqual(before);
    expect(await killRecords(path)).toEqual([]);
  });

  test('an audit log is refused, and says what to do instead', async () => {
    const path = await dataDirectory();
    const { code, err } = await repair(path, '--log', 'audit');
    expect(code).toBe(2);
    expect(err[0]).toContain('An audit log is not repaired: move its files out of the directory');
  });

  test('while the audit log is damaged it does nothing', async () => {
    const path = await dataDirectory();
    await portcullis('kill-switch', 'trip', path, '--scope', 'venue:x', '--to', 'reducing', ...WHY);
    await damage(path, JOURNAL, 3);
    await damage(path, 'audit-00000001.jsonl', 1);
    const before = await filesIn(path);
    const { code, err } = await repair(path);
    expect(code).toBe(1);
    expect(err[0]).toContain('LOG_DAMAGED');
    expect(await filesIn(path)).toEqual(before);
  });

  test('a log that is not there is not made', async () => {
    const path = await dataDirectory();
    expect(await repair(path, '--log', 'nosuch')).toMatchObject({
      code: 2,
      err: [expect.stringContaining('FILE_UNREADABLE')],
    });
  });

  test('a log of another kind is repaired without a look at what it says', async () => {
    const path = await dataDirectory();
    await using(path, async (directory) => {
      const log = await directory.openLog('spill');
      for (const clientOrderId of ['a', 'b', 'c']) await log.append({ kind: 'filled', clientOrderId });
    });
    await damage(path, 'spill-00000001.jsonl', 1);
    expect(await repair(path, '--log', 'spill')).toMatchObject({
      code: 0,
      out: [
        'spill: 2 records kept, 1 missing; what could not be kept:',
        expect.stringContaining('spill-00000001.jsonl line 1, '),
        expect.stringContaining('damaged-1'),
        expect.stringContaining('firm is halted'),
      ],
    });
  });
});
