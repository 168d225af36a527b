import { describe, expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/index.ts';
import { ManualClock, person } from '../../src/core/index.ts';
import { FIRM } from '../../src/risk/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import type { OrderChange, OrderOutcome } from '../../src/trading/index.ts';
import { DeskWorld, NOON_MS, ONE_ID, idOf, intent } from '../support/desk-world.ts';
import { AUDIT_MS, auditedWorld } from './support/audit-by-hand.ts';

const BY = person('ada');
const NOTHING = { pos: 0, buy: 0, sell: 0 };
const DENIED: OrderOutcome = {
  kind: 'denied',
  denials: [{ gate: 'audit', code: 'AUDIT_UNAVAILABLE', note: 'the decision was not kept' }],
};
const CLOSED: OrderOutcome = {
  kind: 'denied',
  denials: [{ gate: 'audit', code: 'AUDIT_UNAVAILABLE', note: 'the log takes no records' }],
};
const EXIT = intent({
  intentId: 'exit',
  side: 'sell',
  quantity: '4',
  price: { type: 'limit', limit: '101', postOnly: false },
});
const placed = ({ driver }: DeskWorld) => driver.placed.map(({ clientOrderId }) => clientOrderId);
const tripped = ({ killSwitch }: DeskWorld) =>
  killSwitch.records().map(({ state, reason }) => [state, reason]);
const REFUSED = [['reducing', 'the audit log cannot be written: the audit disk is full']];
const LATE = [['reducing', `the audit log cannot be written: no answer within ${AUDIT_MS} ms`]];

describe('an entry goes out when journal and audit log have it', () => {
  test('not while the audit log has not answered', async () => {
    const { audit, world } = await auditedWorld();
    audit.mode = 'hang';
    const outcome = world.desk.submit(intent());
    await world.drain();
    expect([world.history, placed(world), world.cell().buy]).toEqual([['submitting'], [], 10]);
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
    expect([placed(world), audit.kinds]).toEqual([[ONE_ID], ['limits.in-force', 'order.decided']]);
  });

  test('not while the journal has not answered', async () => {
    const { world } = await auditedWorld();
    const outcome = world.desk.submit(intent());
    await world.turn();
    expect(placed(world)).toEqual([]);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
  });

  test('both write at the same time: the record is asked for before the journal has answered', async () => {
    const { audit, world } = await auditedWorld();
    void world.desk.submit(intent());
    expect([audit.kinds, world.log.pending]).toEqual([['limits.in-force', 'order.decided'], 1]);
  });

  test.for([
    ['refuse', REFUSED],
    ['throw', [['reducing', 'the audit log cannot be written: at once']]],
  ] as const)('an audit log that does %s denies it, ends its hold and trips', async ([mode, trips]) => {
    const { audit, world } = await auditedWorld({ tripsCancelNothing: true });
    audit.mode = mode;
    expect(await world.drained(world.desk.submit(intent()))).toEqual(DENIED);
    expect([placed(world), world.cell(), world.book.order(ONE_ID)?.state]).toEqual([
      [],
      NOTHING,
      'abandoned',
    ]);
    expect([world.history, tripped(world)]).toEqual([['submitting', 'abandoned'], trips]);
    expect(world.records.at(-1)).toMatchObject({ because: { code: 'AUDIT_UNAVAILABLE' } });
  });

  test('what the trip cancels with it is denied for the same reason', async () => {
    const { audit, world } = await auditedWorld();
    audit.mode = 'refuse';
    expect(await world.drained(world.desk.submit(intent()))).toEqual(DENIED);
    expect([placed(world), world.driver.cancels, world.cell()]).toEqual([[], [], NOTHING]);
  });

  test('a journal that fails as well is the reason that is given', async () => {
    const { audit, world } = await auditedWorld();
    audit.mode = 'hang';
    const outcome = world.desk.submit(intent());
    world.log.fail();
    expect(await outcome).toMatchObject({ denials: [{ code: 'JOURNAL_UNAVAILABLE' }] });
  });

  test('an answer in the last millisecond counts', async () => {
    const { audit, world, clock } = await auditedWorld();
    audit.mode = 'hang';
    const outcome = world.desk.submit(intent());
    await world.drain();
    clock.advance(AUDIT_MS - 1);
    await world.drain();
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
    clock.advance(AUDIT_MS);
    await world.drain();
    expect(world.trading).toBe('active');
  });

  test('no answer in time is none: denied and tripped, and one that comes later changes nothing', async () => {
    const { audit, world, clock } = await auditedWorld();
    audit.mode = 'hang';
    const outcome = world.desk.submit(intent());
    await world.drain();
    clock.advance(AUDIT_MS);
    expect(await world.drained(outcome)).toEqual(DENIED);
    audit.answer();
    await world.drain();
    expect([placed(world), world.cell(), tripped(world)]).toEqual([[], NOTHING, LATE]);
  });

  test('while it waits it can be cancelled, and never leaves', async () => {
    const { audit, world } = await auditedWorld();
    audit.mode = 'hang';
    const outcome = world.desk.submit(intent());
    await world.drain();
    expect(await world.drained(world.desk.cancel(ONE_ID))).toMatchObject({ kind: 'requested' });
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ denials: [{ code: 'CANCELLED_BEFORE_SEND' }] });
    expect([placed(world), world.driver.cancels]).toEqual([[], []]);
  });

  test('the last look is taken after both: a trip meanwhile stops it', async () => {
    const { audit, world } = await auditedWorld({ tripsCancelNothing: true });
    audit.mode = 'hang';
    const outcome = world.desk.submit(intent());
    await world.drain();
    void world.killSwitch.trip({ to: 'reducing', reason: 'test', by: BY });
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ denials: [{ code: 'KILL_SWITCH_REDUCING' }] });
  });

  test.for([
    [300, 'accepted'],
    [301, 'denied'],
  ] as const)('its decision ages while it waits: %i ms, %s', async ([ms, kind]) => {
    const { audit, world, clock } = await auditedWorld({ risk: { maxDecisionAgeMs: 300 } });
    audit.mode = 'hang';
    const outcome = world.desk.submit(intent());
    await world.drain();
    clock.advance(ms);
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind });
  });

  test('the record of a denial that fails trips as well: the next entry does not get as far', async () => {
    const { audit, world } = await auditedWorld();
    audit.mode = 'refuse';
    await world.desk.submit(intent({ accountId: 'nobody' }));
    await world.drain();
    expect(tripped(world)).toEqual(REFUSED);
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({
      denials: [{ code: 'KILL_SWITCH_REDUCING' }],
    });
  });

  test('nothing waits on a desk without an audit log', async () => {
    const world = await DeskWorld.open();
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
  });
});

describe('what makes the risk smaller waits for the journal only', () => {
  test.for(['hang', 'refuse', 'throw'] as const)(
    'an exit goes out though the audit log does %s',
    async (mode) => {
      const { audit, world } = await auditedWorld();
      await world.position('10');
      audit.mode = mode;
      expect(await world.drained(world.desk.submit(EXIT))).toMatchObject({ kind: 'accepted', quantity: 4 });
      expect([placed(world), world.trading]).toEqual([
        [idOf('exit')],
        mode === 'hang' ? 'active' : 'reducing',
      ]);
    },
  );

  test.for(['audit log', 'journal'])(
    'an exit goes before an entry of the same tick, also when the %s is first',
    async (first) => {
      const { audit, world } = await auditedWorld();
      await world.position('10');
      audit.mode = 'hang';
      void world.desk.submit(intent());
      void world.desk.submit(EXIT);
      if (first === 'audit log') audit.answer();
      else world.log.commit();
      await world.turn();
      audit.answer();
      await world.drain();
      expect(placed(world)).toEqual([idOf('exit'), ONE_ID]); // so that a replay does not depend on two disks
    },
  );

  test('an exit whose record is late has gone out, and trips all the same', async () => {
    const { audit, world, clock } = await auditedWorld();
    await world.position('10');
    audit.mode = 'hang';
    await world.drained(world.desk.submit(EXIT));
    clock.advance(AUDIT_MS - 1);
    await world.drain();
    const before = world.trading;
    clock.advance(1);
    await world.drain();
    expect([before, tripped(world)]).toEqual(['active', LATE]);
  });

  test.for(['hang', 'refuse'] as const)('a cancel is asked for though it does %s', async (mode) => {
    const { audit, world } = await auditedWorld();
    await world.drained(world.desk.submit(intent()));
    audit.mode = mode;
    expect(await world.drained(world.desk.cancel(ONE_ID))).toMatchObject({ kind: 'requested' });
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('a person gets out though it refuses', async () => {
    const { audit, world } = await auditedWorld();
    await world.position('10');
    audit.mode = 'refuse';
    world.driver.onPlace = ({ clientOrderId }) => {
      world.driver.fill(clientOrderId, 'out', '10');
      return Promise.resolve({ status: 'accepted' });
    };
    const flattened = world.throughTurns(world.desk.flatten({ scope: FIRM, by: BY, reason: 'out' }));
    expect(await flattened).toMatchObject({ flat: true });
    expect(world.cell()).toEqual(NOTHING);
  });

  test('what is denied or known is answered at once', async () => {
    const { audit, world } = await auditedWorld();
    await world.drained(world.desk.submit(intent()));
    audit.mode = 'hang';
    expect(await world.desk.submit(intent())).toMatchObject({ kind: 'duplicate' });
    expect(await world.desk.submit(intent({ accountId: 'nobody' }))).toMatchObject({ kind: 'denied' });
  });
});

describe('an audit log that takes no records', () => {
  async function closed(options: Parameters<typeof auditedWorld>[0] = {}) {
    const made = await auditedWorld(options);
    await made.world.position('10');
    await made.world.drained(made.world.desk.submit(intent()));
    made.world.driver.placed.length = 0;
    made.audit.isWritable = false;
    return made;
  }
  const TWO = intent({ intentId: 'two' });

  test('denies an entry in the same step: no hold, no record, and it can be asked for again', async () => {
    const { audit, world } = await closed();
    const outcome = world.desk.submit(TWO);
    expect([world.log.pending, world.cell().buy, world.book.order(idOf('two'))]).toEqual([0, 10, undefined]);
    expect(await outcome).toEqual(CLOSED);
    audit.isWritable = true;
    expect(await world.drained(world.desk.submit(TWO))).toMatchObject({ kind: 'accepted' });
  });

  test('is not the reason where a gate denies', async () => {
    const { world } = await closed({ execution: { collarBps: { entry: 1, exit: 9_000 } } });
    const far = intent({ intentId: 'far', price: { type: 'limit', limit: '90' } });
    const { denials } = (await world.desk.submit(far)) as { denials: readonly { code: string }[] };
    expect(denials.map(({ code }) => code)).not.toContain('AUDIT_UNAVAILABLE');
  });

  test('lets an exit go', async () => {
    const { world } = await closed();
    expect(await world.drained(world.desk.submit(EXIT))).toMatchObject({ kind: 'accepted' });
  });

  test('is what an explanation says', async () => {
    const { world } = await closed();
    const { denials } = CLOSED as { denials: unknown };
    expect(await world.desk.explain(TWO)).toMatchObject({ decision: 'denied', denials });
    expect(await world.desk.explain(EXIT)).toMatchObject({ decision: 'held', denials: [] });
  });

  test('keeps our own orders where they rest: nothing is cleared for what does not go', async () => {
    const { world } = await closed({ risk: { selfTrade: 'cancel-oldest' } });
    await world.drained(world.desk.submit({ ...EXIT, price: { type: 'limit', limit: '103' } }));
    const crossing = intent({
      intentId: 'crossing',
      price: { type: 'limit', limit: '104', postOnly: false, timeInForce: 'IOC' },
    });
    expect(await world.drained(world.desk.submit(crossing))).toMatchObject({ kind: 'denied' });
    expect(world.driver.cancels).toEqual([]);
  });

  test.for<[OrderChange, string]>([
    [{ quantity: '11' }, 'denied'],
    [{ limit: '99' }, 'denied'],
    [{ quantity: '9' }, 'amended'],
  ])('lets an entry become smaller only: %o is %s', async ([change, kind]) => {
    const { world } = await closed();
    const outcome = await world.drained(world.desk.amend(ONE_ID, change));
    expect(outcome).toMatchObject({ kind });
    if (kind === 'denied')
      expect(outcome).toMatchObject({ denials: (CLOSED as { denials: object }).denials });
    expect(world.driver.amends).toHaveLength(kind === 'denied' ? 0 : 1);
  });

  test('is one whose disk has failed, also after a release: nothing gets in until it is opened anew', async () => {
    const [clock, log] = [new ManualClock(NOON_MS), new ScriptedAppendLog()];
    const audit = await AuditLog.open(log, { clock });
    const world = await DeskWorld.open({ clock, deps: { audit } });
    const first = world.desk.submit(intent());
    log.fail();
    expect(await world.drained(first)).toEqual(DENIED);
    expect([audit.isWritable, world.trading]).toEqual([false, 'reducing']);
    await world.killSwitch.release({ scope: FIRM, confirm: 'firm', reason: 'looks fine', by: BY });
    expect([world.trading, await world.desk.submit(TWO)]).toEqual(['active', CLOSED]);
  });

  test('is not one that does not say', async () => {
    const { world } = await auditedWorld({ deps: { audit: { record: () => Promise.resolve() } } });
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
  });
});

describe('an amendment that risks more waits as an entry does', () => {
  async function working() {
    const made = await auditedWorld({ tripsCancelNothing: true });
    await made.world.position('10');
    await made.world.drained(made.world.desk.submit(intent()));
    await made.world.drained(made.world.desk.submit(EXIT));
    made.world.mark(103); // room for a higher limit
    return made;
  }
  const asItIs = ({ book }: DeskWorld) => {
    const { state, leaves, amendment } = book.order(ONE_ID) ?? {};
    return { state, leaves, amendment };
  };

  test.for<OrderChange>([
    { quantity: '11' },
    { limit: '101' },
    { limit: '99' },
    { quantity: '9', limit: '99' },
  ])('%o', async (change) => {
    const { audit, world } = await working();
    audit.mode = 'hang';
    const outcome = world.desk.amend(ONE_ID, change);
    await world.drain();
    expect(world.driver.amends).toEqual([]);
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind: 'amended' });
  });

  test.for<[string, string, OrderChange]>([
    ['less of an entry', ONE_ID, { quantity: '9' }],
    ['an entry as it is', ONE_ID, {}],
    ['more of an exit', idOf('exit'), { quantity: '5', limit: '102' }],
  ])('%s goes', async ([, id, change]) => {
    const { audit, world } = await working();
    audit.mode = 'hang';
    expect(await world.drained(world.desk.amend(id, change))).toMatchObject({ kind: 'amended' });
  });

  test('refused, it is denied, and the order is as it was', async () => {
    const { audit, world } = await working();
    audit.mode = 'refuse';
    expect(await world.drained(world.desk.amend(ONE_ID, { quantity: '11' }))).toEqual({
      ...DENIED,
      clientOrderId: ONE_ID,
    });
    expect([asItIs(world), world.driver.amends]).toEqual([
      { state: 'working', leaves: 10, amendment: undefined },
      [],
    ]);
    expect([world.history.slice(-2), tripped(world)]).toEqual([['amendRequested', 'amendFailed'], REFUSED]);
  });

  test('late, it is denied at the limit and not before', async () => {
    const { audit, world, clock } = await working();
    audit.mode = 'hang';
    let outcome: unknown;
    void world.desk.amend(ONE_ID, { quantity: '11' }).then((done) => (outcome = done));
    await world.drain();
    clock.advance(AUDIT_MS - 1);
    await world.drain();
    expect(outcome).toBeUndefined();
    clock.advance(1);
    await world.drain();
    expect(outcome).toEqual({ ...DENIED, clientOrderId: ONE_ID });
  });

  test('of an order that is over meanwhile it is not sent', async () => {
    const { audit, world } = await working();
    audit.mode = 'hang';
    const outcome = world.desk.amend(ONE_ID, { quantity: '11' });
    await world.drain();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind: 'finished', state: 'cancelled' });
    expect(world.driver.amends).toEqual([]);
  });
});

describe('a crash between the two logs', () => {
  test('journal, but no audit: nothing had been sent, and the venue says so', async () => {
    const { audit, world } = await auditedWorld();
    audit.mode = 'hang';
    void world.desk.submit(intent());
    await world.drain();
    const lookup = { firstDelayMs: 100, maxDelayMs: 100, graceMs: 1_000, looks: 3 };
    const after = await DeskWorld.open({ log: new ScriptedAppendLog(world.log.durable), desk: { lookup } });
    expect([after.book.order(ONE_ID)?.state, after.cell().buy]).toEqual(['unknown', 10]);
    await after.later(3_000);
    expect([after.book.order(ONE_ID)?.state, after.cell(), after.driver.placed]).toEqual([
      'rejected',
      NOTHING,
      [],
    ]);
  });

  test('audit, but no journal: the restart knows nothing of it', async () => {
    const { audit, world } = await auditedWorld();
    void world.desk.submit(intent());
    await world.turn();
    const after = await DeskWorld.open({ log: new ScriptedAppendLog(world.log.durable) });
    expect([audit.kinds, world.driver.placed]).toEqual([['limits.in-force', 'order.decided'], []]);
    expect([after.book.order(ONE_ID), after.cell()]).toEqual([undefined, NOTHING]);
  });
});

test('the desk is settled when its audit log is, and what waited for that has gone its way', async () => {
  const { audit, world } = await auditedWorld();
  audit.mode = 'hang';
  void world.desk.submit(intent());
  await world.drain();
  let isSettled = false;
  void world.desk.settled().then(() => (isSettled = true));
  await world.drain();
  const before = isSettled;
  audit.answer();
  await world.drain();
  await world.drain();
  expect([before, isSettled, world.history]).toEqual([false, true, ['submitting', 'accepted']]);
});

test('a stop does not wait for ever for an audit log that hangs, and nothing leaves', async () => {
  const { audit, world } = await auditedWorld();
  audit.mode = 'hang';
  const outcome = world.desk.submit(intent());
  await world.drain();
  const stopped = world.desk.stop();
  await world.later(AUDIT_MS);
  await world.drained(stopped);
  expect([await outcome, placed(world), world.cell()]).toMatchObject([{ kind: 'denied' }, [], NOTHING]);
});

test.for([0, -1, NaN])('refuses a time limit of %f ms', async (auditTimeoutMs) => {
  await expect(DeskWorld.open({ desk: { auditTimeoutMs } })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('a real audit log has the verdict of every order that went out', async () => {
  const [clock, log] = [new ManualClock(NOON_MS), new MemoryAppendLog()];
  const audit = await AuditLog.open(log, { clock });
  const world = await DeskWorld.open({ clock, deps: { audit } });
  const seen: number[] = [];
  world.driver.onPlace = () => {
    seen.push(audit.head.seq);
    return Promise.resolve({ status: 'accepted' });
  };
  for (const intentId of ['a', 'b']) await world.drained(world.desk.submit(intent({ intentId })));
  expect(seen).toEqual([2, 3]); // the rules, then one verdict each
});
