import { describe, expect, test } from 'vitest';
import { ManualClock, newSigningKeys } from '../../src/core/index.ts';
import { OrderPath, type SubmitOptions } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import {
  OverrideRegister,
  type OverrideTerms,
  type RiskLimitsInput,
  signOverride,
} from '../../src/risk/index.ts';
import {
  DeskWorld,
  INSTRUMENTS,
  NOON_MS,
  ONE_ID,
  WIDE_EXECUTION,
  idOf,
  intent,
} from '../support/desk-world.ts';
import { type Denial, deny } from '../../src/trading/index.ts';
import { ScriptedStateStore } from '../support/state-stores.ts';

const KEYS = newSigningKeys();

const signed = (overrides: Partial<OverrideTerms> = {}): SubmitOptions => ({
  override: signOverride(KEYS.privateKey, {
    overrideId: 'ov-1',
    intent: intent(),
    gates: ['order-value'],
    by: 'ann',
    reason: 'the client asked for it',
    issuedAtMs: NOON_MS,
    expiresAtMs: NOON_MS + 600_000,
    ...overrides,
  }),
});

/** A desk that lets no order above 500 pass; the one of the builder is worth 1,000. */
async function worldOf(risk: Partial<RiskLimitsInput> = {}) {
  const clock = new ManualClock(NOON_MS);
  const events: Readonly<Record<string, unknown>>[] = [];
  const audit = {
    record(event: Readonly<Record<string, unknown>>): Promise<never> {
      events.push({ ...event });
      return Promise.resolve(undefined as never);
    },
  };
  const store = new ScriptedStateStore();
  const overrides = new OverrideRegister({ persons: { ann: KEYS.publicKey } }, { store, audit, clock });
  const world = await DeskWorld.open({
    clock,
    risk: { maxOrderValue: '500', ...risk },
    deps: { audit, overrides },
  });
  events.length = 0;
  return {
    world,
    store,
    events,
    submit: (options?: SubmitOptions, asked = intent()) => world.drained(world.desk.submit(asked, options)),
  };
}

const denialsOf = (outcome: unknown) =>
  (outcome as { denials?: readonly Denial[] }).denials?.map(({ gate, code, note }) =>
    note === undefined ? [gate, code] : [gate, code, note],
  );

describe('an order with an override', () => {
  test('passes what it could not pass without', async () => {
    const { submit, world } = await worldOf();
    expect(denialsOf(await submit(undefined, intent({ intentId: 'other' })))).toMatchObject([
      ['order-value', 'ORDER_VALUE_LIMIT'],
    ]);
    expect(await submit(signed())).toEqual({ kind: 'accepted', clientOrderId: ONE_ID, quantity: 10 });
    expect(world.driver.placed).toHaveLength(1);
  });

  test('is decided after the override is on disk, not before', async () => {
    const { store, world } = await worldOf();
    store.mode = 'wait';
    const outcome = world.desk.submit(intent(), signed());
    await world.turn();
    expect([world.cell().buy, world.log.pending]).toEqual([0, 0]);
    store.mode = 'write';
    store.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
  });

  test('is in the audit log with the override, its gates and what was decided', async () => {
    const { submit, events } = await worldOf();
    await submit(signed());
    expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'limits.in-force')).toEqual([
      'override.spent',
      'order.decided',
      'override.decided',
    ]);
    expect(events.filter(({ kind }) => kind !== 'limits.in-force')).toMatchObject([
      { gates: ['order-value'], clientOrderId: ONE_ID },
      { decision: 'held', clientOrderId: ONE_ID },
      { overrideId: 'ov-1', decision: 'held' },
    ]);
  });

  test('still has to pass every other gate, and the override is spent', async () => {
    const { submit, world, events } = await worldOf({ maxPositionNotional: '600' });
    expect(denialsOf(await submit(signed()))).toMatchObject([['position-size', 'POSITION_SIZE_LIMIT']]);
    expect(events.at(-1)).toMatchObject({ kind: 'override.decided', decision: 'denied' });
    expect(denialsOf(await submit(signed()))).toEqual([['override', 'OVERRIDE_INVALID', 'already spent']]);
    expect(world.driver.placed).toEqual([]);
  });

  test.each([
    'kill-switch',
    'data-quality',
    'position-size',
    'daily-loss',
    'price-collar',
    'idempotency',
    'nothing',
  ])('is refused when the override names %s, with nothing sent', async (gate) => {
    const { submit, world, store } = await worldOf();
    expect(denialsOf(await submit(signed({ gates: ['order-value', gate] })))).toEqual([
      ['override', 'OVERRIDE_INVALID', `no gate that can be overridden: ${gate}`],
    ]);
    expect([world.driver.placed, store.written, world.cell().buy]).toEqual([[], [], 0]);
  });

  test('does not pass the limit of a scope, whose name is another', async () => {
    const scopes = [{ scope: { kind: 'strategy', id: 'strat' }, maxOrderValue: '400' }] as const;
    const { submit } = await worldOf({ scopes });
    expect(denialsOf(await submit(signed()))).toMatchObject([
      ['order-value@strategy:strat', 'ORDER_VALUE_LIMIT'],
    ]);
    const gates = ['order-value', 'order-value@strategy:strat'];
    expect(await submit(signed({ overrideId: 'ov-2', gates }))).toMatchObject({ kind: 'accepted' });
  });

  test('does not pass a kill switch that is tripped', async () => {
    const { submit, world } = await worldOf();
    await world.killSwitch.trip({ to: 'halted', reason: 'fire', by: { kind: 'person', id: 'bob' } });
    expect(denialsOf(await submit(signed()))).toMatchObject([
      ['kill-switch', 'KILL_SWITCH_HALTED', 'firm: fire'],
    ]);
  });

  test('is the order that was signed for, whatever becomes of the object while the disk is busy', async () => {
    const { store, world } = await worldOf();
    store.mode = 'wait';
    const asked = { ...intent() };
    const outcome = world.desk.submit(asked, signed());
    await world.turn();
    Object.assign(asked, { quantity: '999' });
    store.mode = 'write';
    store.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted', quantity: 10 });
  });

  test.each([
    [2_999, { kind: 'accepted' }],
    [3_000, { denials: [{ gate: 'override', code: 'OVERRIDE_INVALID', note: 'expired 0 ms ago' }] }],
  ])('that waits %i ms for the way to be clear passes before its override expires', async (ms, expected) => {
    const { world, store, events } = await worldOf({ selfTrade: 'cancel-oldest' });
    const { driver, desk, clock } = world;
    await world.position('4');
    const sale = intent({ intentId: 'sale', side: 'sell', quantity: '4' });
    await world.drained(desk.submit(sale));
    driver.onCancel = () => Promise.resolve(); // takes it, and says nothing yet
    const outcome = desk.submit(intent(), signed({ expiresAtMs: NOON_MS + 3_000 }));
    await world.drain();
    expect([driver.cancels, store.written.length]).toEqual([[idOf('sale')], 1]); // spent before anything counts on it
    clock.advance(ms);
    world.mark(100);
    driver.tell({ type: 'cancelled', clientOrderId: idOf('sale'), cumulative: '0' });
    expect(await world.drained(outcome)).toMatchObject(expected);
    expect(driver.placed).toHaveLength(ms < 3_000 ? 2 : 1);
    expect(events.filter(({ kind }) => kind === 'override.decided')).toHaveLength(1);
  });

  test('that exists already is a duplicate, and takes no override', async () => {
    const { submit, store } = await worldOf();
    await submit(signed());
    expect(await submit(signed())).toMatchObject({ kind: 'duplicate', clientOrderId: ONE_ID });
    expect(await submit(signed({ overrideId: 'ov-2' }))).toMatchObject({ kind: 'duplicate' });
    expect(store.written).toHaveLength(1);
  });

  test('of two submits with one override one goes out', async () => {
    const { world } = await worldOf();
    const both = [world.desk.submit(intent(), signed()), world.desk.submit(intent(), signed())];
    const outcomes = await world.drained(Promise.all(both));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['accepted', 'denied']);
    expect(world.driver.placed).toHaveLength(1);
  });

  test('is refused by a desk that takes none', async () => {
    const world = await DeskWorld.open();
    const outcome = await world.drained(world.desk.submit(intent(), signed()));
    expect(denialsOf(outcome)).toEqual([['override', 'OVERRIDE_INVALID', 'this desk takes none']]);
    expect(world.driver.placed).toEqual([]);
  });

  test('is refused by a desk that has been stopped, and takes no override', async () => {
    const { world, submit, store } = await worldOf();
    await world.drained(world.desk.stop());
    expect(denialsOf(await submit(signed()))).toMatchObject([['desk', 'DESK_STOPPED']]);
    expect(store.written).toEqual([]);
  });
});

test('OrderPath lets an order pass an overridable gate of the policy that is named', async () => {
  const world = await DeskWorld.open();
  const no = deny('own', 'ABOVE_MAXIMUM');
  const policy = new ExecutionPolicy(WIDE_EXECUTION, {
    gates: [{ name: 'own', overridable: true, check: () => no }],
  });
  const { book, guard, clock } = world;
  const path = new OrderPath({ book, guard, policy, clock, instruments: INSTRUMENTS });
  expect(path.decide(intent(), undefined, new Set(['other']))).toEqual({ kind: 'denied', denials: [no] });
  expect(path.decide(intent(), undefined, new Set(['own']))).toMatchObject({ kind: 'held' });
});
