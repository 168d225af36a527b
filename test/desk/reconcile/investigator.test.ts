import { describe, expect, test } from 'vitest';
import { person } from '../../../src/core/index.ts';
import type { VenueOrderReport } from '../../../src/desk/index.ts';
import { FIRM } from '../../../src/risk/index.ts';
import {
  DeskWorld,
  NOON_MS,
  ONE_ID,
  TIMEOUT_MS,
  idOf,
  intent,
  report,
  venueFill,
} from '../../support/desk-world.ts';
import { failing, never } from '../../support/scripted-driver.ts';

const HELD = { pos: 0, buy: 10, sell: 0 };
const NOTHING = { pos: 0, buy: 0, sell: 0 };
/** Looks at 100, 300, 700 and from then on every 400 ms after the doubt began. */
const LOOKUP = { firstDelayMs: 100, maxDelayMs: 400, graceMs: 1_000, looks: 3 };
/** The look at which all is enough: the grace period began with the first. */
const ENOUGH_MS = 1_100;

/** A desk with one order in doubt, of which the venue knows nothing. */
async function doubtful(lookup: Partial<typeof LOOKUP> = {}): Promise<DeskWorld> {
  const world = await DeskWorld.open({
    desk: { reconcileEveryMs: 'never', lookup: { ...LOOKUP, ...lookup } },
  });
  await world.unanswered();
  return world;
}

const stateOf = (world: DeskWorld, id = ONE_ID) => world.book.order(id)?.state;
const looks = ({ driver }: DeskWorld) => driver.asked.filter((asked) => asked.startsWith('lookup'));

describe('an order that was not answered', () => {
  test('is looked up by its id after the first delay, not before', async () => {
    const world = await doubtful();
    await world.later(99);
    expect(looks(world)).toEqual([]);
    await world.later(1);
    expect(looks(world)).toEqual([`lookup ${ONE_ID}`]);
  });

  test('is looked up ever more slowly, up to the longest delay', async () => {
    const world = await doubtful({ graceMs: 1_000_000 });
    const at: number[] = [];
    world.driver.onLookup = () => {
      at.push(world.clock.nowMs() - NOON_MS - TIMEOUT_MS);
      return Promise.resolve(undefined);
    };
    await world.later(2_000);
    expect(at).toEqual([100, 300, 700, 1_100, 1_500, 1_900]);
  });

  test('found working, works: it is looked up no more', async () => {
    const world = await doubtful();
    world.driver.onLookup = () => Promise.resolve(report({ venueOrderId: 'v7' }));
    await world.later(5_000);
    expect([stateOf(world), world.cell(), looks(world).length]).toEqual(['working', HELD, 1]);
    expect(world.records.at(-1)).toMatchObject({ type: 'accepted', venueOrderId: 'v7' });
    expect(world.trading).toBe('active');
  });

  test('found filled, is filled by the fills that the venue lists', async () => {
    const world = await doubtful();
    world.driver.onLookup = () => Promise.resolve(report({ state: 'filled', cumulative: '10' }));
    world.driver.onFills = () => Promise.resolve([venueFill({ quantity: '10', price: '99' })]);
    await world.later(100);
    expect([stateOf(world), world.cell()]).toEqual(['filled', { pos: 10, buy: 0, sell: 0 }]);
    expect(world.records.at(-1)).toMatchObject({ type: 'filled', price: '99' });
    expect(world.trading).toBe('active');
  });

  test.for(['cancelled', 'expired'] as const)('found %s, is over with what was filled', async (state) => {
    const world = await doubtful();
    world.driver.onLookup = () => Promise.resolve(report({ state, cumulative: '4' }));
    world.driver.onFills = () => Promise.resolve([venueFill()]);
    await world.later(5_000);
    expect([stateOf(world), world.cell(), looks(world).length]).toEqual([
      state,
      { pos: 4, buy: 0, sell: 0 },
      1,
    ]);
  });

  test('found rejected, holds nothing, and says why', async () => {
    const world = await doubtful();
    world.driver.onLookup = () => Promise.resolve(report({ state: 'rejected', reason: 'no money' }));
    await world.later(100);
    expect([stateOf(world), world.cell()]).toEqual(['rejected', NOTHING]);
    expect(world.records.at(-1)).toMatchObject({ type: 'rejected', reason: 'no money' });
  });

  test('found filled beyond what is listed, stays held for the rest, is looked up on, and restricts trading once', async () => {
    const world = await doubtful();
    world.driver.onLookup = () => Promise.resolve(report({ state: 'filled', cumulative: '10' }));
    world.driver.onFills = () => Promise.resolve([venueFill()]);
    await world.later(2_000);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', { pos: 4, buy: 6, sell: 0 }]);
    expect(world.anomalies.map(({ code }) => code)).toEqual(['FILL_UNLISTED']);
    expect(looks(world).length).toBeGreaterThan(2);
  });

  test('heard of by an event, is looked up no more', async () => {
    const world = await doubtful();
    world.driver.tell({ type: 'accepted', clientOrderId: ONE_ID });
    await world.later(5_000);
    expect(looks(world)).toEqual([]);
  });

  test('stays in doubt, held in full, when the answer makes no sense', async () => {
    const world = await doubtful();
    world.driver.onLookup = () => Promise.resolve({ ...report(), cumulative: '1e3' });
    await world.later(5_000);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', HELD]);
  });

  test('is not looked up after stop()', async () => {
    const world = await doubtful();
    void world.desk.stop();
    await world.later(5_000);
    expect(looks(world)).toEqual([]);
  });

  test('is looked up after a restart, too', async () => {
    const world = await doubtful();
    world.driver.disconnectListeners();
    const { log, driver } = world;
    const again = await DeskWorld.open({ log, driver, desk: { reconcileEveryMs: 'never', lookup: LOOKUP } });
    expect(stateOf(again)).toBe('unknown');
    driver.onLookup = () => Promise.resolve(report());
    await again.later(100);
    expect(stateOf(again)).toBe('working');
  });
});

describe('absent', () => {
  test('is an order that the venue did not know in several looks over the grace period; its hold ends', async () => {
    const world = await doubtful();
    await world.later(ENOUGH_MS - 1);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', HELD]);
    await world.later(1);
    expect([stateOf(world), world.cell()]).toEqual(['rejected', NOTHING]);
    expect(world.records.at(-1)).toMatchObject({ type: 'absent', clientOrderId: ONE_ID });
    expect(world.trading).toBe('active');
  });

  test('takes several looks, however short the grace period', async () => {
    const world = await doubtful({ graceMs: 0, looks: 5 });
    await world.later(1_499);
    expect([looks(world).length, stateOf(world)]).toEqual([4, 'unknown']);
    await world.later(1);
    expect([looks(world).length, stateOf(world)]).toEqual([5, 'rejected']);
  });

  test('looks that failed do not count', async () => {
    const world = await doubtful();
    world.driver.onLookup = failing();
    await world.later(10_000);
    expect(stateOf(world)).toBe('unknown');
    expect(looks(world).length).toBeGreaterThan(10);
    world.driver.onLookup = () => Promise.resolve(undefined);
    await world.later(ENOUGH_MS - 200); // the grace period begins with the first that did not find it
    expect(stateOf(world)).toBe('unknown');
    await world.later(1_000);
    expect(stateOf(world)).toBe('rejected');
  });

  test('looks that were not answered in time do not count', async () => {
    const world = await doubtful();
    world.driver.onLookup = never;
    await world.later(60_000, 500);
    expect(stateOf(world)).toBe('unknown');
  });

  test('not when open orders list it', async () => {
    const world = await doubtful();
    world.driver.onOpenOrders = () => Promise.resolve([report()]);
    await world.later(3_000);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', HELD]);
  });

  test('not when a fill of it is listed: it is booked, and counting begins again', async () => {
    const world = await doubtful();
    world.driver.onFills = () => Promise.resolve([venueFill()]);
    world.driver.onPositions = () =>
      Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '4' }]);
    await world.later(ENOUGH_MS);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', { pos: 4, buy: 6, sell: 0 }]);
    await world.later(1_000);
    expect(stateOf(world)).toBe('unknown');
  });

  test.for(['4', '-4'])('not when the venue has another position than we: %s', async (quantity) => {
    const world = await doubtful();
    world.driver.onPositions = () => Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity }]);
    await world.later(3_000);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', HELD]);
  });

  test('a position of another account or instrument does not speak of it', async () => {
    const world = await doubtful();
    world.driver.onPositions = () =>
      Promise.resolve([
        { accountId: 'acc', instrumentId: 'SILVER', quantity: '4' },
        { accountId: 'other', instrumentId: 'GOLD', quantity: '4' },
      ]);
    await world.later(3_000);
    expect(stateOf(world)).toBe('rejected');
  });

  test.for(['onOpenOrders', 'onFills', 'onPositions'] as const)('not while %s fails', async (question) => {
    const world = await doubtful();
    world.driver[question] = failing();
    await world.later(5_000);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', HELD]);
  });

  test('not when a fill arrives while the venue is asked for positions', async () => {
    const world = await doubtful();
    world.driver.onPositions = () => {
      world.driver.fill(ONE_ID, 'x', '4');
      return Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '4' }]);
    };
    await world.later(ENOUGH_MS);
    expect([stateOf(world), world.cell()]).toEqual(['unknown', { pos: 4, buy: 6, sell: 0 }]);
  });

  test('not when it is acknowledged while the venue is asked for positions', async () => {
    const world = await doubtful();
    world.driver.onPositions = () => {
      world.driver.tell({ type: 'accepted', clientOrderId: ONE_ID });
      return Promise.resolve([]);
    };
    await world.later(3_000);
    expect([stateOf(world), world.cell()]).toEqual(['working', HELD]);
  });

  test('a late acknowledgement brings order and hold back, and restricts trading', async () => {
    const world = await doubtful();
    await world.later(ENOUGH_MS);
    world.driver.tell({ type: 'accepted', clientOrderId: ONE_ID });
    await world.drain();
    expect([world.cell(), world.trading]).toEqual([HELD, 'reducing']);
    expect(world.anomalies.map(({ code }) => code)).toEqual(['RESURRECTED']);
    expect(world.driver.cancels).toEqual([ONE_ID]); // it does not reduce
  });

  test('a late fill is booked, and restricts trading', async () => {
    const world = await doubtful();
    await world.later(ENOUGH_MS);
    world.driver.fill(ONE_ID, 'x', '4');
    await world.drain();
    expect([world.cell().pos, world.trading]).toEqual([4, 'reducing']);
    expect(world.anomalies.map(({ code }) => code)).toEqual(['RESURRECTED']);
  });

  test('an order that had worked begins to count when it is missed, not before', async () => {
    const world = await doubtful();
    await world.later(ENOUGH_MS - 100); // three misses, one look short of the end
    world.driver.tell({ type: 'accepted', clientOrderId: ONE_ID });
    await world.later(60_000, 1_000);
    world.driver.onLookup = () => Promise.resolve(undefined);
    world.driver.onOpenOrders = () => Promise.resolve([]);
    await world.reconciled();
    expect([stateOf(world), world.cell()]).toEqual(['unknown', HELD]);
    await world.later(999);
    expect(stateOf(world)).toBe('unknown');
    await world.later(501);
    expect(stateOf(world)).toBe('rejected');
  });
});

describe('cancelled without a quantity', () => {
  test('stays held until a look says how much was filled', async () => {
    const world = await doubtful();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID });
    await world.drain();
    expect([stateOf(world), world.cell()]).toEqual(['cancelled', HELD]);
    world.driver.onLookup = () => Promise.resolve(report({ state: 'cancelled', cumulative: '4' }));
    world.driver.onFills = () => Promise.resolve([venueFill()]);
    await world.later(100);
    expect([stateOf(world), world.cell()]).toEqual(['cancelled', { pos: 4, buy: 0, sell: 0 }]);
  });

  test('is looked up by itself, also when it had worked', async () => {
    const world = await DeskWorld.open({ desk: { reconcileEveryMs: 'never', lookup: LOOKUP } });
    await world.position('10');
    world.driver.asked.length = 0;
    await world.unanswered();
    world.driver.tell({ type: 'accepted', clientOrderId: ONE_ID });
    world.driver.tell({ type: 'expired', clientOrderId: ONE_ID });
    await world.later(100);
    expect(world.cell()).toEqual({ pos: 10, buy: 0, sell: 0 });
  });

  test.for(['cancelled', 'expired'] as const)(
    '%s, and not known to the venue any more: over with what was filled, after several looks',
    async (type) => {
      const world = await doubtful();
      world.driver.fill(ONE_ID, 'x', '4');
      world.driver.tell({ type, clientOrderId: ONE_ID });
      world.driver.onLookup = () => Promise.resolve(undefined);
      await world.later(ENOUGH_MS - 1);
      expect([stateOf(world), world.cell()]).toEqual([type, { pos: 4, buy: 6, sell: 0 }]);
      await world.later(1);
      expect([stateOf(world), world.cell()]).toEqual([type, { pos: 4, buy: 0, sell: 0 }]);
      expect(world.records.at(-1)).toMatchObject({
        type: 'cancelled',
        clientOrderId: ONE_ID,
        cumulative: '4',
      });
      world.driver.asked.length = 0;
      await world.later(60_000, 500);
      expect([world.driver.asked, world.trading]).toEqual([[], 'active']);
    },
  );

  test('stays held while the venue has another position than we', async () => {
    const world = await doubtful();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID });
    world.driver.onLookup = () => Promise.resolve(undefined);
    world.driver.onPositions = () =>
      Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '4' }]);
    await world.later(5_000);
    expect([stateOf(world), world.cell()]).toEqual(['cancelled', HELD]);
  });

  test.for<Partial<VenueOrderReport>>([
    { state: 'rejected' },
    { state: 'rejected', cumulative: '4' },
    { state: 'filled', quantity: '4', cumulative: '4' },
    { state: 'expired', cumulative: '4' },
  ])('and found %o: over with what was filled, without a word', async (said) => {
    const world = await doubtful();
    world.driver.fill(ONE_ID, 'x', '4');
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID });
    world.driver.onLookup = () => Promise.resolve(report(said));
    await world.later(60_000, 500);
    expect([stateOf(world), world.cell()]).toEqual(['cancelled', { pos: 4, buy: 0, sell: 0 }]);
    expect([world.anomalies, looks(world).length, world.trading]).toEqual([[], 1, 'active']);
  });

  test.for<VenueOrderReport | undefined>([
    undefined,
    report({ state: 'rejected' }),
    report({ state: 'cancelled' }),
  ])(
    'cancelled with fills that were never listed takes a person, told once, whatever is found: %o',
    async (said) => {
      const world = await doubtful();
      world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '4' });
      world.driver.onLookup = () => Promise.resolve(said);
      await world.later(60_000, 500);
      expect(world.anomalies).toMatchObject([
        { code: 'FILL_UNLISTED', detail: '4 filled in all, 0 listed', clientOrderId: ONE_ID },
      ]);
      expect([stateOf(world), world.cell().buy, world.trading]).toEqual(['cancelled', 4, 'reducing']);
    },
  );
});

describe('several orders in doubt', () => {
  test('a venue that cannot be asked for one is not asked for the others in the same round', async () => {
    const world = await DeskWorld.open({ desk: { reconcileEveryMs: 'never', lookup: LOOKUP } });
    world.driver.onPlace = never;
    void world.desk.submit(intent({ intentId: 'two' }));
    await world.unanswered();
    world.driver.onLookup = failing();
    await world.later(100);
    expect(looks(world)).toEqual([`lookup ${idOf('two')}`]);
    await world.later(200);
    expect(looks(world)).toEqual([`lookup ${idOf('two')}`, `lookup ${idOf('two')}`]);
  });

  test('each is looked up and settled by itself', async () => {
    const world = await doubtful({ graceMs: 1_000_000 });
    await world.unanswered({ intentId: 'two' });
    world.driver.onLookup = (id) =>
      Promise.resolve(id === ONE_ID ? report() : report({ clientOrderId: id, state: 'rejected' }));
    await world.later(1_000);
    expect([stateOf(world), stateOf(world, idOf('two'))]).toEqual(['working', 'rejected']);
  });
});

describe('found working after a trip that did not know of it', () => {
  const BY = person('ada');

  test.for(['reducing', 'halted'] as const)('%s: it is cancelled', async (to) => {
    const world = await doubtful();
    world.driver.onCancel = failing();
    await world.drained(world.killSwitch.trip({ scope: FIRM, to, reason: 'test', by: BY }));
    await world.drain();
    world.driver.cancels.length = 0;
    world.driver.onLookup = () => Promise.resolve(report());
    await world.later(1_000);
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('that was released since: it stays', async () => {
    const world = await doubtful();
    world.driver.onCancel = failing();
    await world.drained(world.killSwitch.trip({ scope: FIRM, to: 'halted', reason: 'test', by: BY }));
    await world.drained(world.killSwitch.release({ scope: FIRM, confirm: 'firm', reason: 'test', by: BY }));
    world.driver.cancels.length = 0;
    world.driver.onLookup = () => Promise.resolve(report());
    await world.later(1_000);
    expect([stateOf(world), world.driver.cancels]).toEqual(['working', []]);
  });
});

test('an answer that is older than what was heard since is not taken over', async () => {
  const world = await doubtful();
  world.driver.onLookup = () => {
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    return Promise.resolve(report());
  };
  await world.later(5_000);
  expect([stateOf(world), world.cell(), world.trading]).toEqual(['cancelled', NOTHING, 'active']);
  expect(world.driver.cancels).toEqual([]);
});
