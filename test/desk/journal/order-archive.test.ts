import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { OrderArchive } from '../../../src/desk/index.ts';
import { MemoryAppendLog, MemoryStateStore, type StateWrite } from '../../../src/storage/index.ts';
import type { SavedOrder } from '../../../src/trading/index.ts';
import { ETH, INSTRUMENTS, JournalDrive } from '../../support/journal-drive.ts';

const clock = new ManualClock();

/** A store that remembers how much it was asked to write at once. */
class CountingStore extends MemoryStateStore {
  readonly writes: number[] = [];

  constructor() {
    super({ clock });
  }

  override setAll(entries: readonly StateWrite[]): Promise<void> {
    this.writes.push(entries.length);
    return super.setAll(entries);
  }
}

const open = (store: MemoryStateStore, instruments = INSTRUMENTS) =>
  OrderArchive.open({ store, instruments, clock });

/** Orders that are over: filled, cancelled in part, rejected, and so on in turns. */
async function over(count: number): Promise<readonly SavedOrder[]> {
  const drive = await JournalDrive.open(new MemoryAppendLog());
  for (let at = 0; at < count; at += 1) {
    const clientOrderId = `o${at}`;
    await drive.submit(clientOrderId, { qty: 5 });
    if (at % 3 < 2) await drive.fill(clientOrderId, `x${at}`, at % 3 === 0 ? 5 : 2);
    if (at % 3 === 1) await drive.event({ type: 'cancelled', clientOrderId, cumulative: 2 as never });
    if (at % 3 === 2) await drive.event({ type: 'rejected', clientOrderId, reason: 'no' });
  }
  return drive.book.finishedBefore('2026-01-03');
}

/** As it is found: what an order was decided on is not kept. */
const found = ({ order, ...saved }: SavedOrder) => {
  const {
    view: _view,
    decidedMonotonicMs: _decided,
    ...booked
  } = order as typeof order & {
    view?: unknown;
    decidedMonotonicMs?: unknown;
  };
  return { ...saved, order: booked };
};

describe('an archive', () => {
  test('finds each order as it was when it was kept', async () => {
    const orders = await over(3);
    const archive = await open(new CountingStore());
    await archive.keep(orders, '2026-01-03');
    for (const order of orders) expect(await archive.find(order.order.clientOrderId)).toEqual(found(order));
    expect(orders.map(({ state }) => state)).toEqual(['filled', 'cancelled', 'rejected']);
  });

  test('finds nothing of an order that it does not have', async () => {
    const archive = await open(new CountingStore());
    expect(await archive.find('o0')).toBe(undefined);
  });

  test('writes 200 orders at a time, and lets others go on in between', async () => {
    const store = new CountingStore();
    const archive = await open(store);
    const orders = await over(401);
    const kept = archive.keep(orders, '2026-01-03');
    // However often a promise is served, the next write waits for its turn.
    for (let served = 0; served < 100; served += 1) await Promise.resolve();
    expect(store.writes).toEqual([200]);
    await kept;
    expect(store.writes).toEqual([200, 200, 1]);
  });

  test('says before which day it is complete only when it is', async () => {
    const store = new CountingStore();
    const archive = await open(store);
    expect([archive.isEmpty, archive.completeBefore]).toEqual([true, undefined]);
    const kept = archive.keep(await over(1), '2026-01-03');
    expect([archive.isEmpty, (await open(store)).isEmpty]).toEqual([true, true]);
    await kept;
    expect([archive.isEmpty, archive.completeBefore]).toEqual([false, '2026-01-03']);
    const again = await open(store);
    expect([again.isEmpty, again.completeBefore]).toEqual([false, '2026-01-03']);
  });

  test('takes an order twice, and has it as it was the second time', async () => {
    const archive = await open(new CountingStore());
    const [order] = await over(1);
    if (order === undefined) throw new Error('expected an order');
    await archive.keep([order], '2026-01-03');
    const later = { ...order, dayId: '2026-01-05', executionIds: ['x0', 'late'] };
    await archive.keep([later], '2026-01-06');
    expect(await archive.find('o0')).toEqual(found(later));
  });

  test.for([
    ['an instrument that is not configured', { qty: 5 }, [ETH], 'INSTRUMENT_UNKNOWN'],
    ['what is no order', { qty: 'five' }, INSTRUMENTS, 'INPUT_INVALID'],
  ] as const)('refuses %s, by name', async ([, spoilt, instruments, code]) => {
    const store = new CountingStore();
    const archive = await open(store, instruments);
    await archive.keep(await over(1), '2026-01-03');
    const { value } = (await store.get('order/o0')) ?? {};
    const lone = value as { order: object };
    await store.set('order/o0', { ...lone, order: { ...lone.order, ...spoilt } });
    await expect(archive.find('o0')).rejects.toMatchObject({ code });
  });

  test('of another version is refused', async () => {
    const store = new CountingStore();
    await store.set('order-archive', { version: 2, before: '2026-01-03' });
    await expect(open(store)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
