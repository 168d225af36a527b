import { describe, expect, test } from 'vitest';
import { JOURNAL_VERSION } from '../../src/desk/index.ts';
import { CHECKPOINT_VERSION } from '../../src/desk/journal-checkpoint.ts';
import { journalRecordSchema } from '../../src/desk/journal-record.ts';
import { MemoryAppendLog, MemorySnapshotStore } from '../../src/storage/index.ts';
import { goldenArchive, goldenEntries, goldenLines, goldenText } from '../support/golden-journal.ts';
import { JournalDrive } from '../support/journal-drive.ts';

/** The state of a Book as the golden file has it: the first line is all but the orders. */
const lines = (state: unknown): string => {
  const { orders, ...book } = state as { orders: unknown[] };
  return [book, ...orders].map((line) => `${JSON.stringify(line)}\n`).join('');
};

/** What is kept of a Book since the golden files were written. */
const LATER: ReadonlySet<string> = new Set([
  'shares',
  'strategies',
  'flows',
  'fundings',
  'currencies',
  'feesPaid',
]);

/** A value of now as it would have been written then. */
const asThen = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (key, part: unknown) => (LATER.has(key) && Array.isArray(part) ? undefined : part)),
  ) as T;

const BOOK = goldenText('book-v1.jsonl');

describe('the golden journal of version 1', () => {
  test('has every type of record', () => {
    const types = new Set(goldenEntries().map(({ record }) => (record as { type: string }).type));
    expect([...types].sort()).toEqual(
      journalRecordSchema.options.map(({ shape }) => shape.type.value).sort(),
    );
    expect(JOURNAL_VERSION).toBe(1);
  });

  test('is read to the very Book that it was written from', async () => {
    const log = new MemoryAppendLog(goldenEntries());
    const { state, journal } = await JournalDrive.open(log, { archive: await goldenArchive() });
    expect(lines(asThen(state))).toBe(BOOK);
    expect(journal.recovered).toEqual({
      records: 38,
      openedAtMs: 1_767_355_200_000,
      lastAtMs: 1_767_484_800_002,
      dayId: '2026-01-04',
      inDoubt: ['o4', 'o5', 'o7'],
      fromSnapshot: undefined,
      skippedSnapshots: [],
      tornBytes: undefined,
    });
  });
});

describe('the golden snapshot of version 1', () => {
  /** The golden journal, opened once: what was in doubt is unknown, in two further records. */
  const opened = async (snapshots: MemorySnapshotStore) => {
    const log = new MemoryAppendLog(goldenEntries());
    const { journal } = await JournalDrive.open(log, { snapshots, archive: await goldenArchive() });
    return { log, journal };
  };

  test('is what is written today, but for what is kept since', async () => {
    const snapshots = new MemorySnapshotStore();
    const { journal } = await opened(snapshots);
    expect(await journal.checkpoint()).toEqual({ kind: 'saved', seq: 40, firstSeq: 1 });
    const written = (await snapshots.newest())?.lines
      .map((line) => asThen(line))
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
    expect(written).toBe(goldenText('snapshot-v1.jsonl'));
    expect(CHECKPOINT_VERSION).toBe(1);
  });

  test('is read to the very Book that it was written from', async () => {
    const { log } = await opened(new MemorySnapshotStore());
    const snapshots = new MemorySnapshotStore();
    await snapshots.save(40, goldenLines('snapshot-v1.jsonl') as object[]);
    const { state, journal } = await JournalDrive.open(log, { snapshots, archive: await goldenArchive() });
    expect(lines(asThen(state))).toBe(BOOK);
    expect(journal.recovered).toMatchObject({
      records: 0,
      openedAtMs: 1_767_355_200_000,
      dayId: '2026-01-04',
      inDoubt: ['o4', 'o5', 'o7'],
      fromSnapshot: 40,
    });
  });
});
