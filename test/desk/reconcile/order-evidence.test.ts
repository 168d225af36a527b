import { describe, expect, test } from 'vitest';
import { inDoubt } from '../../../src/desk/reconcile/order-evidence.ts';
import type { VenueOrderReport } from '../../../src/desk/index.ts';
import { DeskWorld, ONE_ID, TIMEOUT_MS, intent, report, venueFill } from '../../support/desk-world.ts';
import { never } from '../../support/scripted-driver.ts';

const LOOKUP = { firstDelayMs: 100, maxDelayMs: 100, graceMs: 60_000, looks: 3 };

/** An order to buy 10 that works, `filled` of it filled; with `amendTo`, an amendment of it that nobody answered. */
async function working(filled: string, amendTo?: string): Promise<DeskWorld> {
  const world = await DeskWorld.open({ desk: { reconcileEveryMs: 'never', lookup: LOOKUP } });
  await world.drained(world.desk.submit(intent()));
  if (amendTo !== undefined) {
    world.driver.onAmend = never;
    void world.desk.amend(ONE_ID, { quantity: amendTo });
    await world.drain();
    world.clock.advance(TIMEOUT_MS);
    await world.drain();
  }
  if (filled !== '0') world.driver.fill(ONE_ID, 'x', filled);
  await world.drain();
  return world;
}

/** What is left of it once the venue has said this in open orders or a look-up. */
async function learned(world: DeskWorld, said: Partial<VenueOrderReport>) {
  world.driver.onOpenOrders = () => Promise.resolve([]);
  world.driver.onLookup = () => Promise.resolve(report(said));
  const found = await world.differences();
  const { state, leaves, amendment } = world.book.order(ONE_ID) ?? {};
  return { found, state, leaves, pending: amendment !== undefined, last: world.history.at(-1) };
}

const FILLED = { state: 'filled', leaves: 0, pending: false };

describe('filled at the venue', () => {
  test('as it was: the amendment did not come into force', async () => {
    const world = await working('10', '15');
    expect(world.cell().buy).toBe(5);
    expect(await learned(world, { state: 'filled', cumulative: '10' })).toEqual({
      ...FILLED,
      found: ['ORDER_SETTLED'],
      last: 'amendFailed',
    });
    expect(await world.differences()).toEqual([]);
  });

  test('as it was amended: the amendment came into force', async () => {
    const world = await working('6', '6');
    expect(world.cell().buy).toBe(4);
    expect(await learned(world, { state: 'filled', quantity: '6', cumulative: '6' })).toEqual({
      ...FILLED,
      found: ['ORDER_SETTLED'],
      last: 'amended',
    });
    expect(world.trading).toBe('active');
  });

  test('at less than we asked for: nothing more is held', async () => {
    const world = await working('6');
    expect(await learned(world, { state: 'filled', quantity: '6', cumulative: '6' })).toEqual({
      found: ['ORDER_SETTLED'],
      state: 'cancelled',
      leaves: 0,
      pending: false,
      last: 'cancelled',
    });
  });

  test('and not all of it listed: the rest stays held, and several looks later restricts trading', async () => {
    const world = await working('6');
    expect(await learned(world, { state: 'filled', cumulative: '10' })).toMatchObject({
      found: [],
      leaves: 4,
    });
    await world.later(59_900, 100);
    expect([world.anomalies, world.trading]).toEqual([[], 'active']);
    await world.later(200, 100);
    expect(world.anomalies).toMatchObject([
      { code: 'FILL_UNLISTED', detail: '10 filled in all, 6 listed', clientOrderId: ONE_ID },
    ]);
    expect([world.cell(), world.trading]).toEqual([{ pos: 6, buy: 4, sell: 0 }, 'reducing']);
  });

  test('and listed: it is filled', async () => {
    const world = await working('6');
    world.driver.onFills = () => Promise.resolve([venueFill({ executionId: 'y' })]);
    world.driver.onPositions = () =>
      Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '10' }]);
    expect(await learned(world, { state: 'filled', cumulative: '10' })).toEqual({
      ...FILLED,
      found: ['FILL_MISSED'],
      last: 'filled',
    });
  });
});

describe('over at the venue', () => {
  test.for(['cancelled', 'expired'] as const)(
    '%s, with an amendment in doubt: nothing is held',
    async (state) => {
      const world = await working('4', '15');
      expect(await learned(world, { state, cumulative: '4' })).toMatchObject({
        found: ['ORDER_SETTLED'],
        state,
        leaves: 0,
        last: state,
      });
      world.driver.asked.length = 0;
      await world.later(1_000);
      expect(world.driver.asked).toEqual([]);
    },
  );

  test('rejected after it worked: what was filled stays, nothing is held', async () => {
    const world = await working('4');
    expect(await learned(world, { state: 'rejected', cumulative: '4' })).toMatchObject({
      found: ['ORDER_SETTLED'],
      state: 'rejected',
      leaves: 0,
    });
    expect(world.cell()).toEqual({ pos: 4, buy: 0, sell: 0 });
  });

  test('with a cumulative below what was booked: the venue contradicts itself', async () => {
    const world = await working('4');
    await learned(world, { state: 'cancelled', cumulative: '3' });
    expect([world.cell(), world.trading]).toEqual([{ pos: 4, buy: 0, sell: 0 }, 'reducing']);
    expect(world.anomalies.map(({ code }) => code)).toContain('VENUE_CONTRADICTION');
  });
});

describe('in doubt', () => {
  test.for<[string, (world: DeskWorld) => void, boolean]>([
    ['that works', () => undefined, false],
    [
      'that was filled',
      ({ driver }) => {
        driver.fill(ONE_ID, 'x', '10');
      },
      false,
    ],
    [
      'that was cancelled with a quantity',
      ({ driver }) => {
        driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
      },
      false,
    ],
    [
      'that was cancelled without one',
      ({ driver }) => {
        driver.tell({ type: 'cancelled', clientOrderId: ONE_ID });
      },
      true,
    ],
    [
      'that was cancelled with fills to come',
      ({ driver }) => {
        driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '4' });
      },
      true,
    ],
  ])('is an order %s: %s', async ([, happens, doubtful]) => {
    const world = await working('0');
    happens(world);
    const row = world.book.order(ONE_ID);
    expect(row && inDoubt(row)).toBe(doubtful);
  });
});
