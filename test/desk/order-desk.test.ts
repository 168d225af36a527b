import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { TradingDay, person } from '../../src/core/index.ts';
import { OrderDesk, type PlaceReply, Venue, type VenueFill } from '../../src/desk/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { DAY_MS, DeskWorld, NOON_MS, ONE, ONE_ID, idOf, intent, venueFill } from '../support/desk-world.ts';
import { ScriptedDriver, failing, never } from '../support/scripted-driver.ts';

/** The same desk after a crash: a new process on what is on disk. */
const restart = (
  { log, clock, driver }: DeskWorld,
  options: Parameters<typeof DeskWorld.open>[0] = {},
): Promise<DeskWorld> => {
  const later = new ManualClock(clock.nowMs());
  return DeskWorld.open({ ...options, log: new ScriptedAppendLog(log.durable), clock: later, driver });
};

const account = ({ book }: DeskWorld) => {
  const { dayOpen, highWater, dayPnl, equity } = book.account('acc') ?? {};
  return { dayOpen, highWater, dayPnl, equity };
};

describe('a desk', () => {
  test('refuses an option that it does not know, and a time limit of 0', async () => {
    const world = await DeskWorld.open();
    expect(() => new OrderDesk({ timeoutMs: 1 } as never, world.deps())).toThrow(/timeoutMs/);
    expect(() => new OrderDesk({ venueTimeoutMs: 0 }, world.deps())).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  test.for(['journal', 'guard'] as const)('refuses a %s that was made for another desk', async (part) => {
    const [world, other] = [await DeskWorld.open(), await DeskWorld.open()];
    const stranger = part === 'journal' ? { journal: other.journal } : { killSwitch: other.killSwitch };
    const venue = new Venue(new ScriptedDriver());
    const refused = () => new OrderDesk({}, { ...world.deps(), ...stranger, venue });
    expect(refused).toThrow(new RegExp(`^OrderDesk: ${part}: expected`));
  });

  test('waits five seconds for the venue, unless told otherwise', async () => {
    const world = await DeskWorld.open();
    const driver = new ScriptedDriver();
    driver.onPlace = never;
    const desk = new OrderDesk({}, { ...world.deps(), venue: new Venue(driver) });
    await world.started(desk);
    const outcome = desk.submit(intent());
    await world.drain();
    world.clock.advance(4_999);
    await world.turn();
    expect(world.book.order(ONE_ID)?.state).toBe('submitting');
    world.clock.advance(1);
    expect(await world.drained(outcome)).toMatchObject({ reason: 'no answer within 5000 ms' });
  });

  test('shows the Book that it decides on', async () => {
    const world = await DeskWorld.open();
    expect(world.desk.book).toBe(world.book);
  });

  test('has settled when everything is on disk, whether the venue has answered or not', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = never;
    void world.desk.submit(intent());
    let settled = false;
    const settling = world.desk.settled().then(() => (settled = true));
    await world.turn();
    expect(settled).toBe(false);
    await world.drained(settling);
    expect(world.history).toEqual(['submitting']);
  });

  test('is heard by a trip of its venue', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    const by = person('ada');
    void world.killSwitch.trip({ scope: { kind: 'venue', id: 'other' }, to: 'halted', reason: 'test', by });
    expect(world.driver.cancels).toEqual([]);
    void world.killSwitch.trip({
      scope: { kind: 'venue', id: 'scripted' },
      to: 'halted',
      reason: 'test',
      by,
    });
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });
});

describe('stop', () => {
  test('takes no more orders, cancels those that work, and resolves when all is on disk', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    const stopping = world.desk.stop();
    expect(await world.desk.submit(intent({ intentId: 'two' }))).toEqual({
      kind: 'denied',
      denials: [{ gate: 'desk', code: 'DESK_STOPPED' }],
    });
    expect(world.driver.cancels).toEqual([ONE_ID]);
    await world.drain();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    await world.drained(stopping);
    expect(world.history.at(-1)).toBe('cancelled');
  });

  test('waits for the end of a cancelled order no longer than the venue may take', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    let stopped = false;
    const stopping = world.desk.stop().then(() => {
      stopped = true;
    });
    await world.drain();
    world.clock.advance(4_999);
    await world.drain();
    expect(stopped).toBe(false);
    world.clock.advance(1);
    await world.drained(stopping);
    expect(stopped).toBe(true);
  });

  test('does not send what was still being written down', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    const stopping = world.desk.stop();
    await world.drained(stopping);
    expect(await outcome).toMatchObject({ denials: [{ code: 'CANCELLED_BEFORE_SEND' }] });
    expect(world.driver.placed).toEqual([]);
  });

  test('comes to an end on a dead disk', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    world.log.fail();
    const stopping = world.desk.stop();
    await world.turn();
    world.clock.advance(5_000);
    await stopping;
    expect(world.driver.cancels[0]).toBe(ONE_ID);
  });
});

describe('a desk that has been stopped', () => {
  /** Stopped with one order that the venue would not cancel, and the log closed behind it. */
  async function stopped(): Promise<DeskWorld> {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    world.driver.onCancel = failing('not now');
    const stopping = world.desk.stop();
    await world.later(10_000, 1_000);
    await world.drained(stopping);
    return world;
  }

  test('hears its venue no more: what comes after the log was closed is for the next start', async () => {
    const world = await stopped();
    const { log, driver } = world;
    await log.close();
    driver.tell({ type: 'disconnected', reason: 'we closed the socket' });
    driver.fill(ONE_ID, 'x', '4');
    driver.fill('theirs', 'y', '4');
    for (let turns = 0; turns < 5; turns += 1) await world.turn();
    expect([world.trading, world.killSwitch.records(), world.cell().pos]).toEqual(['active', [], 0]);
    expect(world.killSwitch.restraints()).toEqual([]);
  });

  test('takes over nothing from a comparison that was under way', async () => {
    const world = await DeskWorld.open();
    const listed = Promise.withResolvers<readonly VenueFill[]>();
    world.driver.onFills = () => listed.promise;
    void world.desk.reconcile();
    await world.drained(world.desk.stop());
    await world.log.close();
    listed.resolve([venueFill({ clientOrderId: 'theirs', atMs: world.clock.nowMs() })]);
    await world.later(10_000, 1_000);
    expect([world.cell().pos, world.killSwitch.records(), world.anomalies]).toEqual([0, [], []]);
  });

  test('begins no new day', async () => {
    const world = await stopped();
    await world.log.close();
    world.clock.advance(DAY_MS);
    world.mark(100);
    await world.turn();
    expect([world.history.includes('day-rolled'), world.killSwitch.records()]).toEqual([false, []]);
  });

  test('listens again for as long as a flatten takes', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    await world.drained(world.desk.stop());
    world.driver.onPlace = ({ clientOrderId, quantity }) => {
      world.driver.fill(clientOrderId, 'exit', quantity);
      return Promise.resolve({ status: 'accepted' });
    };
    const flattening = world.desk.flatten({
      scope: { kind: 'firm' },
      by: person('ada'),
      reason: 'test',
    });
    expect(await world.drained(flattening)).toMatchObject({ flat: true });
    world.driver.tell({ type: 'accepted', clientOrderId: 'theirs' });
    expect(world.anomalies).toEqual([]);
  });

  test('takes over no answer that comes later', async () => {
    const world = await DeskWorld.open();
    const answer = Promise.withResolvers<PlaceReply>();
    world.driver.onPlace = () => answer.promise;
    const outcome = world.desk.submit(intent());
    await world.drain();
    const stopping = world.desk.stop();
    await world.later(20_000, 1_000);
    await world.drained(stopping);
    const before = world.history;
    answer.resolve({ status: 'accepted' });
    await world.drain();
    expect([(await outcome).kind, world.history, world.trading]).toEqual(['unknown', before, 'active']);
  });

  test('leaves the switch to others: nothing restrains, and its orders are not cancelled by a trip', async () => {
    const world = await DeskWorld.open();
    world.driver.tell({ type: 'disconnected', reason: 'test' });
    const stopping = world.desk.stop();
    await world.later(10_000, 1_000);
    await world.drained(stopping);
    const cancel = vi.spyOn(world.driver, 'cancel');
    expect(world.killSwitch.restraints()).toEqual([]);
    const next = new OrderDesk({}, { ...world.deps(), venue: new Venue(new ScriptedDriver()) });
    await world.started(next);
    expect(await world.drained(next.submit(intent()))).toMatchObject({ kind: 'accepted' });
    void world.killSwitch.trip({ to: 'halted', reason: 'test', by: person('ada') });
    expect(cancel).not.toHaveBeenCalled();
  });

  test('compares no more, and says so', async () => {
    const world = await stopped();
    world.driver.asked.length = 0;
    expect(await world.desk.reconcile()).toMatchObject({
      kind: 'failed',
      reason: 'the desk has been stopped',
    });
    expect(world.driver.asked).toEqual([]);
  });

  test('sends nothing that was still being looked for among the orders of days ago', async () => {
    const world = await DeskWorld.open();
    const found = Promise.withResolvers<undefined>();
    const archive = { isEmpty: false, find: () => found.promise };
    Object.defineProperty(world.journal, 'archive', { value: archive });
    const outcome = world.desk.submit(intent());
    await world.drained(world.desk.stop());
    found.resolve(undefined);
    await world.drain();
    expect([await outcome, world.driver.placed, world.cell().buy]).toEqual([
      { kind: 'denied', denials: [{ gate: 'desk', code: 'DESK_STOPPED' }] },
      [],
      0,
    ]);
  });

  test('changes no order', async () => {
    const world = await stopped();
    expect(await world.desk.amend(ONE_ID, { quantity: '11' })).toEqual({
      kind: 'denied',
      clientOrderId: ONE_ID,
      denials: [{ gate: 'desk', code: 'DESK_STOPPED' }],
    });
  });

  test('waits for what is open, not for what is unknown', async () => {
    const world = await DeskWorld.open();
    await world.unanswered();
    await world.drained(world.desk.submit(intent({ intentId: 'two' })));
    const stopping = world.desk.stop().then(() => 'stopped');
    expect(await world.throughTurns(stopping)).toBeUndefined();
    world.driver.tell({ type: 'cancelled', clientOrderId: idOf('two'), cumulative: '0' });
    expect([await world.throughTurns(stopping), world.book.order(ONE_ID)?.state]).toEqual([
      'stopped',
      'unknown',
    ]);
  });
});

describe('the roll of the day', () => {
  /** A position of 10 bought at 100 and marked at 110, one second before midnight. */
  async function lastSecond(tradingDay?: TradingDay): Promise<DeskWorld> {
    const clock = new ManualClock(NOON_MS);
    const world = await DeskWorld.open(tradingDay === undefined ? { clock } : { clock, tradingDay });
    await world.position('10');
    clock.advance(DAY_MS / 2 - 1_000);
    world.mark(110);
    await world.drain();
    return world;
  }

  test('stands before the first tick past it, at the last marks of the old day', async () => {
    const world = await lastSecond();
    expect(account(world)).toMatchObject({ dayOpen: 100_000 * ONE, dayPnl: 100 * ONE });
    world.clock.advance(1_000);
    world.mark(90);
    expect(account(world)).toEqual({
      dayOpen: 100_100 * ONE,
      highWater: 100_100 * ONE,
      equity: 99_900 * ONE,
      dayPnl: -200 * ONE, // the whole gap belongs to the new day
    });
    await world.drain();
    expect(world.records.at(-1)).toEqual({
      type: 'dayRolled',
      atMs: NOON_MS + DAY_MS / 2,
      dayId: '2026-01-03',
      accounts: [
        {
          accountId: 'acc',
          dayOpen: '100100',
          highWater: '100100',
          strategies: [{ strategyId: 'strat', pnl: '100' }],
        },
      ],
    });
    expect(world.told.filter(({ kind }) => kind === 'day-rolled')).toMatchObject([
      { day: { dayId: '2026-01-03' } },
    ]);
  });

  test('is not there in the last millisecond of the day', async () => {
    const world = await lastSecond();
    world.clock.advance(999);
    world.mark(90);
    expect(account(world).dayOpen).toBe(100_000 * ONE);
  });

  test('stands before the first decision past it', async () => {
    const world = await lastSecond();
    world.clock.advance(1_000);
    void world.desk.submit(intent());
    await world.drain();
    expect(world.history.slice(-3)).toEqual(['dayRolled', 'submitting', 'accepted']);
  });

  test('stands before the first fill past it: the fill belongs to the new day', async () => {
    const world = await lastSecond();
    await world.drained(world.desk.submit(intent()));
    world.clock.advance(1_000);
    world.driver.fill(ONE_ID, 'x', '10', { price: '120' }); // 10 above the mark: 100 lost
    await world.drain();
    expect(world.history.slice(-2)).toEqual(['dayRolled', 'filled']);
    expect(account(world)).toMatchObject({ dayOpen: 100_100 * ONE, dayPnl: -100 * ONE });
  });

  test('happens once a day', async () => {
    const world = await lastSecond();
    world.clock.advance(1_000);
    world.mark(90);
    world.mark(91);
    await world.drain();
    expect(world.history.filter((type) => type === 'dayRolled')).toHaveLength(1);
  });

  test('never goes backwards when the wall clock does', async () => {
    const world = await lastSecond();
    world.clock.advance(1_000);
    world.mark(90);
    world.clock.jump(-DAY_MS);
    world.mark(80);
    world.clock.jump(DAY_MS);
    world.mark(70);
    await world.drain();
    expect(account(world).dayOpen).toBe(100_100 * ONE);
    expect(world.history.filter((type) => type === 'dayRolled')).toHaveLength(1);
  });

  test('follows the zone and hour of the trading day', async () => {
    const world = await lastSecond(new TradingDay({ zone: 'America/New_York', rollHour: 17 }));
    world.clock.advance(1_000); // midnight in UTC, 19:00 in New York: rolled two hours ago
    expect(world.records[0]).toMatchObject({ dayId: '2026-01-02' });
    expect(world.history).toContain('dayRolled');
  });
});

describe('a restart', () => {
  async function lived(): Promise<DeskWorld> {
    const world = await DeskWorld.open();
    await world.position('10');
    world.mark(130);
    world.clock.advance(DAY_MS);
    world.mark(120); // rolled at 130: open 100,300
    await world.drained(world.desk.submit(intent({ price: { type: 'limit', limit: '110' } })));
    return world;
  }

  test('takes over day open and high-water mark: it forgives no loss', async () => {
    const world = await lived();
    expect(account(world)).toMatchObject({ dayOpen: 100_300 * ONE, highWater: 100_300 * ONE });
    const again = await restart(world, { unquoted: true });
    expect(account(again)).toEqual({
      dayOpen: 100_300 * ONE,
      highWater: 100_300 * ONE,
      equity: NaN,
      dayPnl: NaN,
    });
    again.mark(120);
    expect(account(again)).toEqual(account(world));
  });

  test('takes the highest mark that was stamped, also when the day was not rolled since', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    world.mark(150);
    world.mark(100);
    await world.drained(world.desk.submit(intent()));
    const again = await restart(world);
    expect(account(again)).toMatchObject({ highWater: 100_500 * ONE });
  });

  test('denies entries until it knows its equity; exits pass', async () => {
    const world = await restart(await lived(), { unquoted: true, risk: { maxDailyLoss: '1000' } });
    world.mark(100, 'SILVER');
    const silver = intent({ intentId: 'silver', instrumentId: 'SILVER' });
    expect(await world.desk.submit(silver)).toMatchObject({
      denials: expect.arrayContaining([expect.objectContaining({ code: 'MARK_MISSING' })]) as unknown,
    });
    world.mark(120);
    world.mark(100, 'SILVER');
    expect(await world.drained(world.desk.submit(silver))).toMatchObject({ kind: 'accepted' });
    const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '121' } });
    expect(await world.drained(world.desk.submit(exit))).toMatchObject({ kind: 'accepted' });
  });

  test('rolls the day that ended while it was down, at the first tick, and not twice', async () => {
    const world = await lived();
    world.clock.advance(DAY_MS);
    const again = await restart(world, { unquoted: true });
    again.mark(120);
    again.mark(121);
    await again.drain();
    expect(again.history.filter((type) => type === 'dayRolled')).toHaveLength(2);
    // Equity was unknown, so the old open stands and the loss of the night counts.
    expect(account(again)).toMatchObject({ dayOpen: 100_300 * ONE });
  });

  test('keeps what was in doubt held, knows every id, and hears what the venue says', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = never;
    void world.desk.submit(intent());
    world.log.commit();
    await world.turn();
    expect(world.driver.placed).toHaveLength(1);

    const again = await restart(world);
    expect([again.journal.recovered.inDoubt, again.cell().buy]).toEqual([[ONE_ID], 10]);
    expect(await again.desk.submit(intent())).toEqual({
      kind: 'duplicate',
      clientOrderId: ONE_ID,
      state: 'unknown',
    });
    again.driver.fill(ONE_ID, 'x', '4');
    again.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '4' });
    expect(again.cell()).toEqual({ pos: 4, buy: 0, sell: 0 });
    expect(again.trading).toBe('active');
  });

  test('can cancel what was in doubt', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = never;
    void world.desk.submit(intent());
    await world.drain();
    const again = await restart(world);
    expect(await again.drained(again.desk.cancel(ONE_ID))).toMatchObject({ kind: 'requested' });
    expect(again.driver.cancels).toEqual([ONE_ID]);
  });
});

test('an exit goes out, and is read again, while the high-water mark is unknown', async () => {
  const world = await DeskWorld.open();
  await world.position('10');
  await world.position('10', 'SILVER');
  const again = await restart(world, { unquoted: true });
  again.mark(100); // silver has no price, so equity is unknown
  again.book.flow('acc', '5', person('ada'), 'deposit while equity is unknown');
  expect(again.book.account('acc')?.highWater).toBeNaN();
  const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '101' } });
  expect(await again.drained(again.desk.submit(exit))).toMatchObject({ kind: 'accepted' });
  expect(again.records.at(-2)).toMatchObject({ type: 'submitting', highWater: 'NaN' });

  const third = await restart(again, { unquoted: true });
  expect(third.cell()).toEqual({ pos: 10, buy: 0, sell: 10 });
  expect(third.book.account('acc')?.highWater).toBe(100_000 * ONE);
});
