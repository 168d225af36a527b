import { describe, expect, test } from 'vitest';
import { PortcullisError } from '../../../src/core/index.ts';
import type { JournalOutcome } from '../../../src/desk/index.ts';
import {
  type JsonValue,
  MemoryAppendLog,
  MemorySnapshotStore,
  type SnapshotStore,
} from '../../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../../src/testing/index.ts';
import { type InstrumentOptions, defineInstrument } from '../../../src/trading/index.ts';
import { BTC, type DriveOptions, ETH, JournalDrive } from '../../support/journal-drive.ts';

const BTC_OPTIONS = { instrumentId: 'BTC-USD', base: 'BTC', quote: 'USD', tick: '0.5', step: '0.001' };
const btc = (grid: Partial<InstrumentOptions>) => defineInstrument({ ...BTC_OPTIONS, ...grid });

/** A journal in memory with snapshots, and what its checkpoints became. */
async function world(options: DriveOptions = {}) {
  const log = new MemoryAppendLog();
  const snapshots = new MemorySnapshotStore();
  const drive = await JournalDrive.open(log, { snapshots, ...options });
  const told: JournalOutcome[] = [];
  drive.journal.onBackground((outcome) => told.push(outcome));
  return { log, snapshots, drive, told };
}

/** Some orders: open, filled in part, over. */
async function trade(drive: JournalDrive, from = 1): Promise<void> {
  const [a, b] = [`o${from}`, `o${from + 1}`];
  await drive.submit(a);
  await drive.event({ type: 'accepted', clientOrderId: a });
  await drive.fill(a, `x${from}`, 4);
  await drive.submit(b, { side: 'sell', accountId: 'other' });
  await drive.event({ type: 'rejected', clientOrderId: b, reason: 'no' });
}

const records = async (log: MemoryAppendLog): Promise<{ seq: number; record: JsonValue }[]> => {
  const entries = [];
  for await (const entry of log.read()) entries.push(entry);
  return entries;
};

describe('a checkpoint', () => {
  test('is the Book at the last record; a restart reads only what comes after it', async () => {
    const { log, snapshots, drive } = await world();
    await trade(drive);
    expect(await drive.journal.checkpoint()).toEqual({ kind: 'saved', seq: 6, firstSeq: 1 });
    await drive.fill('o1', 'x9', 2);

    const again = await JournalDrive.open(log, { snapshots });
    expect(again.state).toEqual(drive.state);
    expect(again.journal.recovered).toEqual({
      records: 1,
      openedAtMs: drive.journal.recovered.openedAtMs,
      lastAtMs: drive.clock.nowMs(),
      dayId: '2026-01-02',
      inDoubt: [],
      fromSnapshot: 6,
      skippedSnapshots: [],
      tornBytes: undefined,
    });
  });

  test('is made by itself after so many records, and not before', async () => {
    const { drive, told } = await world({ checkpointEvery: 5 });
    await drive.submit('o1');
    await drive.event({ type: 'accepted', clientOrderId: 'o1' });
    await drive.fill('o1', 'x1', 4);
    await drive.fill('o1', 'x2', 1);
    await drive.clock.turn();
    expect(told).toEqual([]);
    await drive.fill('o1', 'x3', 1);
    await drive.clock.turn();
    expect(told).toEqual([{ task: 'checkpoint', outcome: { kind: 'saved', seq: 6, firstSeq: 1 } }]);
    for (const executionId of ['x4', 'x5', 'x6', 'x7']) await drive.fill('o1', executionId, 1);
    await drive.clock.turn();
    expect(told.length).toBe(1);
    await drive.event({ type: 'accepted', clientOrderId: 'o1' });
    await drive.clock.turn();
    expect(told.length).toBe(2);
  });

  test('counts the records that a restart had to read', async () => {
    const { log, snapshots, drive } = await world();
    await trade(drive);
    const again = await JournalDrive.open(log, { snapshots, checkpointEvery: 7 });
    await again.clock.turn();
    expect(await snapshots.newest()).toBe(undefined);
    await again.fill('o1', 'x9', 2);
    await again.clock.turn();
    expect((await snapshots.newest())?.seq).toBe(7);
  });

  test('has both halves of what happens in its tick', async () => {
    const { log, snapshots, drive } = await world({ checkpointEvery: 2 });
    void drive.submit('o1');
    void drive.submit('o2'); // asks for the checkpoint
    await drive.submit('o3');
    await drive.clock.turn();
    expect((await snapshots.newest())?.seq).toBe(4);
    expect((await JournalDrive.open(log, { snapshots })).journal.recovered.inDoubt).toEqual([
      'o1',
      'o2',
      'o3',
    ]);
  });

  test('with nothing new is none', async () => {
    const { drive } = await world();
    await drive.journal.checkpoint();
    expect(await drive.journal.checkpoint()).toEqual({ kind: 'unchanged', seq: 1 });
  });

  test('without a place for it is none', async () => {
    const drive = await JournalDrive.open(new MemoryAppendLog());
    expect(await drive.journal.checkpoint()).toBe(undefined);
  });

  test('lets the log forget what the older of two snapshots has', async () => {
    const { log, snapshots, drive } = await world();
    await trade(drive, 1);
    await drive.journal.checkpoint();
    await trade(drive, 3);
    expect(await drive.journal.checkpoint()).toEqual({ kind: 'saved', seq: 11, firstSeq: 6 });
    await trade(drive, 5);
    expect(await drive.journal.checkpoint()).toEqual({ kind: 'saved', seq: 16, firstSeq: 11 });
    // The newest one is damaged: the one before it, and the records after that, are still there.
    const older = { skipped: [{ file: 'f', why: 'w' }], newest: () => snapshots.newest(15) };
    const again = await JournalDrive.open(log, { snapshots: { ...older, save: () => Promise.resolve() } });
    expect(again.state).toEqual(drive.state);
    expect(again.journal.recovered).toMatchObject({
      records: 5,
      fromSnapshot: 11,
      skippedSnapshots: [{ file: 'f', why: 'w' }],
    });
  });

  test('after a restart that passed a damaged one over keeps the log until there are two good ones', async () => {
    const { log, snapshots, drive } = await world();
    await trade(drive);
    await drive.journal.checkpoint();
    const store: SnapshotStore = {
      skipped: [{ file: 'f', why: 'w' }],
      newest: () => snapshots.newest(),
      save: (seq, lines) => snapshots.save(seq, lines),
    };
    const again = await JournalDrive.open(log, { snapshots: store });
    await again.fill('o1', 'x8', 1);
    expect(await again.journal.checkpoint()).toEqual({ kind: 'saved', seq: 7, firstSeq: 1 });
    await again.fill('o1', 'x9', 1);
    expect(await again.journal.checkpoint()).toEqual({ kind: 'saved', seq: 8, firstSeq: 7 });
  });

  test('is made one at a time; one asked for meanwhile has what came meanwhile', async () => {
    const snapshots = new MemorySnapshotStore();
    const gate = Promise.withResolvers<undefined>();
    const begun: number[] = [];
    const store: SnapshotStore = {
      skipped: [],
      newest: () => snapshots.newest(),
      save: async (seq, lines) => {
        begun.push(seq);
        await gate.promise;
        await snapshots.save(seq, lines);
      },
    };
    const { drive } = await world({ snapshots: store, checkpointEvery: 1 });
    const first = drive.journal.checkpoint();
    await drive.clock.turn();
    await drive.submit('o1');
    const second = drive.journal.checkpoint();
    await drive.clock.turn();
    expect(begun).toEqual([1]);
    await drive.submit('o2'); // in the second, not in the first, whose lines are taken after it
    gate.resolve(undefined);
    expect([await first, await second]).toEqual([
      { kind: 'saved', seq: 1, firstSeq: 1 },
      { kind: 'saved', seq: 3, firstSeq: 1 },
    ]);
    expect((await snapshots.newest(1))?.lines.length).toBe(3); // a header and two accounts: no order yet
    expect((await snapshots.newest())?.lines.length).toBe(5);
  });

  test('is not there before the log has all that is in it', async () => {
    const log = new ScriptedAppendLog();
    const snapshots = new MemorySnapshotStore();
    const opening = JournalDrive.open(log, { snapshots });
    await Promise.resolve().then(() => log.commit());
    await new Promise((resolve) => setImmediate(resolve)).then(() => log.commit());
    const drive = await opening;
    void drive.submit('o1');
    const made = drive.journal.checkpoint();
    await drive.clock.turn();
    expect(await snapshots.newest()).toBe(undefined);
    log.commit();
    expect(await made).toEqual({ kind: 'saved', seq: 2, firstSeq: 1 });
  });

  test('is none when the disk refuses the log; trading is told by the log', async () => {
    const log = new ScriptedAppendLog();
    const snapshots = new MemorySnapshotStore();
    const opening = JournalDrive.open(log, { snapshots });
    await new Promise((resolve) => setImmediate(resolve)).then(() => log.commit());
    const drive = await opening;
    const written = drive.submit('o1');
    const made = drive.journal.checkpoint();
    await drive.clock.turn();
    log.fail();
    await expect(written).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(await made).toMatchObject({ kind: 'failed', error: { code: 'LOG_WRITE_FAILED' } });
    expect(await snapshots.newest()).toBe(undefined);
  });

  test('that fails is told and stops nothing; the next one tries again', async () => {
    const snapshots = new MemorySnapshotStore();
    const error = new PortcullisError('SNAPSHOT_FAILED', 'no room');
    let isFull = true;
    const store: SnapshotStore = {
      skipped: [],
      newest: () => snapshots.newest(),
      save: (seq, lines) => (isFull ? Promise.reject(error) : snapshots.save(seq, lines)),
    };
    const { drive, told } = await world({ snapshots: store });
    drive.journal.onBackground(() => {
      throw new Error('a listener');
    });
    await drive.submit('o1');
    expect(await drive.journal.checkpoint()).toEqual({ kind: 'failed', error });
    expect(told).toEqual([{ task: 'checkpoint', outcome: { kind: 'failed', error } }]);
    isFull = false;
    expect(await drive.journal.checkpoint()).toEqual({ kind: 'saved', seq: 2, firstSeq: 1 });
  });

  test('is not told any more to who has stopped listening', async () => {
    const { drive } = await world();
    const told: unknown[] = [];
    drive.journal.onBackground((outcome) => told.push(outcome))[Symbol.dispose]();
    await drive.journal.checkpoint();
    expect(told).toEqual([]);
  });
});

describe('a restart refuses, and says what is missing and what to do', () => {
  const incomplete = async (opening: Promise<unknown>, ...words: string[]): Promise<void> => {
    const error = (await opening.catch((thrown: unknown) => thrown)) as PortcullisError;
    expect(error.code).toBe('JOURNAL_INCOMPLETE');
    for (const word of [...words, 'Put back journal, snapshots and state store of one backup'])
      expect(error.message).toContain(word);
  };

  /** A log that begins at record 6, with snapshots of records 6 and 11. */
  const trimmed = async () => {
    const made = await world();
    await trade(made.drive, 1);
    await made.drive.journal.checkpoint();
    await trade(made.drive, 3);
    await made.drive.journal.checkpoint();
    return made;
  };

  test('a log that was trimmed without any snapshot', async () => {
    const { log } = await trimmed();
    await incomplete(JournalDrive.open(log), 'begins at record 6, and there is no good snapshot');
  });

  test('a log that was trimmed, and only damaged snapshots, naming them', async () => {
    const { log } = await trimmed();
    const snapshots: SnapshotStore = {
      skipped: [{ file: 'journal-snapshot-11', why: 'it is cut off' }],
      newest: () => Promise.resolve(undefined),
      save: () => Promise.resolve(),
    };
    await incomplete(
      JournalDrive.open(log, { snapshots }),
      'begins at record 6',
      'journal-snapshot-11 is not good: it is cut off',
    );
  });

  test('a gap between the snapshot and the log', async () => {
    const { log } = await trimmed();
    const old = new MemorySnapshotStore();
    const early = await world({ snapshots: old });
    await trade(early.drive, 1);
    await early.drive.journal.checkpoint();
    await log.trim(8);
    await incomplete(
      JournalDrive.open(log, { snapshots: old }),
      'begins at record 8, and the newest good snapshot is of record 6',
    );
  });

  test('but not a log that begins right after the snapshot', async () => {
    const { log, snapshots, drive } = await trimmed();
    await trade(drive, 5);
    await log.trim(12);
    expect((await JournalDrive.open(log, { snapshots })).state).toEqual(drive.state);
  });

  test('a snapshot beyond the end of the log', async () => {
    const { log, snapshots } = await trimmed();
    const backup = new MemoryAppendLog((await records(log)).slice(0, 5));
    await incomplete(JournalDrive.open(backup, { snapshots }), 'ends before record 11');
  });

  test('a snapshot without a log', async () => {
    const { snapshots } = await trimmed();
    await incomplete(JournalDrive.open(new MemoryAppendLog(), { snapshots }), 'ends before record 11');
  });

  test('a snapshot of another journal', async () => {
    const { snapshots } = await trimmed();
    const other = await world();
    await trade(other.drive, 5);
    await trade(other.drive, 7);
    await trade(other.drive, 9);
    await incomplete(JournalDrive.open(other.log, { snapshots }), 'record 11', 'different journals');
  });

  test('the digest of a log that was trimmed', async () => {
    const { drive } = await trimmed();
    await expect(drive.journal.digest()).rejects.toMatchObject({ code: 'JOURNAL_INCOMPLETE' });
  });
});

describe('a snapshot on another grid', () => {
  /** A Book with a position of -0.006 BTC in one account, 0.004 in the other, and an order of 0.010 at 100. */
  const saved = async () => {
    const made = await world();
    await made.drive.submit('o1');
    await made.drive.fill('o1', 'x1', 4);
    await made.drive.event({
      type: 'amendRequested',
      clientOrderId: 'o1',
      to: { qty: made.drive.book.order('o1')?.order.qty ?? never(), worst: 202 as never, isExit: false },
    });
    await made.drive.submit('o2', { side: 'sell', accountId: 'other' });
    await made.drive.fill('o2', 'x2', 6);
    await made.drive.event({ type: 'cancelled', clientOrderId: 'o2', cumulative: 6 as never });
    await made.drive.journal.checkpoint();
    return made;
  };
  const never = (): never => {
    throw new Error('expected an order');
  };

  test('is put on a finer one exactly', async () => {
    const { log, snapshots } = await saved();
    const fine = btc({ tick: '0.25', step: '0.0005' });
    const { book } = await JournalDrive.open(log, { snapshots, instruments: [fine, ETH] });
    const { order, leaves, cumulative, amendment } = book.order('o1') ?? never();
    expect({ qty: order.qty, worst: order.worst, leaves, cumulative, amendment }).toEqual({
      qty: 20,
      worst: 400,
      leaves: 12,
      cumulative: 8,
      amendment: { qty: 20, worst: 404, isExit: false },
    });
    expect(book.order('o2')?.finalCumulative).toBe(12);
    expect([book.cell('acc', 'BTC-USD')?.pos, book.cell('other', 'BTC-USD')?.pos]).toEqual([8, -12]);
    expect(order.instrument).toBe(fine);
  });

  test.for([
    ['step', { step: '0.004' }, 'line 3: pos: expected a multiple of the step 0.004 of BTC-USD, got 0.006'],
    ['tick', { tick: '3' }, 'line 4: worst: expected a multiple of the tick 3 of BTC-USD, got 100.0'],
  ] as const)('is refused where a value does not stand on the %s', async ([, grid, message]) => {
    const { log, snapshots } = await saved();
    const opening = JournalDrive.open(log, { snapshots, instruments: [btc(grid), ETH] });
    await expect(opening).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: `snapshot of journal record 7, ${message}`,
    });
  });

  test('is refused where the instrument is not configured', async () => {
    const { log, snapshots } = await saved();
    await expect(JournalDrive.open(log, { snapshots, instruments: [ETH] })).rejects.toMatchObject({
      code: 'INSTRUMENT_UNKNOWN',
      message:
        'snapshot of journal record 7, line 1: instrumentId: expected a configured instrument, got BTC-USD',
    });
  });
});

describe('a snapshot that cannot be read names line and field', () => {
  type Line = Record<string, JsonValue>;
  const cases: readonly [string, (lines: Line[]) => unknown, string, RegExp][] = [
    [
      'another version',
      ([header]) => Object.assign(header ?? {}, { version: 2 }),
      'FORMAT_UNSUPPORTED',
      /version: expected 1, got 2$/,
    ],
    ['nothing in it', (lines) => lines.splice(0), 'FORMAT_UNSUPPORTED', /expected 1, got nothing$/],
    [
      'a header without a day',
      ([header]) => Object.assign(header ?? {}, { dayId: 7 }),
      'INPUT_INVALID',
      /line 1: header: dayId: .*got 7$/,
    ],
    [
      'cash that is none',
      (lines) => Object.assign(lines[1] ?? {}, { cash: 'much' }),
      'INPUT_INVALID',
      /line 2: cash: expected a plain decimal/,
    ],
    [
      'an account that is none',
      (lines) => Object.assign(lines[2] ?? {}, { currency: 7 }),
      'INPUT_INVALID',
      /line 3: account: currency: /,
    ],
    [
      'an order in no known state',
      (lines) => Object.assign(lines[3] ?? {}, { state: 'lost' }),
      'INPUT_INVALID',
      /line 4: order: state: .*"lost"/,
    ],
    [
      'a quantity that is no count',
      (lines) => Object.assign(lines[3] ?? {}, { qty: 0.5 }),
      'INPUT_INVALID',
      /line 4: order: qty: /,
    ],
    [
      'an order of an instrument that the header does not name',
      ([header]) => Object.assign(header ?? {}, { instruments: [] }),
      'INPUT_INVALID',
      /line 2: instrumentId: expected one of the header, got BTC-USD$/,
    ],
    [
      'fewer accounts than the header says',
      ([header]) => Object.assign(header ?? {}, { accounts: 1 }),
      'INPUT_INVALID',
      /line 3: order: /,
    ],
  ];
  test.for(cases)('%s', async ([, spoil, code, message]) => {
    const { log, snapshots, drive } = await world();
    await trade(drive);
    await drive.journal.checkpoint();
    const lines = (await snapshots.newest())?.lines.map((line) => ({ ...(line as Line) })) ?? [];
    spoil(lines);
    await snapshots.save(6, lines);
    await expect(JournalDrive.open(log, { snapshots })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});

test('an order of every kind comes back from a snapshot as it was', async () => {
  const { log, snapshots, drive } = await world();
  await trade(drive);
  await drive.submit('o3', { instrument: ETH });
  await drive.event({ type: 'timedOut', clientOrderId: 'o3', reason: 'r' });
  await drive.event({ type: 'absent', clientOrderId: 'o3' });
  await drive.external('e1', '0.005', BTC);
  await drive.adjust('a1', -3, '12.5');
  await drive.nextDay();
  await drive.journal.checkpoint();
  const again = await JournalDrive.open(log, { snapshots });
  expect(again.state).toEqual(drive.state);
  await again.adjust('a1', -3, '12.5'); // made before
  expect(again.state).toEqual(drive.state);
});
