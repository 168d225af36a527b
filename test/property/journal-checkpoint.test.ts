import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { lots, ticks } from '../../src/core/index.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { OrderArchive } from '../../src/desk/index.ts';
import { MemoryAppendLog, MemorySnapshotStore, MemoryStateStore } from '../../src/storage/index.ts';
import { BTC, ETH, INSTRUMENTS, JournalDrive } from '../support/journal-drive.ts';
import { NOON_MS } from '../support/desk-world.ts';
import { runs } from '../support/runs.ts';

/*
 * Random histories of a Book and its journal, with checkpoints in between: however much of the journal is replaced by a
 * snapshot, a restart builds the very Book that was live.
 */

const at = fc.nat({ max: 12 });
const amount = fc.integer({ min: 1, max: 12 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      accountId: fc.constantFrom('acc', 'acc', 'other'),
      instrument: fc.constantFrom(BTC, ETH),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      qty: amount,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'accepted' as const,
        'rejected' as const,
        'timedOut' as const,
        'cancelRequested' as const,
        'cancelled' as const,
        'expired' as const,
        'absent' as const,
        'amendRequested' as const,
        'amended' as const,
        'amendFailed' as const,
      ),
      at,
      amount,
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('filled' as const), at, amount, execution: at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('external' as const), execution: at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('adjust' as const), at, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('nextDay' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('checkpoint' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const histories = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' });

/** Runs a history; without a store for snapshots its checkpoints are no more than a pause. */
async function run(steps: readonly Step[], snapshots?: MemorySnapshotStore) {
  const clock = new ManualClock(NOON_MS);
  const store = new MemoryStateStore({ clock });
  const archive = await OrderArchive.open({ store, instruments: INSTRUMENTS, clock });
  const log = new MemoryAppendLog();
  const drive = await JournalDrive.open(log, { clock, archive, ...(snapshots && { snapshots }) });
  const ids: string[] = [];
  const seen = { retired: 0, revived: 0, trimmed: 0 };
  drive.journal.onBackground(({ task, outcome }) => {
    if (task === 'retire') seen.retired += 1;
    expect(outcome).not.toMatchObject({ kind: 'failed' });
  });

  /** An order, taken back from the archive if need be. */
  const known = async (index: number): Promise<string | undefined> => {
    const id = ids[index % Math.max(ids.length, 1)];
    if (id === undefined || drive.book.order(id) !== undefined) return id;
    const saved = await archive.find(id);
    if (saved === undefined) throw new Error(`${id} is neither in memory nor in the archive`);
    seen.revived += 1;
    await drive.revive(saved);
    return id;
  };

  const act = async (next: Step): Promise<void> => {
    switch (next.do) {
      case 'submit':
        ids.push(`o${ids.length}`);
        await drive.submit(ids.at(-1) ?? '', next);
        break;
      case 'external':
        await drive.external(`e${next.execution}`, '0.005');
        break;
      case 'adjust':
        await drive.adjust(`a${next.at}`, next.amount - 6, '-1.5');
        break;
      case 'nextDay':
        await drive.nextDay();
        break;
      case 'checkpoint':
        seen.trimmed = Math.max(seen.trimmed, log.firstSeq);
        await drive.journal.checkpoint();
        break;
      default: {
        const clientOrderId = await known(next.at);
        if (clientOrderId === undefined) return;
        if (next.do === 'filled') {
          await drive.fill(clientOrderId, `x${next.execution}`, next.amount);
          return;
        }
        const qty = lots(next.amount);
        const worst = ticks(200 + next.amount);
        const detail = {
          reason: 'r',
          cumulative: lots(next.amount - 1),
          to: { qty, worst, isExit: false },
          qty,
          worst,
        };
        const wanted: readonly string[] = {
          accepted: [],
          rejected: ['reason'],
          timedOut: ['reason'],
          cancelRequested: [],
          cancelled: ['cumulative'],
          expired: next.amount > 6 ? ['cumulative'] : [],
          absent: [],
          amendRequested: ['to'],
          amended: ['qty', 'worst'],
          amendFailed: ['reason'],
        }[next.do];
        const told = Object.fromEntries(Object.entries(detail).filter(([field]) => wanted.includes(field)));
        await drive.event({ type: next.do, clientOrderId, ...told } as never);
      }
    }
  };
  for (const next of steps) await act(next);
  await drive.journal.retire('');
  // A restart makes unknown what had no outcome: here as well, so that both can be compared.
  for (const { order, state } of [...drive.book.orders()]) {
    if (state !== 'submitting' && state !== 'cancelPending') continue;
    await drive.event({ type: 'timedOut', clientOrderId: order.clientOrderId, reason: 'r' });
  }
  return { drive, log, archive, seen };
}

const restarted = async (log: MemoryAppendLog, archive: OrderArchive, snapshots?: MemorySnapshotStore) => {
  const drive = await JournalDrive.open(log, { archive, ...(snapshots && { snapshots }) });
  return { state: drive.state, recovered: drive.journal.recovered };
};

test.prop([histories], runs(400))(
  'a snapshot and the records after it are the same Book as all records, and as the one that was live',
  async (steps) => {
    const snapshots = new MemorySnapshotStore();
    const whole = await run(steps);
    const saved = await run(steps, snapshots);
    const live = whole.drive.state;
    expect(saved.drive.state).toEqual(live);
    expect((await restarted(whole.log, whole.archive)).state).toEqual(live);
    expect((await restarted(saved.log, saved.archive, snapshots)).state).toEqual(live);
  },
);

test('the histories are not idle', async () => {
  const sum = { retired: 0, revived: 0, trimmed: 0, replayed: 0, fromSnapshot: 0 };
  for (const steps of fc.sample(histories, { numRuns: 60, seed: 1 })) {
    const snapshots = new MemorySnapshotStore();
    const { log, archive, seen } = await run(steps, snapshots);
    const { recovered } = await restarted(log, archive, snapshots);
    sum.retired += seen.retired;
    sum.revived += seen.revived;
    sum.trimmed += log.firstSeq > 1 ? 1 : 0;
    sum.replayed += recovered.records > 3 ? 1 : 0;
    sum.fromSnapshot += recovered.fromSnapshot === undefined ? 0 : 1;
  }
  for (const [what, times] of Object.entries(sum)) expect([what, times > 10]).toEqual([what, true]);
});
