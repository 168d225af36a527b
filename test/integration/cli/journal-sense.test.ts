import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JournalSense, rebaseCheckpoint } from '../../../src/cli/journal-sense.ts';
import type { Book } from '../../../src/trading/index.ts';
import { type JsonValue, FileAppendLog, FileSnapshotStore, salvageLog } from '../../../src/storage/index.ts';
import { JournalDrive } from '../../support/journal-drive.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import { JOURNAL, damage } from '../../cli/support/data.ts';

const about = { clientOrderId: 'a', atMs: 1 };
const submitting = { type: 'submitting', ...about, quantity: '0.01' };
const filled = (quantity: string) => ({ type: 'filled', ...about, quantity });
const opened = { type: 'opened', dayId: '2026-01-02' };
const rolled = (dayId: string) => ({ type: 'dayRolled', dayId });
const retired = { type: 'retired', before: '2026-01-03' };
const LOST = 'filled of order a, whose submission is lost';

/** What is said of the last of these records. */
function saidOfLast(...records: JsonValue[]): string | undefined {
  const sense = new JournalSense(undefined);
  return records.map((record, at) => sense.refuse(record, at + 1)).at(-1);
}

describe('JournalSense', () => {
  test.each([
    ['what happened to an order that was submitted', [opened, submitting, filled('0.004')], undefined],
    ['what happened to one whose submission is lost', [opened, filled('0.004')], LOST],
    [
      'what happened to one that was over and out of memory',
      [
        opened,
        submitting,
        filled('0.01'),
        rolled('2026-01-03'),
        rolled('2026-01-04'),
        retired,
        filled('0.01'),
      ],
      LOST,
    ],
    [
      'what happened to one that was cancelled and out of memory',
      [opened, submitting, { type: 'cancelled', ...about }, rolled('2026-01-04'), retired, filled('0.01')],
      LOST,
    ],
    [
      'what happened to one that was brought back',
      [
        opened,
        submitting,
        filled('0.01'),
        rolled('2026-01-04'),
        retired,
        { type: 'revived', order: { clientOrderId: 'a', dayId: '2026-01-04', state: 'filled' } },
        filled('0.01'),
      ],
      undefined,
    ],
    [
      'what happened to one that was over on the day before',
      [
        opened,
        rolled('2026-01-03'),
        submitting,
        filled('0.01'),
        rolled('2026-01-04'),
        retired,
        filled('0.01'),
      ],
      undefined,
    ],
    [
      'what happened to one that was over, but had a late fill on the day before',
      [
        opened,
        submitting,
        filled('0.01'),
        rolled('2026-01-03'),
        filled('0.001'),
        rolled('2026-01-04'),
        retired,
        filled('0.001'),
      ],
      undefined,
    ],
    [
      'what happened to one that works for days',
      [opened, submitting, filled('0.004'), rolled('2026-01-04'), retired, filled('0.006')],
      undefined,
    ],
    ['a fill of an order that was never ours', [opened, { type: 'external', ...about }], undefined],
    ['a record of another log', [{ kind: 'kill-switch.tripped' }], undefined],
    ['a record that is no object', ['text'], undefined],
  ])('%s', (_, records, expected) => {
    expect(saidOfLast(...records)).toBe(expected);
  });

  test.each([
    ['the record that opened it', [opened], true],
    ['other records of a journal', [submitting], false],
    ['no record', [], false],
    ['records of another log', [{ kind: 'x' }], true],
  ])('knows the accounts from %s: %j', (_, records, expected) => {
    const sense = new JournalSense(undefined);
    records.forEach((record, at) => sense.refuse(record, at + 1));
    expect(sense.knowsAccounts).toBe(expected);
  });

  const snapshot = {
    seq: 3,
    lines: [
      { type: 'book', dayId: '2026-01-02', retiredBefore: '2026-01-02' },
      { accountId: 'acc' },
      { clientOrderId: 'a', dayId: '2026-01-02', state: 'working', leaves: 6 },
      { clientOrderId: 'old', dayId: '2026-01-01', state: 'filled' },
    ],
  };

  test.each([
    ['knows its orders', 4, 'a', undefined],
    ['does not know others', 4, 'b', 'accepted of order b, whose submission is lost'],
    ['has forgotten what was over before it', 4, 'old', 'accepted of order old, whose submission is lost'],
    ['has what stands before it', 3, 'b', undefined],
  ])('a snapshot %s', (_, seq, clientOrderId, expected) => {
    const sense = new JournalSense(snapshot);
    expect(sense.knowsAccounts).toBe(true);
    expect(sense.refuse({ type: 'accepted', clientOrderId, atMs: 1 }, seq)).toBe(expected);
  });

  test.each([[[]], [[{ state: 7 }, 'more']], [['text']]])(
    'leaves snapshots of other logs alone: %j',
    (lines) => {
      expect(rebaseCheckpoint(lines, { type: 'filled' })).toBe(lines);
    },
  );
});

/** 12 records, with a checkpoint at the fourth. */
async function drive(journal: JournalDrive): Promise<void> {
  await journal.submit('a');
  await journal.event({ type: 'accepted', clientOrderId: 'a' });
  await journal.fill('a', 'e1', 4);
  await journal.journal.checkpoint();
  await journal.fill('a', 'e2', 6);
  await journal.nextDay();
  await journal.submit('b', { side: 'sell' });
  await journal.event({ type: 'timedOut', clientOrderId: 'b', reason: 'no answer' });
  await journal.event({ type: 'cancelRequested', clientOrderId: 'b' });
  await journal.event({ type: 'cancelled', clientOrderId: 'b' });
  await journal.external('x1', '0.002');
  await journal.adjust('fix', 5, '1.5');
}

const LINES = 12;
const PAIRS = Array.from({ length: LINES }, (_, at) => at + 1).flatMap((first) =>
  Array.from({ length: LINES - first + 1 }, (_, more) => [first, first + more] as const),
);

describe('a journal of which one or two lines are lost, whichever', { timeout: 60_000 }, () => {
  /** The files of it. */
  async function written(): Promise<Record<string, Buffer>> {
    const files: Record<string, Buffer> = {};
    const directory = await temporaryDirectory();
    const snapshots = await FileSnapshotStore.open({ directory, name: 'journal' });
    const log = await FileAppendLog.open({ directory, name: 'journal' });
    await drive(await JournalDrive.open(log, { snapshots }));
    await log.close();
    for (const file of await readdir(directory)) files[file] = await readFile(join(directory, file));
    return files;
  }

  /** The Book, once they are damaged, repaired and opened. */
  async function repaired(
    files: Record<string, Buffer>,
    lines: readonly number[],
  ): Promise<Book | 'no accounts'> {
    const directory = await temporaryDirectory();
    for (const [file, bytes] of Object.entries(files)) await writeFile(join(directory, file), bytes);
    await damage(directory, JOURNAL, ...new Set(lines));
    const snapshots = await FileSnapshotStore.open({ directory, name: 'journal' });
    const sense = new JournalSense(await snapshots.newest());
    const { outcome } = await salvageLog(
      { directory, name: 'journal' },
      { refuse: (record, seq) => sense.refuse(record, seq), rebase: rebaseCheckpoint },
    );
    if (outcome === 'salvaged' && !sense.knowsAccounts) return 'no accounts';
    const log = await FileAppendLog.open({ directory, name: 'journal' });
    const { book } = await JournalDrive.open(log, { snapshots });
    await log.close();
    return book;
  }

  test('opens again with its snapshot, and all that the snapshot had', async () => {
    const files = await written();
    for (const lines of PAIRS) {
      const book = await repaired(files, lines);
      if (book === 'no accounts') throw new Error(String(lines));
      const known = { a: book.order('a')?.cumulative, b: book.order('b') !== undefined };
      expect({ lines, ...known }).toEqual({ lines, a: lines.includes(5) ? 4 : 10, b: !lines.includes(7) });
    }
  });

  test('opens again without one as long as its first line is there', async () => {
    const { [JOURNAL]: bytes } = await written();
    for (const lines of PAIRS) {
      const book = await repaired(bytes === undefined ? {} : { [JOURNAL]: bytes }, lines);
      const said = book === 'no accounts' ? book : book.order('a') !== undefined;
      expect([lines, said]).toEqual([lines, lines.includes(1) ? 'no accounts' : !lines.includes(2)]);
    }
  });
});
