import { describe, expect, test } from 'vitest';
import type { VenueFill } from '../../../src/desk/index.ts';
import { DeskWorld, NOON_MS, ONE_ID, intent, report, venueFill } from '../../support/desk-world.ts';
import { failing } from '../../support/scripted-driver.ts';
import { ScriptedAppendLog } from '../../../src/testing/index.ts';

const OVERLAP_MS = 300_000;
const LOOK_BACK_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** How long all fills are not asked for again. */
const ALL_AGAIN_MS = 300_000;

/** A desk with one working order to buy 10, and a venue that lists these fills. */
async function listing(...fills: readonly VenueFill[]): Promise<DeskWorld> {
  const world = await DeskWorld.open({ desk: { reconcileEveryMs: 'never' } });
  await world.drained(world.desk.submit(intent()));
  list(world, ...fills);
  return world;
}

/** The venue says how much of it there is, in positions as well. */
function list({ driver }: DeskWorld, ...fills: readonly VenueFill[]): void {
  driver.onFills = () => Promise.resolve(fills);
  driver.onPositions = () => {
    const quantity = fills.reduce(
      (sum, one) => sum + Number(one.quantity) * (one.side === 'buy' ? 1 : -1),
      0,
    );
    return Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: String(quantity) }]);
  };
}

const nameless = (overrides: Partial<VenueFill> = {}): VenueFill => {
  const { clientOrderId: _ours, ...fill } = venueFill({ executionId: 'theirs', ...overrides });
  return fill;
};
const asked = ({ driver }: DeskWorld): number[] =>
  driver.asked.flatMap((one) => (one.startsWith('fills') ? [Number(one.slice(6))] : []));

describe('a fill of an order of ours', () => {
  test('is booked as the venue has it', async () => {
    const world = await listing(venueFill({ price: '99.5', fee: { amount: '0.04', currency: 'USDT' } }));
    expect(await world.differences()).toEqual(['FILL_MISSED']);
    expect([world.cell(), world.book.account('acc')?.cash.toFixed()]).toEqual([
      { pos: 4, buy: 6, sell: 0 },
      '99601.96',
    ]);
    expect(world.history.at(-1)).toBe('filled');
  });

  test('that we were told of is none that we missed; that is listed again is booked once', async () => {
    const world = await listing(venueFill());
    world.driver.fill(ONE_ID, 'x', '4');
    expect([await world.differences(), await world.differences()]).toEqual([[], []]);
    expect(world.history.filter((type) => type === 'filled')).toHaveLength(1);
  });

  test('twice in one list is one', async () => {
    const world = await listing(venueFill(), venueFill());
    world.driver.onPositions = () =>
      Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '4' }]);
    expect([await world.differences(), world.cell().pos]).toEqual([['FILL_MISSED'], 4]);
  });

  test('is booked however old the venue says it is', async () => {
    const world = await listing(venueFill({ atMs: 0 }));
    expect([await world.differences(), world.cell().pos]).toEqual([['FILL_MISSED'], 4]);
  });

  test.for(['0', '1.5', '-1'])('of %s lots cannot be booked: that restricts trading', async (quantity) => {
    const world = await listing(venueFill({ quantity }));
    world.driver.onPositions = () => Promise.resolve([]);
    const result = await world.reconciled();
    if (quantity === '-1') expect(result.kind).toBe('failed');
    else expect(result).toMatchObject({ differences: [{ code: 'FILL_MISSED', settled: false }] });
    expect([world.cell().pos, world.trading]).toEqual([0, quantity === '-1' ? 'active' : 'reducing']);
  });

  test.for<[Partial<VenueFill>, string]>([
    [{ side: 'sell' }, 'sell GOLD of account acc'],
    [{ instrumentId: 'SILVER' }, 'buy SILVER of account acc'],
    [{ accountId: 'two' }, 'buy GOLD of account two'],
  ])(
    'that is not of the order it names is booked nowhere, and restricts trading: %o',
    async ([other, told]) => {
      const accounts = ['acc', 'two'].map((accountId) => ({ accountId, currency: 'USDT', balance: '1000' }));
      const world = await DeskWorld.open({ accounts, desk: { reconcileEveryMs: 'never' } });
      await world.drained(world.desk.submit(intent()));
      list(world, venueFill(other));
      world.driver.onPositions = () => Promise.resolve([]);
      const detail = `execution x: ${told}, the order is buy GOLD of account acc`;
      // Every question of the comparison finds it; it is listed once.
      world.driver.onOpenOrders = () => Promise.resolve([report({ cumulative: '4' })]);
      expect(await world.reconciled()).toMatchObject({
        differences: [{ code: 'FILL_MISSED', settled: false, detail, clientOrderId: ONE_ID }],
      });
      expect([world.cell(), world.cell('SILVER').pos, world.trading]).toEqual([
        { pos: 0, buy: 10, sell: 0 },
        0,
        'reducing',
      ]);
    },
  );

  test('beyond the order is booked, and restricts trading', async () => {
    const world = await listing(venueFill({ quantity: '12' }));
    world.driver.onOpenOrders = () => Promise.resolve([]);
    expect(await world.differences()).toEqual(['FILL_MISSED']);
    expect([world.cell().pos, world.trading]).toEqual([12, 'reducing']);
    expect(world.anomalies.map(({ code }) => code)).toEqual(['OVERFILL']);
  });
});

describe('a fill of an order that we never sent', () => {
  test('is booked to the account under the strategy external, once, and restricts trading', async () => {
    const world = await listing(nameless({ side: 'sell', price: '120' }));
    expect(await world.differences()).toEqual(['FILL_EXTERNAL']);
    const row = [...world.book.orders()].at(-1);
    expect(row).toMatchObject({
      state: 'filled',
      leaves: 0,
      order: { strategyId: 'external', side: 'sell' },
    });
    expect([world.cell().pos, world.trading]).toEqual([-4, 'reducing']);
    expect([await world.differences(), world.cell().pos]).toEqual([[], -4]);
    expect(world.anomalies.map(({ code }) => code)).toEqual(['FILL_EXTERNAL']);
  });

  test('under an id that we do not know is the same', async () => {
    const world = await listing(venueFill({ clientOrderId: 'theirs' }));
    expect([await world.differences(), world.cell().pos]).toEqual([['FILL_EXTERNAL'], 4]);
  });

  test('is there after a restart, and not booked again', async () => {
    const world = await listing(nameless());
    await world.reconciled();
    const log = new ScriptedAppendLog(world.log.durable);
    const again = await DeskWorld.open({ log, driver: world.driver, desk: { reconcileEveryMs: 'never' } });
    expect([again.cell().pos, await again.differences()]).toEqual([4, []]);
  });

  test('is in the opening balance when it is older than the journal, to the millisecond', async () => {
    const before = await listing(nameless({ atMs: NOON_MS - 1 }));
    before.driver.onPositions = () => Promise.resolve([]);
    expect([await before.differences(), before.cell().pos]).toEqual([[], 0]);
    const at = await listing(nameless({ atMs: NOON_MS }));
    expect(await at.differences()).toEqual(['FILL_EXTERNAL']);
  });

  test('of an account of somebody else is ignored', async () => {
    const world = await listing(nameless({ accountId: 'theirs' }));
    world.driver.onPositions = () => Promise.resolve([]);
    expect(await world.differences()).toEqual([]);
  });

  test('of an instrument that is not configured is told, and restricts trading', async () => {
    const world = await listing(nameless({ instrumentId: 'TIN' }));
    world.driver.onPositions = () => Promise.resolve([]);
    expect(await world.reconciled()).toMatchObject({
      differences: [{ code: 'INSTRUMENT_FOREIGN', settled: false, detail: 'execution theirs' }],
    });
    expect(world.trading).toBe('reducing');
  });

  test.for<Partial<VenueFill>>([{ quantity: '0.5' }, { quantity: '0' }, { price: '0' }, { price: '0.00' }])(
    'that cannot be booked is told by each comparison, and written down by none: %o',
    async (wrong) => {
      const world = await listing(nameless(wrong));
      world.driver.onPositions = () => Promise.resolve([]);
      expect(await world.differences()).toEqual(['FILL_EXTERNAL open']);
      expect(await world.differences()).toEqual(['FILL_EXTERNAL open']);
      expect([world.cell().pos, world.trading, world.history.includes('external')]).toEqual([
        0,
        'reducing',
        false,
      ]);
    },
  );

  test('told as an event is looked for among the fills, and booked from there', async () => {
    const world = await listing(venueFill({ clientOrderId: 'theirs' }));
    world.driver.fill('theirs', 'x', '4');
    await world.drain();
    expect([world.cell().pos, world.anomalies.map(({ code }) => code)]).toEqual([
      4,
      ['ORDER_UNKNOWN', 'FILL_EXTERNAL'],
    ]);
  });

  test('that the venue cannot list now is found by the next comparison', async () => {
    const world = await listing(venueFill({ clientOrderId: 'theirs' }));
    const { onFills } = world.driver;
    world.driver.onFills = failing();
    world.driver.fill('theirs', 'x', '4');
    await world.drain();
    expect([world.cell().pos, world.trading]).toEqual([0, 'reducing']);
    world.driver.onFills = onFills;
    expect([await world.differences(), world.cell().pos]).toEqual([['FILL_EXTERNAL'], 4]);
  });
});

describe('fills are asked for', () => {
  test('from before the journal began: the clock of the venue may be behind', async () => {
    const world = await listing();
    await world.reconciled();
    expect(asked(world)).toEqual([NOON_MS - OVERLAP_MS]);
  });

  test('from before the newest one seen: one may be listed late', async () => {
    const world = await listing(venueFill({ atMs: NOON_MS + HOUR_MS }));
    world.clock.advance(HOUR_MS);
    await world.reconciled();
    await world.reconciled();
    expect(asked(world)).toEqual([NOON_MS - OVERLAP_MS, NOON_MS + HOUR_MS - OVERLAP_MS]);
  });

  test('from no later than now, however far ahead the clock of the venue, or one mistake in it', async () => {
    const world = await listing(venueFill({ atMs: NOON_MS * 1_000 }));
    await world.reconciled();
    list(world, venueFill(), venueFill({ executionId: 'y', quantity: '2' }));
    expect([await world.differences(), asked(world).at(-1)]).toEqual([['FILL_MISSED'], NOON_MS - OVERLAP_MS]);
  });

  /** The desk of a process that starts later, over the same journal and the same venue. */
  async function restarted({ log, driver, clock }: DeskWorld): Promise<DeskWorld> {
    const durable = new ScriptedAppendLog(log.durable);
    const desk = { reconcileEveryMs: 'never' as const };
    const world = await DeskWorld.open({ log: durable, driver, clock, desk, unstarted: true });
    await world.started();
    return world;
  }

  test('after a restart from a day before the end of the journal, however long ago that was', async () => {
    const world = await listing();
    world.clock.advance(3 * LOOK_BACK_MS);
    world.mark(100);
    await world.drained(world.desk.submit(intent({ intentId: 'two' })));
    world.clock.advance(5 * LOOK_BACK_MS);
    await restarted(world);
    expect(asked(world).at(-1)).toBe(NOON_MS + 2 * LOOK_BACK_MS - OVERLAP_MS);
  });

  test('after a restart not from before the journal', async () => {
    const world = await listing();
    world.clock.advance(3 * LOOK_BACK_MS);
    await restarted(world);
    expect(asked(world).at(-1)).toBe(NOON_MS - OVERLAP_MS);
  });

  test('after a restart, and what was filled while nobody listened is booked, in spite of starts that came to nothing', async () => {
    const world = await listing();
    await world.unanswered({ intentId: 'two' });
    list(world, venueFill({ atMs: NOON_MS + HOUR_MS }));
    const { onFills } = world.driver;
    world.driver.onFills = failing();
    world.clock.advance(3 * LOOK_BACK_MS);
    const dead = await restarted(world);
    dead.clock.advance(3 * LOOK_BACK_MS);
    world.driver.onFills = (sinceMs, signal) =>
      onFills(sinceMs, signal).then((fills) => fills.filter(({ atMs }) => atMs >= sinceMs));
    const again = await restarted(dead);
    expect([again.cell().pos, again.trading]).toEqual([4, 'active']);
  });

  test('from before the journal began when an order says that one is missing, once in a while at most', async () => {
    const world = await listing();
    const behind = venueFill({ atMs: NOON_MS - HOUR_MS });
    world.driver.onFills = (sinceMs) => Promise.resolve(behind.atMs >= sinceMs ? [behind] : []);
    world.driver.onOpenOrders = () => Promise.resolve([report({ cumulative: '4' })]);
    world.driver.onPositions = () =>
      Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '4' }]);
    expect([await world.differences(), world.cell().pos]).toEqual([['FILL_MISSED'], 4]);
    expect(asked(world).at(-1)).toBe(NOON_MS - LOOK_BACK_MS);
    world.driver.onLookup = () => Promise.resolve(report({ cumulative: '5' }));
    world.driver.onOpenOrders = () => Promise.resolve([report({ cumulative: '5' })]);
    world.driver.asked.length = 0;
    await world.reconciled();
    await world.later(ALL_AGAIN_MS - 10_000, 1_000);
    expect(asked(world)).not.toContain(NOON_MS - LOOK_BACK_MS);
    await world.later(60_000, 1_000);
    expect(asked(world).filter((sinceMs) => sinceMs === NOON_MS - LOOK_BACK_MS)).toHaveLength(1);
  });
});
