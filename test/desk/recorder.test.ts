import { describe, expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { decimal, person } from '../../src/core/index.ts';
import { FIRM } from '../../src/risk/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { DeskWorld, ONE_ID, intent } from '../support/desk-world.ts';
import { never } from '../support/scripted-driver.ts';

/** A desk with one working order to buy 10; what was told until then is forgotten. */
async function working(options: Parameters<typeof DeskWorld.open>[0] = {}): Promise<DeskWorld> {
  const world = await DeskWorld.open(options);
  await world.drained(world.desk.submit(intent()));
  world.told.length = 0;
  return world;
}

describe('a fill', () => {
  test('counts in the tick in which it arrives, and is told only when it is on disk', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x1', '4');
    expect(world.cell()).toEqual({ pos: 4, buy: 6, sell: 0 });
    await world.turn();
    expect(world.told).toEqual([]);

    world.log.commit();
    await world.turn();
    expect(world.told).toMatchObject([
      {
        kind: 'order',
        event: {
          type: 'filled',
          clientOrderId: ONE_ID,
          fill: { executionId: 'x1', quantity: 4, price: decimal('100') },
        },
        order: { cumulative: 4, leaves: 6 },
      },
    ]);
  });

  test('changes the limits of the next decision before it is on disk', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x1', '10');
    const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '101' } });
    expect(await world.drained(world.desk.submit(exit))).toMatchObject({ kind: 'accepted' });
  });

  test('that is reported again changes nothing, and is neither written nor told', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x1', '4');
    await world.drain();
    const before = world.records.length;
    world.driver.fill(ONE_ID, 'x1', '4');
    await world.drain();
    expect([world.cell().pos, world.records.length, world.told.length, world.trading]).toEqual([
      4,
      before,
      1,
      'active',
    ]);
  });

  test('after the cancel is booked: what the venue said was filled stays held until it arrives', async () => {
    const world = await working();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '3' });
    expect(world.cell()).toEqual({ pos: 0, buy: 3, sell: 0 });
    world.driver.fill(ONE_ID, 'late', '3');
    expect([world.cell(), world.trading]).toEqual([{ pos: 3, buy: 0, sell: 0 }, 'active']);
    await world.drain();
    expect(world.orderEvents).toEqual(['cancelled', 'filled']);
  });

  test('may still come after a cancel that did not say how much was filled: the hold stays', async () => {
    const world = await working();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID });
    expect(world.cell()).toEqual({ pos: 0, buy: 10, sell: 0 });
    world.driver.fill(ONE_ID, 'late', '10');
    expect([world.cell(), world.trading]).toEqual([{ pos: 10, buy: 0, sell: 0 }, 'active']);
  });

  test('may come before the answer to its order', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = (order) => {
      world.driver.fill(order.clientOrderId, 'x1', '10');
      return Promise.resolve({ status: 'accepted' });
    };
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
    expect([world.book.order(ONE_ID)?.state, world.cell().pos, world.trading]).toEqual([
      'filled',
      10,
      'active',
    ]);
  });

  test('stays booked when the disk fails: nobody is told of it, and trading halts', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x1', '4');
    world.log.fail(new Error('no space'));
    await world.turn();
    expect([world.cell(), world.trading, world.orderEvents]).toEqual([
      { pos: 4, buy: 6, sell: 0 },
      'halted',
      [],
    ]);
  });
});

describe('the order of what is told', () => {
  test('is the order of the journal, however the disk commits', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x1', '1');
    world.driver.fill(ONE_ID, 'x2', '2');
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '3' });
    await world.turn();
    world.log.commit(2);
    await world.turn();
    expect(world.orderEvents).toEqual(['filled', 'filled']);
    world.log.commit();
    await world.turn();
    expect(world.orderEvents).toEqual(['filled', 'filled', 'cancelled']);
  });

  test('what a trip cancels stands behind the cause of the trip', async () => {
    const world = await working();
    await world.drained(world.desk.submit(intent({ intentId: 'two' })));
    world.driver.fill(ONE_ID, 'x1', '11');
    await world.drain();
    expect(world.history.slice(-2)).toEqual(['filled', 'cancelRequested']);
  });

  test('what a listener does about a decision stands behind the order in the journal', async () => {
    const world = await DeskWorld.open();
    world.desk.onEvent((event) => {
      if (event.kind === 'decided') void world.desk.cancel(ONE_ID);
    });
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({
      denials: [{ code: 'CANCELLED_BEFORE_SEND' }],
    });
    expect(world.history).toEqual(['submitting', 'cancelRequested', 'abandoned']);
    expect([world.driver.placed, world.driver.cancels]).toEqual([[], []]);
  });
});

describe('what should not happen trips reducing, and says why', () => {
  const cases: readonly [string, object, string, RegExp][] = [
    ['more than was ordered', { executionId: 'x', quantity: '11' }, 'OVERFILL', /filled/],
    ['a fill off the grid', { executionId: 'x', quantity: '0.5' }, 'REPORT_INVALID', /quantity.*0\.5/],
    ['a fill at no price', { executionId: 'x', price: 'free' }, 'REPORT_INVALID', /price.*free/],
    ['a fill at 0', { executionId: 'x', price: '0' }, 'FILL_INVALID', /filled/],
    ['a fill without a fee', { executionId: 'x', fee: null }, 'REPORT_INVALID', /fee/],
    [
      'a fee in another currency',
      { executionId: 'x', fee: { amount: '1', currency: 'BNB' } },
      'FEE_CURRENCY_UNSUPPORTED',
      /filled/,
    ],
    [
      'a fill of an order we never sent',
      { clientOrderId: 'stranger', executionId: 'x' },
      'ORDER_UNKNOWN',
      /filled of an order we never sent/,
    ],
  ];
  test.for(cases)('%s', async ([, detail, code, why]) => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x', '1', detail);
    expect([world.trading, world.anomalies]).toMatchObject(['reducing', [{ code }]]);
    expect(world.anomalies[0]?.detail).toMatch(why);
    expect(world.killSwitch.records()).toMatchObject([
      {
        state: 'reducing',
        by: { kind: 'system', id: 'order-desk' },
        reason: expect.stringContaining(code) as string,
      },
    ]);
  });

  test.for([undefined, null, 'filled', 7, {}, { clientOrderId: Symbol('x') }, { clientOrderId: ONE_ID }])(
    'a report that is none: %o',
    async (report) => {
      const world = await working();
      world.driver.tell(report);
      expect([world.trading, world.anomalies.length]).toEqual(['reducing', 1]);
    },
  );

  test('an overfill is booked in full: it is a fact', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x', '11');
    await world.drain();
    expect([world.cell(), world.orderEvents]).toEqual([{ pos: 11, buy: 0, sell: 0 }, ['filled']]);
  });

  test('what was not booked is neither written nor told as a fill', async () => {
    const world = await working();
    const before = world.records.length;
    world.driver.fill(ONE_ID, 'x', '1', { price: '0' });
    await world.drain();
    expect([world.cell().pos, world.orderEvents.filter((type) => type === 'filled')]).toEqual([0, []]);
    expect(world.records.slice(before).map(({ type }) => type)).toEqual(['cancelRequested']);
  });

  test('a venue that rejects what it has filled', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x', '10');
    world.driver.tell({ type: 'rejected', clientOrderId: ONE_ID, reason: 'no' });
    expect([world.cell().pos, world.anomalies]).toMatchObject([10, [{ code: 'ILLEGAL_TRANSITION' }]]);
  });

  test('a rejected order that is accepted after all is held again', async () => {
    const world = await working();
    world.driver.tell({ type: 'rejected', clientOrderId: ONE_ID, reason: 'no' });
    expect(world.cell().buy).toBe(0);
    world.driver.tell({ type: 'accepted', clientOrderId: ONE_ID });
    expect([world.cell().buy, world.anomalies]).toMatchObject([10, [{ code: 'RESURRECTED' }]]);
    await world.drain();
    expect(world.history.slice(-3)).toEqual(['rejected', 'accepted', 'cancelRequested']);
  });

  test('a venue that contradicts its own final report', async () => {
    const world = await working();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    world.driver.fill(ONE_ID, 'x', '2');
    expect([world.cell(), world.anomalies]).toMatchObject([
      { pos: 2, buy: 0 },
      [{ code: 'VENUE_CONTRADICTION' }],
    ]);
  });

  test('a report about an order that has not been sent yet: it is of no order of ours', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    world.driver.tell({ type: 'rejected', clientOrderId: ONE_ID, reason: 'no' });
    expect([world.cell().buy, world.anomalies]).toMatchObject([10, [{ code: 'ORDER_UNKNOWN' }]]);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'denied' });
    expect([world.driver.placed, world.cell().buy]).toEqual([[], 0]);
  });
});

describe('a disk that is dead', () => {
  test('halts once: cancelling what is open does not begin it again', async () => {
    const world = await working();
    await world.drained(
      Promise.all(['b', 'c', 'd'].map((intentId) => world.desk.submit(intent({ intentId })))),
    );
    world.driver.onCancel = never;
    world.driver.fill(ONE_ID, 'x', '1');
    world.log.fail();
    for (let i = 0; i < 20; i += 1) await world.turn();
    expect(world.driver.cancels).toHaveLength(4);
    expect(world.anomalies.map(({ code }) => code)).toEqual(Array(5).fill('DISK_FAILED'));
    expect(world.killSwitch.records()).toMatchObject([{ state: 'halted' }]);
  });

  test('halts again when somebody has released it', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x', '1');
    world.log.fail();
    await world.turn();
    await world.killSwitch.release({
      scope: FIRM,
      confirm: 'firm',
      reason: 'looks fine',
      by: person('ada'),
    });
    expect(world.trading).toBe('active');
    world.driver.fill(ONE_ID, 'y', '1');
    await world.turn();
    expect(world.trading).toBe('halted');
  });

  test('also when it refuses the roll of the day', async () => {
    const world = await working();
    world.clock.advance(86_400_000);
    world.mark(100);
    world.log.fail();
    await world.turn();
    expect([world.trading, world.anomalies[0]]).toMatchObject(['halted', { code: 'DISK_FAILED' }]);
    expect(world.anomalies[0]).not.toHaveProperty('clientOrderId');
  });
});

describe('listeners', () => {
  test('one that throws stops neither the others nor the order, and it is audited', async () => {
    const log = new MemoryAppendLog();
    const world = await DeskWorld.open();
    const audit = await AuditLog.open(log, { clock: world.clock });
    const other = await DeskWorld.open({ deps: { audit } });
    const heard: string[] = [];
    other.desk.onEvent(() => {
      throw new Error('broken listener');
    });
    other.desk.onEvent(({ kind }) => heard.push(kind));
    expect(await other.drained(other.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
    expect([heard, other.trading]).toEqual([['decided', 'order'], 'active']);
    expect(await kinds(log)).toEqual(['order.decided', 'listener.failed', 'listener.failed']);
  });

  test('one that has been let go hears nothing any more', async () => {
    const world = await DeskWorld.open();
    const heard: string[] = [];
    const listening = world.desk.onEvent(({ kind }) => heard.push(kind));
    listening[Symbol.dispose]();
    await world.drained(world.desk.submit(intent()));
    expect(heard).toEqual([]);
  });
});

async function kinds(log: MemoryAppendLog): Promise<string[]> {
  const found: string[] = [];
  for await (const { record } of log.read()) found.push((record as { kind: string }).kind);
  return found.filter((kind) => kind !== 'limits.in-force');
}

describe('the audit', () => {
  async function audited(options: Parameters<typeof DeskWorld.open>[0] = {}) {
    const log = new MemoryAppendLog();
    const seed = await DeskWorld.open();
    const audit = await AuditLog.open(log, { clock: seed.clock });
    const world = await DeskWorld.open({ ...options, deps: { audit } });
    const records = async (): Promise<unknown[]> => {
      const found: { readonly kind: string }[] = [];
      for await (const { record } of log.read()) found.push(record as { readonly kind: string });
      return found.filter(({ kind }) => kind !== 'limits.in-force');
    };
    return { log, world, records };
  }

  test('has every verdict with the limits it was made under', async () => {
    const { world, records } = await audited();
    await world.drained(world.desk.submit(intent()));
    await world.desk.submit(intent());
    await world.desk.submit(intent({ accountId: 'nobody' }));
    const { limitsHash } = world.guard;
    const by = { kind: 'system', id: 'order-desk' };
    expect(await records()).toMatchObject([
      {
        kind: 'order.decided',
        by,
        details: {
          decision: 'held',
          intent: intent(),
          denials: [],
          limitsHash,
          clientOrderId: ONE_ID,
          quantity: 10,
          isExit: false,
        },
      },
      { kind: 'order.decided', by, details: { decision: 'duplicate', denials: [], limitsHash } },
      {
        kind: 'order.decided',
        by,
        details: { decision: 'denied', denials: [{ code: 'ACCOUNT_UNKNOWN' }], limitsHash },
      },
    ]);
  });

  test('has what should not have happened', async () => {
    const { world, records } = await audited();
    world.driver.fill('stranger', 'x', '1');
    await world.turn();
    expect(await records()).toMatchObject([
      { kind: 'order.anomaly', details: { code: 'ORDER_UNKNOWN', clientOrderId: 'stranger' } },
    ]);
  });

  test('has a refused intent, whatever it holds', async () => {
    const { world, records } = await audited();
    const cyclic: Record<string, unknown> = { ...intent(), accountId: 7n };
    cyclic['self'] = cyclic;
    await world.desk.submit(cyclic as never);
    const numbers = intent({ price: { type: 'market', maxSlippageBps: NaN } });
    await world.desk.submit(numbers);
    await world.turn();
    expect(await records()).toMatchObject([
      { details: { intent: expect.stringContaining('not to be written as JSON') as string } },
      { details: { intent: { price: { maxSlippageBps: 'NaN' } } } },
    ]);
    expect(world.trading).toBe('active');
  });

  test('takes a measured value that is infinite: nothing traded lately does not trip the firm', async () => {
    const { world, records } = await audited({
      execution: {
        spreadBps: { entry: 'none' },
        volumeFraction: { entry: 0.1 },
        collarBps: { entry: 9_000, exit: 9_000 },
      },
    });
    world.mark(100, 'GOLD', { recentVolume: 0 as never });
    expect(await world.desk.submit(intent())).toMatchObject({
      denials: [{ code: 'VOLUME_TOO_LOW', measured: Infinity }],
    });
    await world.turn();
    expect([world.trading, await records()]).toMatchObject([
      'active',
      [{ details: { denials: [{ code: 'VOLUME_TOO_LOW', measured: 'Infinity' }] } }],
    ]);
  });

  test('that cannot be written trips reducing, once; the order goes its way', async () => {
    const audit = { record: () => Promise.reject(new Error('audit disk')) };
    const world = await DeskWorld.open({ deps: { audit } });
    world.desk.onEvent(() => {
      throw new Error('broken listener');
    });
    const outcome = world.desk.submit(intent());
    await world.drained(outcome);
    expect(world.killSwitch.records()).toMatchObject([
      { state: 'reducing', reason: 'the audit log cannot be written: audit disk' },
    ]);
    expect(world.cell()).toEqual({ pos: 0, buy: 0, sell: 0 });
  });

  test('that throws at once does the same, and the order does not stay held for ever', async () => {
    const audit = {
      record: () => {
        throw new Error('at once');
      },
    };
    const world = await DeskWorld.open({ deps: { audit } });
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'denied' });
    expect([world.trading, world.cell()]).toEqual(['reducing', { pos: 0, buy: 0, sell: 0 }]);
  });
});

test('a decision is told at once, with what it took, before anything is on disk', async () => {
  let now = 0;
  const world = await DeskWorld.open({
    risk: { maxTotalExposure: '400' },
    deps: { stopwatch: { monotonicMs: () => (now += 0.25) } },
  });
  void world.desk.submit(intent());
  void world.desk.submit(intent());
  void world.desk.submit(intent({ intentId: 'two' }));
  expect(world.told).toMatchObject([
    {
      kind: 'decided',
      decision: 'held',
      intent: intent(),
      denials: [{ code: 'TOTAL_EXPOSURE_LIMIT' }],
      tookMs: 0.25,
    },
    { kind: 'decided', decision: 'duplicate', denials: [] },
    { kind: 'decided', decision: 'denied', denials: [{ code: 'TOTAL_EXPOSURE_LIMIT' }] },
  ]);
  expect(world.driver.placed).toEqual([]);
});
