import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { PortcullisError, person } from '../../src/core/index.ts';
import { type DeskAudit, OrderDesk, StrategyHost, Venue } from '../../src/desk/index.ts';
import { Watch } from '../../src/risk/index.ts';
import {
  type JsonValue,
  MemoryAppendLog,
  MemorySnapshotStore,
  type Tenure,
} from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import {
  DeskWorld,
  ONE_ID,
  TIMEOUT_MS,
  type WorldOptions,
  idOf,
  intent,
  venueFill,
  view,
} from '../support/desk-world.ts';
import { JournalDrive } from '../support/journal-drive.ts';
import { ScriptedDriver, failing, never } from '../support/scripted-driver.ts';

/** A lease that the test takes away. */
class HandHeld implements Tenure {
  readonly token: number;
  /** How often it may be asked yet before it is lost. */
  left = Infinity;

  constructor(token = 7) {
    this.token = token;
  }

  isHeld(): boolean {
    this.left -= 1;
    return this.left >= 0;
  }

  lose(): void {
    this.left = 0;
  }
}

const LOST = { gate: 'lease', code: 'LEASE_LOST' };
const BY = person('ann');

const under = async (options: WorldOptions = {}) => {
  const tenure = new HandHeld();
  const world = await DeskWorld.open({ ...options, tenure });
  return { world, tenure };
};

/** What was done by a world since: at the venue, in the journal, in the kill switch, and told. */
const traces = (world: DeskWorld) => {
  const { placed, cancels, amends } = world.driver;
  const before = { placed: placed.length, cancels: cancels.length, amends: amends.length };
  const records = world.records.length;
  const told = world.told.length;
  return () => ({
    placed: placed.length - before.placed,
    cancels: cancels.length - before.cancels,
    amends: amends.length - before.amends,
    records: world.records.length - records,
    pending: world.log.pending,
    told: world.told.slice(told).map(({ kind }) => kind),
    trading: world.trading,
  });
};
const NOTHING = { placed: 0, cancels: 0, amends: 0, records: 0, pending: 0, told: [], trading: 'active' };

describe('a desk that holds its lease', () => {
  test('writes down under which it trades, and trades as ever', async () => {
    const { world } = await under();
    const outcome = await world.drained(world.desk.submit(intent()));
    expect(outcome.kind).toBe('accepted');
    expect(world.history).toEqual(['tenure', 'submitting', 'accepted']);
    expect(world.records[1]).toMatchObject({ type: 'tenure', token: 7 });
  });

  test('is refused a journal that was opened under another, or under none', async () => {
    const [{ world, tenure }, plain] = [await under(), await DeskWorld.open()];
    const refused = /^OrderDesk: tenure: expected the one that the journal was opened under/;
    const venue = () => new Venue(new ScriptedDriver());
    expect(() => new OrderDesk({}, { ...plain.deps({ tenure }), venue: venue() })).toThrow(refused);
    expect(() => new OrderDesk({}, { ...world.deps(), venue: venue() })).toThrow(refused);
  });
});

describe('a desk that has lost its lease', () => {
  test('denies an order, and leaves no trace', async () => {
    const { world, tenure } = await under();
    tenure.lose();
    const since = traces(world);
    expect(await world.drained(world.desk.submit(intent()))).toEqual({ kind: 'denied', denials: [LOST] });
    expect(since()).toEqual(NOTHING);
    expect(world.cell()).toEqual({ pos: 0, buy: 0, sell: 0 });
  });

  test('explains so, and stays so whatever the lease says later', async () => {
    const { world, tenure } = await under();
    tenure.lose();
    expect(await world.desk.explain(intent())).toMatchObject({ decision: 'denied', denials: [LOST] });
    tenure.left = Infinity;
    expect(await world.desk.explain(intent())).toMatchObject({ decision: 'denied', denials: [LOST] });
  });

  test('counts a lease that throws, or says anything but true, as lost', async () => {
    for (const isHeld of [
      () => 'yes' as never,
      () => {
        throw new Error('of a lease');
      },
    ]) {
      const { world, tenure } = await under();
      Object.assign(tenure, { isHeld });
      expect(await world.drained(world.desk.submit(intent()))).toEqual({ kind: 'denied', denials: [LOST] });
    }
  });

  test('does not send what it lost it for while the disk was busy', async () => {
    const { world, tenure } = await under();
    const outcome = world.desk.submit(intent());
    tenure.lose();
    const since = traces(world);
    expect(await world.drained(outcome)).toEqual({ kind: 'denied', denials: [LOST] });
    expect(since()).toEqual({ ...NOTHING, records: 1 }); // the one that was on its way
  });

  test('asks in the tick of the send: at whichever look it is lost, nothing leaves after it', async () => {
    for (let looks = 0; looks < 40; looks += 1) {
      const { world, tenure } = await under();
      let lostBefore = -1;
      const place = world.driver.onPlace;
      world.driver.onPlace = (...about) => {
        if (tenure.left < 0) lostBefore = looks;
        return place(...about);
      };
      tenure.left = looks;
      const since = traces(world);
      await world.drained(world.desk.submit(intent()));
      await world.drained(world.desk.amend(ONE_ID, { quantity: '5' }));
      await world.drained(world.desk.cancel(ONE_ID));
      expect(lostBefore).toBe(-1);
      expect(since().trading).toBe('active');
      if (tenure.left < 0) expect(since().cancels).toBe(0);
    }
  });

  test('answers unknown for what was sent already, and writes nothing of it', async () => {
    const { world, tenure } = await under();
    const reply = Promise.withResolvers<{ status: 'accepted' }>();
    world.driver.onPlace = () => reply.promise;
    const outcome = world.desk.submit(intent());
    await world.drain();
    tenure.lose();
    const since = traces(world);
    reply.resolve({ status: 'accepted' });
    expect(await world.drained(outcome)).toMatchObject({ kind: 'unknown', clientOrderId: ONE_ID });
    expect(since()).toEqual(NOTHING);
  });

  test('denies an amendment, and does not send one that was being written down', async () => {
    const { world, tenure } = await under();
    await world.drained(world.desk.submit(intent()));
    const changing = world.desk.amend(ONE_ID, { quantity: '5' });
    tenure.lose();
    const denied = { kind: 'denied', clientOrderId: ONE_ID, denials: [LOST] };
    expect(await world.drained(changing)).toEqual(denied);
    expect(await world.drained(world.desk.amend(ONE_ID, { quantity: '4' }))).toEqual(denied);
    expect(world.driver.amends).toEqual([]);
  });

  test('cancels nothing: not one, not all, not one whose order was being answered', async () => {
    const { world, tenure } = await under();
    await world.drained(world.desk.submit(intent()));
    const reply = Promise.withResolvers<{ status: 'accepted' }>();
    world.driver.onPlace = () => reply.promise;
    void world.desk.submit(intent({ intentId: 'two' }));
    await world.drain();
    const waiting = world.desk.cancel(idOf('two'));
    await world.drain();
    tenure.lose();
    const since = traces(world);
    const failed = (clientOrderId: string) => ({ kind: 'failed', clientOrderId, reason: 'LEASE_LOST' });
    expect(await world.desk.cancel(ONE_ID)).toEqual(failed(ONE_ID));
    expect(await world.desk.cancelAll()).toEqual([failed(ONE_ID), failed(idOf('two'))]);
    reply.resolve({ status: 'accepted' });
    expect(await world.drained(waiting)).toEqual({
      kind: 'failed',
      clientOrderId: idOf('two'),
      reason: 'LEASE_LOST: cancel: the lease is not held any more',
    });
    expect(since()).toEqual(NOTHING);
  });

  test('sends no exits for a person who flattens', async () => {
    const { world, tenure } = await under();
    await world.position('10');
    tenure.lose();
    const since = traces(world);
    const report = await world.drained(
      world.desk.flatten({ scope: { kind: 'firm' }, by: BY, reason: 'out' }),
    );
    expect(report).toMatchObject({
      flat: false,
      positions: [{ outcomes: [{ kind: 'denied', denials: [LOST] }] }],
    });
    expect(since()).toEqual(NOTHING);
  });

  test('books nothing by the word of a person', async () => {
    const { world, tenure } = await under();
    tenure.lose();
    const why = { by: BY, reason: 'found' };
    const lost = { code: 'LEASE_LOST' };
    const { desk } = world;
    await expect(
      desk.adjust({ adjustmentId: 'a', accountId: 'acc', cash: '1', ...why }),
    ).rejects.toMatchObject(lost);
    await expect(desk.flow({ flowId: 'f', accountId: 'acc', amount: '1', ...why })).rejects.toMatchObject(
      lost,
    );
    const funding = { fundingId: 'f', accountId: 'acc', instrumentId: 'GOLD', amount: '1', by: BY };
    await expect(desk.fund(funding)).rejects.toMatchObject(lost);
    await expect(desk.writeOff(ONE_ID, why)).rejects.toMatchObject(lost);
  });

  test('takes in nothing, reconciles nothing, looks up nothing, and trips nothing', async () => {
    const { world, tenure } = await under({ desk: { reconcileEveryMs: 10_000 } });
    await world.drained(world.desk.submit(intent()));
    await world.unanswered({ intentId: 'two' });
    tenure.lose();
    const since = traces(world);
    world.driver.fill(ONE_ID, 'x', '4');
    world.driver.tell({ type: 'disconnected', reason: 'gone' });
    world.driver.onOpenOrders = failing();
    expect(await world.reconciled()).toMatchObject({
      kind: 'failed',
      reason: 'the lease is not held any more',
    });
    await world.later(60_000, 1_000);
    expect(since()).toEqual(NOTHING);
    expect(world.driver.asked).toEqual([]);
    expect(world.cell().pos).toBe(0);
  });

  test('takes over nothing of a comparison that was under way', async () => {
    const { world, tenure } = await under();
    const open = Promise.withResolvers<readonly []>();
    world.driver.onOpenOrders = () => open.promise;
    world.driver.onFills = () => Promise.resolve([venueFill({ clientOrderId: 'of-nobody' })]);
    const comparing = world.desk.reconcile();
    await world.turn();
    tenure.lose();
    const since = traces(world);
    open.resolve([]);
    expect(await world.throughTurns(comparing)).toMatchObject({ kind: 'failed' });
    expect(since()).toEqual(NOTHING);
  });

  test('does not halt anybody because its journal is refused', async () => {
    const { world, tenure } = await under();
    await world.drained(world.desk.submit(intent()));
    world.driver.fill(ONE_ID, 'x', '4');
    tenure.lose();
    world.log.fail();
    await world.turn();
    expect([world.trading, world.anomalies]).toEqual(['active', []]);
  });

  test('learns from its journal that another has it now', async () => {
    const { world } = await under();
    await world.drained(world.desk.submit(intent()));
    const fenced = new PortcullisError('LEASE_LOST', 'a later owner writes this log');
    Object.assign(world.log, { append: () => Promise.reject(fenced) });
    world.driver.fill(ONE_ID, 'x', '4');
    await world.turn();
    expect([world.trading, world.anomalies]).toEqual(['active', []]);
    expect(await world.desk.submit(intent({ intentId: 'two' }))).toEqual({ kind: 'denied', denials: [LOST] });
  });

  test('records nothing in the audit log, and does not mind one that fails', async () => {
    const kept: unknown[] = [];
    const audit: DeskAudit = {
      record: (event) => {
        kept.push(event);
        return Promise.reject(new Error('fenced'));
      },
    };
    const { world, tenure } = await under({ deps: { audit } });
    const outcome = world.desk.submit(intent());
    tenure.lose();
    const before = kept.length;
    expect(await world.drained(outcome)).toEqual({ kind: 'denied', denials: [LOST] });
    await world.drained(world.desk.submit(intent({ intentId: 'two' })));
    expect([kept.length - before, world.trading]).toEqual([0, 'active']);
  });

  test('trips nothing by what runs on it: a strategy and a monitor that throw', async () => {
    const { world, tenure } = await under();
    const { desk, killSwitch, clock } = world;
    const fails = (): never => {
      throw new Error('stale');
    };
    const strategy = { id: 'strat', instruments: ['GOLD'], onMarket: fails };
    const host = new StrategyHost([strategy], { desk, killSwitch, clock });
    const watch = new Watch({}, { monitors: [{ name: 'stale', check: fails }], killSwitch, clock });
    tenure.lose();
    host.onMarket(view(100));
    watch.check();
    await world.drained(desk.stop());
    host.onMarket(view(100));
    expect([killSwitch.records(), world.trading]).toEqual([[], 'active']);
  });

  test('stops at once, and leaves what works at the venue', async () => {
    const { world, tenure } = await under();
    await world.drained(world.desk.submit(intent()));
    tenure.lose();
    const since = traces(world);
    await world.drained(world.desk.stop()); // the clock stands still
    expect(since()).toEqual(NOTHING);
  });
});

describe('a desk that stops and leaves its working orders', () => {
  const successor = (world: DeskWorld, options: WorldOptions = {}): Promise<DeskWorld> =>
    DeskWorld.open({
      ...options,
      log: new ScriptedAppendLog(world.log.durable),
      clock: new ManualClock(world.clock.nowMs()),
      driver: world.driver,
    });

  test('hands them to the next, which books what is filled once, and doubts nothing', async () => {
    const { world } = await under();
    await world.drained(world.desk.submit(intent()));
    world.driver.fill(ONE_ID, 'before', '1');
    await world.drained(world.desk.stop({ workingOrders: 'leave' }));
    expect(world.driver.cancels).toEqual([]);
    world.driver.fill(ONE_ID, 'between', '4');
    const next = await successor(world, { tenure: new HandHeld(8) });
    expect(next.journal.recovered.inDoubt).toEqual([]);
    expect(next.book.order(ONE_ID)).toMatchObject({ state: 'working', cumulative: 5, leaves: 5 });
    next.driver.fill(ONE_ID, 'after', '2');
    await next.drain();
    expect([await next.differences(), next.cell(), next.trading]).toEqual([
      [],
      { pos: 7, buy: 3, sell: 0 },
      'active',
    ]);
    expect(next.driver.placed).toHaveLength(1);
  });

  test('takes no more orders, and does not cancel them when it is stopped again', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    const stopped = world.desk.stop({ workingOrders: 'leave' });
    expect(await world.desk.submit(intent({ intentId: 'two' }))).toMatchObject({
      denials: [{ code: 'DESK_STOPPED' }],
    });
    await world.drained(stopped);
    await world.drained(world.desk.stop());
    expect([world.driver.cancels, world.book.order(ONE_ID)?.state]).toEqual([[], 'working']);
  });

  test('waits for what is on its way: to the disk, to the venue, to be cancelled', async () => {
    const world = await DeskWorld.open();
    const [reply, gone] = [
      Promise.withResolvers<{ status: 'accepted' }>(),
      Promise.withResolvers<undefined>(),
    ];
    world.driver.onPlace = () => reply.promise;
    world.driver.onCancel = () => gone.promise;
    const outcome = world.desk.submit(intent());
    let isOver = false;
    const stopped = world.desk.stop({ workingOrders: 'leave' }).then(() => (isOver = true));
    await world.drain();
    expect([world.driver.placed.length, isOver]).toEqual([1, false]);
    const cancelling = world.desk.cancel(ONE_ID);
    reply.resolve({ status: 'accepted' });
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
    expect(isOver).toBe(false);
    gone.resolve(undefined);
    expect(await world.drained(cancelling)).toMatchObject({ kind: 'requested' });
    await world.drained(stopped);
    expect(world.history.slice(0, 3)).toEqual(['submitting', 'cancelRequested', 'accepted']);
  });

  test('does not wait longer than the venue may take', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = never;
    const outcome = world.desk.submit(intent());
    await world.drain();
    const stopped = world.desk.stop({ workingOrders: 'leave' });
    await world.later(TIMEOUT_MS);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'unknown' });
    await world.drained(stopped);
    const next = await successor(world);
    expect(next.book.order(ONE_ID)?.state).toBe('unknown');
  });

  test('sends nothing any more that its disk held up for longer than it waits', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    const stopped = world.desk.stop({ workingOrders: 'leave' });
    for (let waited = 0; waited < 2 * TIMEOUT_MS; waited += 1_000) {
      world.clock.advance(1_000);
      await world.turn();
    }
    await world.drained(stopped);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'denied' });
    expect(world.driver.placed).toEqual([]);
  });
});

describe('a journal under a lease', () => {
  const open = (
    records: readonly JsonValue[],
    tenure?: Tenure,
    log = new ScriptedAppendLog(records.map((record, at) => ({ seq: at + 1, record }))),
  ) => DeskWorld.open({ log, ...(tenure && { tenure }) });

  test('is refused to an owner of before, and to one who has lost it; nothing is written then', async () => {
    const { world } = await under();
    const records = world.records as unknown as JsonValue[];
    const log = new ScriptedAppendLog(world.log.durable);
    await expect(open(records, new HandHeld(6), log)).rejects.toMatchObject({ code: 'LEASE_OUTDATED' });
    const lost = new HandHeld(8);
    lost.lose();
    await expect(open(records, lost, log)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect([log.pending, log.durable.length]).toEqual([0, records.length]);
  });

  test('is opened without one all the same, and keeps the token in mind', async () => {
    const { world } = await under();
    const later = await open(world.records as unknown as JsonValue[]);
    await expect(open(later.records as unknown as JsonValue[], new HandHeld(6))).rejects.toMatchObject({
      code: 'LEASE_OUTDATED',
    });
  });

  test('refuses every record and every snapshot once it is lost', async () => {
    const snapshots = new MemorySnapshotStore();
    const tenure = new HandHeld();
    const drive = await JournalDrive.open(new MemoryAppendLog(), { snapshots, tenure });
    await drive.submit('o1');
    tenure.lose();
    await expect(drive.submit('o2')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await drive.journal.checkpoint()).toMatchObject({ kind: 'failed', error: { code: 'LEASE_LOST' } });
    expect(await snapshots.newest()).toBeUndefined();
  });

  test('knows its last owner from a snapshot as well', async () => {
    const snapshots = new MemorySnapshotStore();
    const log = new MemoryAppendLog();
    const drive = await JournalDrive.open(log, { snapshots, tenure: new HandHeld(7) });
    await drive.submit('o1');
    expect(await drive.journal.checkpoint()).toMatchObject({ kind: 'saved', seq: 3 });
    const open = (token: number) => JournalDrive.open(log, { snapshots, tenure: new HandHeld(token) });
    await expect(open(6)).rejects.toMatchObject({ code: 'LEASE_OUTDATED' });
    expect((await open(7)).journal.recovered).toMatchObject({ records: 0, fromSnapshot: 3 });
  });
});
