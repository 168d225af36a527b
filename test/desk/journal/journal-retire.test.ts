import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { type JournalOutcome, OrderArchive } from '../../../src/desk/index.ts';
import { MemoryAppendLog, MemorySnapshotStore, MemoryStateStore } from '../../../src/storage/index.ts';
import { NOON_MS } from '../../support/desk-world.ts';
import { INSTRUMENTS, JournalDrive } from '../../support/journal-drive.ts';

async function world(log = new MemoryAppendLog()) {
  const clock = new ManualClock(NOON_MS);
  const store = new MemoryStateStore({ clock });
  const archive = await OrderArchive.open({ store, instruments: INSTRUMENTS, clock });
  const snapshots = new MemorySnapshotStore();
  const drive = await JournalDrive.open(log, { clock, archive, snapshots });
  const told: JournalOutcome[] = [];
  drive.journal.onBackground((outcome) => told.push(outcome));
  /** The day ends, and what is retired then has been. */
  const nextDay = async (): Promise<void> => {
    await drive.nextDay();
    await drive.journal.retire('');
  };
  return { clock, store, archive, snapshots, log, drive, told, nextDay };
}

/** One order that is over, one that works. */
async function trade(drive: JournalDrive, name: string): Promise<void> {
  await drive.submit(`${name}-over`);
  await drive.fill(`${name}-over`, `${name}-x`, 10);
  await drive.submit(`${name}-works`);
  await drive.event({ type: 'accepted', clientOrderId: `${name}-works` });
}

const ids = (drive: JournalDrive): string[] =>
  [...drive.book.orders()].map(({ order }) => order.clientOrderId);

const types = async (log: MemoryAppendLog): Promise<string[]> => {
  const found = [];
  for await (const { record } of log.read()) found.push((record as { type: string }).type);
  return found;
};

describe('orders that are over', () => {
  test('stay in memory for the day and the next, and then go to the archive', async () => {
    const { drive, archive, nextDay, told } = await world();
    await trade(drive, 'first');
    await nextDay();
    await trade(drive, 'second');
    expect(ids(drive)).toEqual(['first-over', 'first-works', 'second-over', 'second-works']);
    expect([archive.isEmpty, told]).toEqual([true, []]);
    await nextDay();
    expect(ids(drive)).toEqual(['first-works', 'second-over', 'second-works']);
    expect((await archive.find('first-over'))?.cumulative).toBe(10);
    expect(told).toEqual([{ task: 'retire', outcome: { kind: 'retired', before: '2026-01-03', orders: 1 } }]);
  });

  test('are waited for by whoever waits for the journal', async () => {
    const { clock, drive, nextDay, log } = await world();
    await trade(drive, 'first');
    await nextDay();
    void drive.nextDay();
    await drive.journal.settled(clock);
    expect((await types(log)).slice(-2)).toEqual(['dayRolled', 'retired']);
  });

  test('are gone after a restart as well, from all records and from a snapshot', async () => {
    const { drive, archive, nextDay, log, snapshots } = await world();
    await trade(drive, 'first');
    await nextDay();
    await nextDay();
    expect((await JournalDrive.open(log, { archive })).state).toEqual(drive.state);
    await drive.journal.checkpoint();
    expect((await JournalDrive.open(log, { archive, snapshots })).state).toEqual(drive.state);
    expect(ids(drive)).toEqual(['first-works']);
  });

  test('stay when something happens to them while they are being archived, here and after a restart', async () => {
    const { drive, archive, nextDay, log } = await world();
    await trade(drive, 'first');
    await nextDay();
    await drive.nextDay(); // the archive is being written
    await drive.fill('first-over', 'late', 1);
    await drive.journal.retire('');
    expect(ids(drive)).toEqual(['first-over', 'first-works']);
    expect((await JournalDrive.open(log, { archive })).state).toEqual(drive.state);
  });

  test('are written down as retired only when the archive has them', async () => {
    const { drive, store, nextDay, log, told } = await world();
    await trade(drive, 'first');
    await nextDay();
    await store.close();
    await nextDay();
    expect(told).toMatchObject([
      { task: 'retire', outcome: { kind: 'failed', error: { code: 'STORE_UNAVAILABLE' } } },
    ]);
    expect(ids(drive)).toEqual(['first-over', 'first-works']);
    expect(await types(log)).not.toContain('retired');
  });

  test('that could not be archived go with those of the next day', async () => {
    const { drive, archive, store, nextDay } = await world();
    await trade(drive, 'first');
    await nextDay();
    const { setAll } = store;
    store.setAll = () => Promise.reject(new Error('busy'));
    await nextDay();
    store.setAll = setAll;
    await nextDay();
    expect(ids(drive)).toEqual(['first-works']);
    expect(archive.completeBefore).toBe('2026-01-04');
  });

  test('go nowhere without an archive', async () => {
    const log = new MemoryAppendLog();
    const drive = await JournalDrive.open(log);
    await trade(drive, 'first');
    await drive.nextDay();
    await drive.nextDay();
    await drive.clock.turn();
    expect(ids(drive)).toEqual(['first-over', 'first-works']);
    expect(await types(log)).not.toContain('retired');
  });
});

describe('a retired order', () => {
  test('is taken back with all that it was, and what happens to it then counts', async () => {
    const { drive, archive, nextDay, log } = await world();
    await trade(drive, 'first');
    await nextDay();
    await nextDay();
    const saved = await archive.find('first-over');
    if (saved === undefined) throw new Error('expected it in the archive');
    await drive.revive(saved);
    await drive.fill('first-over', 'first-x', 10); // told again
    expect(drive.book.order('first-over')?.cumulative).toBe(10);
    await drive.fill('first-over', 'late', 1);
    expect(drive.book.order('first-over')?.cumulative).toBe(11);
    expect(drive.book.cell('acc', 'BTC-USD')?.pos).toBe(11);
    expect(await types(log)).toEqual(expect.arrayContaining(['retired', 'revived']));
    expect((await JournalDrive.open(log, { archive })).state).toEqual(drive.state);
  });

  test('is retired again in its time', async () => {
    const { drive, archive, nextDay } = await world();
    await trade(drive, 'first');
    await nextDay();
    await nextDay();
    const saved = await archive.find('first-over');
    if (saved === undefined) throw new Error('expected it in the archive');
    await drive.revive(saved);
    await drive.fill('first-over', 'late', 1);
    await nextDay();
    expect(ids(drive)).toContain('first-over');
    await nextDay();
    expect(ids(drive)).not.toContain('first-over');
    expect((await archive.find('first-over'))?.executionIds).toEqual(['first-x', 'late']);
  });
});

describe('a restart over orders that were retired refuses', () => {
  const retired = async () => {
    const made = await world();
    await trade(made.drive, 'first');
    await made.nextDay();
    await made.nextDay();
    return made;
  };
  const archiveBefore = async (before?: string) => {
    const clock = new ManualClock();
    const store = new MemoryStateStore({ clock });
    if (before !== undefined) await store.set('order-archive', { version: 1, before });
    return OrderArchive.open({ store, instruments: INSTRUMENTS, clock });
  };

  test.for([
    ['an archive that was lost', undefined, 'it is empty'],
    ['an archive of an older backup', '2026-01-02', 'it holds only those before 2026-01-02'],
  ] as const)('%s: they could be sent twice', async ([, before, words]) => {
    const { log } = await retired();
    await expect(JournalDrive.open(log, { archive: await archiveBefore(before) })).rejects.toMatchObject({
      code: 'JOURNAL_INCOMPLETE',
      message: expect.stringContaining(
        `before 2026-01-03 have been moved to the order archive, but ${words}: they could be sent twice. Put back`,
      ) as string,
    });
  });

  test('no archive at all, also where only the snapshot knows of it', async () => {
    const { log, snapshots, drive } = await retired();
    await expect(JournalDrive.open(log)).rejects.toThrow('but there is none');
    await drive.journal.checkpoint();
    await expect(JournalDrive.open(log, { snapshots })).rejects.toThrow('but there is none');
  });

  test('but takes an archive that knows as much, or more', async () => {
    const { log, drive } = await retired();
    for (const before of ['2026-01-03', '2026-01-04']) {
      const again = await JournalDrive.open(log, { archive: await archiveBefore(before) });
      expect(again.state).toEqual(drive.state);
    }
  });
});
