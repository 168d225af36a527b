import { describe, expect, test } from 'vitest';
import { JOURNAL_VERSION } from '../../../src/desk/index.ts';
import { CHECKPOINT_VERSION } from '../../../src/desk/journal/journal-checkpoint.ts';
import { journalRecordSchema } from '../../../src/desk/journal/journal-record.ts';
import { type LogEntry, MemoryAppendLog, MemorySnapshotStore } from '../../../src/storage/index.ts';
import { defineInstrument } from '../../../src/trading/index.ts';
import { goldenArchive, goldenEntries, goldenLines, goldenText } from '../../support/golden-journal.ts';
import { JournalDrive } from '../../support/journal-drive.ts';

/** The state of a Book as the golden file has it: the first line is all but the orders. */
const lines = (state: unknown): string => {
  const { orders, ...book } = state as { orders: unknown[] };
  return [book, ...orders].map((line) => `${JSON.stringify(line)}\n`).join('');
};

const grid = { tick: '0.5', step: '0.001' } as const;
const INSTRUMENTS = [
  defineInstrument({ instrumentId: 'BTC-USD', base: 'BTC', quote: 'USD', ...grid }),
  defineInstrument({
    instrumentId: 'PERP',
    kind: 'linear',
    base: 'BTC',
    quote: 'USD',
    initialMarginFraction: '0.1',
    ...grid,
  }),
  defineInstrument({ instrumentId: 'BUND', base: 'BUND', quote: 'EUR', tick: '0.5', step: '1' }),
];

const ledgersEntries = (): LogEntry[] =>
  goldenLines('journal-v1-ledgers.jsonl').map((record, at) => ({ seq: at + 1, record }));

const tenureEntries = (): LogEntry[] =>
  goldenLines('journal-v1-tenure.jsonl').map((record, at) => ({ seq: at + 1, record }));

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
  test('has, with those of the ledgers and of a tenure, every type of record', () => {
    const all = [...goldenEntries(), ...ledgersEntries(), ...tenureEntries()];
    const types = new Set(all.map(({ record }) => (record as { type: string }).type));
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

describe('the golden journal of ledgers, shares and funding', () => {
  test('is read to the very Book that it was written from, which is saved as it was', async () => {
    const snapshots = new MemorySnapshotStore();
    const log = new MemoryAppendLog(ledgersEntries());
    const { state, journal } = await JournalDrive.open(log, { snapshots, instruments: INSTRUMENTS });
    expect(lines(state)).toBe(goldenText('book-v1-ledgers.jsonl'));
    expect(await journal.checkpoint()).toMatchObject({ kind: 'saved', seq: 12 });
    const written = (await snapshots.newest())?.lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(written).toBe(goldenText('snapshot-v1-ledgers.jsonl'));
  });

  test('is the same Book from its snapshot', async () => {
    const log = new MemoryAppendLog(ledgersEntries());
    await JournalDrive.open(log, { instruments: INSTRUMENTS });
    const snapshots = new MemorySnapshotStore();
    await snapshots.save(12, goldenLines('snapshot-v1-ledgers.jsonl') as object[]);
    const { state } = await JournalDrive.open(log, { snapshots, instruments: INSTRUMENTS });
    expect(lines(state)).toBe(goldenText('book-v1-ledgers.jsonl'));
  });
});

describe('the golden journal of a tenure', () => {
  const TOKEN = 1_767_355_201_500_000;

  test('is read as far as what it says of accounts and orders goes, and by who has no lease as well', async () => {
    const { journal } = await JournalDrive.open(new MemoryAppendLog(tenureEntries()));
    expect(journal.recovered).toMatchObject({ records: 3, lastAtMs: 1_767_355_200_000 });
  });

  test('is gone on with by the last owner, not by one of before', async () => {
    const open = (token: number) =>
      JournalDrive.open(new MemoryAppendLog(tenureEntries()), { tenure: { token, isHeld: () => true } });
    await expect(open(TOKEN - 1)).rejects.toMatchObject({ code: 'LEASE_OUTDATED' });
    expect((await open(TOKEN)).journal.recovered.records).toBe(3);
  });
});
