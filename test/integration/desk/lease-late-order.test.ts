import { expect, test, vi } from 'vitest';
import { SystemClock, TradingDay } from '../../../src/core/index.ts';
import { type DeskEvent, Journal, OrderDesk, Venue, type VenueDriver } from '../../../src/desk/index.ts';
import { ExecutionPolicy } from '../../../src/execution/index.ts';
import { KillSwitch, RiskGuard } from '../../../src/risk/index.ts';
import { Lease, type LeaseHold, MemoryAppendLog, MemoryStateStore } from '../../../src/storage/index.ts';
import { Book } from '../../../src/trading/index.ts';
import { GOLD, ONE_ID, WIDE_EXECUTION, WIDE_RISK, intent, view } from '../../support/desk-world.ts';
import { HoldingProxy } from '../../support/holding-proxy.ts';
import { SIGNAL, ToyWorld } from '../../support/toy-exchange.ts';

const clock = new SystemClock();

/** A desk on the one journal, as one holder of the lease after the other opens it. */
async function deskOn(log: MemoryAppendLog, driver: VenueDriver, tenure: LeaseHold, graceMs: number) {
  const book = new Book();
  const parts = { book, clock, tradingDay: new TradingDay(), instruments: [GOLD], tenure };
  const store = new MemoryStateStore({ clock });
  const killSwitch = await KillSwitch.open({ store, clock, venue: driver.name }, true);
  const accounts = [{ accountId: 'acc', currency: 'USDT', balance: '1000000' }];
  const journal = await Journal.open({ input: {}, accounts }, { ...parts, log });
  const guard = new RiskGuard(WIDE_RISK, { book, clock, killSwitch });
  const policy = new ExecutionPolicy(WIDE_EXECUTION);
  const desk = new OrderDesk(
    { venueTimeoutMs: 60_000, lookup: { firstDelayMs: 50, maxDelayMs: 100, graceMs, looks: 3 } },
    { ...parts, guard, policy, killSwitch, journal, venue: new Venue(driver) },
  );
  const told: DeskEvent[] = [];
  desk.onEvent((event) => told.push(event));
  desk.mark(view(100, { receivedMonotonicMs: clock.monotonicMs(), receivedMs: clock.nowMs() }));
  return { desk, book, journal, killSwitch, told };
}

type Opened = Awaited<ReturnType<typeof deskOn>>;

/** Waits until it is so; fails where it never is. */
const until = (holds: () => boolean | Promise<boolean>): Promise<void> =>
  vi.waitFor(async () => expect(await holds()).toBe(true), { timeout: 30_000, interval: 20 });

/** Position, and what buys may still add to it. */
const held = ({ book }: Pick<Opened, 'book'>) => {
  const { pos = 0, buy = 0 } = book.cell('acc', 'GOLD') ?? {};
  return { pos, buy };
};

/** What the exchange says is there: position, open orders, fills that it has booked. */
async function atExchange(world: ToyWorld) {
  const driver = world.silentDriver();
  const [positions, open] = await Promise.all([driver.positions(SIGNAL), driver.openOrders(SIGNAL)]);
  const facts = world.exchange.log().flatMap((line) => line.facts);
  return {
    pos: Number(positions.find(({ instrumentId }) => instrumentId === 'GOLD')?.quantity ?? 0),
    open: open.length,
    accepted: facts.filter(({ type }) => type === 'accepted').length,
    fills: facts.filter((fact) => fact.type === 'filled' && fact.againstQuote).length,
  };
}

/** The first desk has passed its last look at the lease and sent; its request is on the way, and the lease goes to the next. */
async function handedOver(world: ToyWorld, proxy: HoldingProxy, graceMs: number) {
  const [log, store] = [new MemoryAppendLog(), new MemoryStateStore({ clock })];
  const lease = (owner: string, ttlMs = 60_000) =>
    new Lease({ name: 'desk:acc', owner, ttlMs }, { store, clock });
  // Of a lease that was never there nobody knows who has it: the first one waits for its time to live.
  await (await lease('before', 300).acquire()).release();
  // The exchange takes what was signed this long ago.
  const slow = world.silentDriver({ url: `http://127.0.0.1:${proxy.port}`, windowMs: 60_000 });
  const old = await lease('old').acquire();
  const first = await deskOn(log, slow, old, graceMs);
  expect(await first.desk.start()).toMatchObject({ kind: 'reconciled' });
  proxy.hold();
  const outcome = first.desk.submit(intent({ price: { type: 'limit', limit: '100', postOnly: false } }));
  await until(() => proxy.isHolding);
  await old.release();

  const hold = await lease('next').acquire();
  const next = await deskOn(log, world.silentDriver(), hold, graceMs);
  expect(hold.token).toBeGreaterThan(old.token);
  expect(next.journal.recovered.inDoubt).toEqual([ONE_ID]);
  expect(held(next)).toEqual({ pos: 0, buy: 10 });
  return { log, first, outcome, next, hold };
}

/** Nothing twice, nothing lost: the books are the exchange's, and so are those of whoever reads the journal next. */
async function expectSettled(
  world: ToyWorld,
  next: Opened,
  log: MemoryAppendLog,
  hold: LeaseHold,
  pos: number,
) {
  const fills = pos === 0 ? 0 : 1;
  expect(await atExchange(world)).toEqual({ pos, open: 0, accepted: 1, fills });
  expect(await next.desk.reconcile()).toMatchObject({ kind: 'reconciled', differences: [], inDoubt: [] });
  expect(held(next)).toEqual({ pos, buy: 0 });
  const booked = next.told.filter((event) => event.kind === 'order' && event.event.type === 'filled');
  expect(booked).toHaveLength(fills);
  await next.desk.stop();
  const again = await deskOn(log, world.silentDriver(), hold, 0);
  expect(held(again)).toEqual({ pos, buy: 0 });
  expect(again.book.account('acc')).toEqual(next.book.account('acc'));
}

/** What the first one is told, it neither counts nor writes; nor does it trip anything. */
async function expectSilent(first: Opened, outcome: ReturnType<OrderDesk['submit']>) {
  await first.desk.stop();
  expect(await outcome).toMatchObject({ kind: 'unknown' });
  expect(held(first)).toEqual({ pos: 0, buy: 10 });
  expect([first.killSwitch.records(), first.told.filter(({ kind }) => kind === 'anomaly')]).toEqual([[], []]);
}

test('an order that comes to the exchange while the next desk still looks for it is booked once', async () => {
  await using world = await ToyWorld.start();
  await world.quote([], [['100', '4']]);
  await using proxy = await HoldingProxy.open(world.exchange.port);
  const { log, first, outcome, next, hold } = await handedOver(world, proxy, 600_000);
  // The exchange does not know it, which does not count yet.
  expect(await next.desk.start()).toMatchObject({ kind: 'reconciled', differences: [], inDoubt: [ONE_ID] });
  expect(held(next)).toEqual({ pos: 0, buy: 10 });

  proxy.release();
  await until(() => next.book.order(ONE_ID)?.state === 'working' && held(next).pos === 4);
  expect(held(next)).toEqual({ pos: 4, buy: 6 });
  expect([next.killSwitch.tradingState(), next.told.filter(({ kind }) => kind === 'anomaly')]).toEqual([
    'active',
    [],
  ]);
  await next.desk.cancelAll();
  await until(() => next.book.order(ONE_ID)?.state === 'cancelled');
  await expectSilent(first, outcome);
  await expectSettled(world, next, log, hold, 4);
});

test.for([
  ['and is filled', '10', 10],
  ['and is filled in part', '4', 4],
  ['and works', undefined, 0],
] as const)(
  'an order that comes to the exchange after the next desk has given it up, %s, is booked, stops entries, and does not stay',
  async ([, asked, pos]) => {
    await using world = await ToyWorld.start();
    await world.quote([], asked === undefined ? [] : [['100', asked]]);
    await using proxy = await HoldingProxy.open(world.exchange.port);
    const { log, first, outcome, next, hold } = await handedOver(world, proxy, 50);
    await next.desk.start();
    await until(() => next.book.order(ONE_ID)?.state === 'rejected');
    expect(held(next)).toEqual({ pos: 0, buy: 0 });
    expect(next.killSwitch.tradingState()).toBe('active');

    proxy.release();
    await until(() => next.killSwitch.tradingState() === 'reducing');
    await until(() => held(next).pos === pos && [...next.book.liveOrders()].length === 0);
    expect(next.told.filter(({ kind }) => kind === 'anomaly')).not.toEqual([]);
    await until(async () => (await atExchange(world)).open === 0);
    await expectSilent(first, outcome);
    await expectSettled(world, next, log, hold, pos);
  },
);
