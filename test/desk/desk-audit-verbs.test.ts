import { describe, expect, test } from 'vitest';
import { newSigningKeys, person } from '../../src/core/index.ts';
import type { FundingOrder } from '../../src/desk/index.ts';
import { OverrideRegister, signOverride } from '../../src/risk/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { defineInstrument } from '../../src/trading/index.ts';
import { DeskWorld, GOLD, NOON_MS, ONE_ID, TIMEOUT_MS, intent } from '../support/desk-world.ts';
import { never } from '../support/scripted-driver.ts';
import { ScriptedStateStore } from '../support/state-stores.ts';
import { AUDIT_MS, auditedWorld } from './support/audit-by-hand.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';

const BY = person('ada');
const WHY = { by: BY, reason: 'asked the venue' };
const LATE = `the audit log cannot be written: no answer within ${AUDIT_MS} ms`;

/** What a wait has come to, as far as it has. */
function watched<T>(waiting: Promise<T>): { result?: T; code?: unknown; message?: string } {
  const state: { result?: T; code?: unknown; message?: string } = {};
  waiting.then(
    (result) => (state.result = result),
    (error: unknown) => Object.assign(state, { ...(error as object), message: (error as Error).message }),
  );
  return state;
}

describe('a write-off frees what was held when journal and audit log have it', () => {
  async function unknown() {
    const made = await auditedWorld();
    made.world.driver.onLookup = never;
    await made.world.unanswered();
    return made;
  }

  test('not while the audit log has not answered', async () => {
    const { audit, world } = await unknown();
    audit.mode = 'hang';
    const writing = watched(world.desk.writeOff(ONE_ID, WHY));
    await world.drain();
    expect([world.cell().buy, writing]).toEqual([10, {}]);
    audit.answer();
    await world.drain();
    expect([world.cell().buy, writing.result]).toMatchObject([0, { kind: 'written-off', released: '10' }]);
  });

  test('not while the journal has not answered', async () => {
    const { world } = await unknown();
    const writing = watched(world.desk.writeOff(ONE_ID, WHY));
    await world.turn();
    expect([world.cell().buy, writing]).toEqual([10, {}]);
    await world.drain();
    expect(world.cell().buy).toBe(0);
  });

  test('refused, it stays held, says so and trips', async () => {
    const { audit, world } = await unknown();
    audit.mode = 'refuse';
    const writing = watched(world.desk.writeOff(ONE_ID, WHY));
    await world.drain();
    expect(writing).toMatchObject({
      code: 'LOG_WRITE_FAILED',
      message: `the write-off of order ${ONE_ID} is not in the audit log: 10 of GOLD stays held`,
    });
    expect([world.cell().buy, world.trading]).toEqual([10, 'reducing']);
  });

  test('late, it stays held from the limit on, also when it is kept after all', async () => {
    const { audit, world, clock } = await unknown();
    audit.mode = 'hang';
    const writing = watched(world.desk.writeOff(ONE_ID, WHY));
    await world.drain();
    clock.advance(AUDIT_MS - 1);
    await world.drain();
    expect(writing).toEqual({});
    clock.advance(1);
    await world.drain();
    audit.answer();
    await world.drain();
    expect([writing.code, world.cell().buy]).toEqual(['LOG_WRITE_FAILED', 10]);
    expect(world.killSwitch.records()).toMatchObject([{ state: 'reducing', reason: LATE }]);
  });

  test('the journal is named where both refuse', async () => {
    const { audit, world } = await unknown();
    audit.mode = 'refuse';
    const writing = watched(world.desk.writeOff(ONE_ID, WHY));
    world.log.fail();
    await world.turn();
    expect(writing.message).toContain('is not on disk');
  });
});

const PERP = defineInstrument({
  kind: 'linear',
  instrumentId: 'GOLD-PERP',
  base: 'XAU',
  quote: 'USDT',
  tick: '1',
  step: '1',
});
const FUNDING: FundingOrder = {
  fundingId: 'n1',
  accountId: 'acc',
  instrumentId: 'GOLD-PERP',
  amount: '7',
  by: BY,
};

describe('money that a person books is counted at once, and confirmed when both logs have it', () => {
  const verbs = {
    adjustment: ({ desk }: DeskWorld) =>
      desk.adjust({ adjustmentId: 'x1', accountId: 'acc', cash: '7', ...WHY }),
    flow: ({ desk }: DeskWorld) => desk.flow({ flowId: 'x1', accountId: 'acc', amount: '7', ...WHY }),
    funding: ({ desk }: DeskWorld) => desk.fund({ ...FUNDING, fundingId: 'x1' }),
  };
  const cases = Object.entries(verbs);
  const cash = ({ book }: DeskWorld) => book.account('acc')?.cash.toFixed();
  const open = () => auditedWorld({ instruments: [GOLD, PERP] });

  test.for(cases)('%s: waits for the audit log', async ([, verb]) => {
    const { audit, world } = await open();
    audit.mode = 'hang';
    const booking = watched(verb(world));
    expect(cash(world)).toBe('100007');
    await world.drain();
    expect(booking).toEqual({});
    audit.answer();
    await world.drain();
    expect(booking.result).toMatch(/^(adjusted|booked)$/);
  });

  test.for(cases)('%s: waits for the journal', async ([, verb]) => {
    const { world } = await open();
    const booking = watched(verb(world));
    await world.turn();
    expect(booking).toEqual({});
  });

  test.for(cases)('%s: refused, it is counted all the same, and the caller is told', async ([name, verb]) => {
    const { audit, world } = await open();
    audit.mode = 'refuse';
    const booking = watched(verb(world));
    await world.drain();
    expect(booking).toMatchObject({
      code: 'LOG_WRITE_FAILED',
      message: `${name} x1 is counted, but not in the audit log`,
    });
    expect([cash(world), world.trading]).toEqual(['100007', 'reducing']);
    const after = await DeskWorld.open({
      instruments: [GOLD, PERP],
      log: new ScriptedAppendLog(world.log.durable),
    });
    expect(cash(after)).toBe('100007');
  });

  test.for(cases)('%s: late, at the limit', async ([, verb]) => {
    const { audit, world, clock } = await open();
    audit.mode = 'hang';
    const booking = watched(verb(world));
    await world.drain();
    clock.advance(AUDIT_MS - 1);
    await world.drain();
    expect(booking).toEqual({});
    clock.advance(1);
    await world.drain();
    expect(booking.code).toBe('LOG_WRITE_FAILED');
  });

  test.for(cases)('%s: the journal is named where both refuse', async ([name, verb]) => {
    const { audit, world } = await open();
    audit.mode = 'refuse';
    const booking = watched(verb(world));
    world.log.fail();
    await world.turn();
    expect(booking.message).toBe(`${name} x1 is counted, but not on disk`);
  });
});

describe('an order with an override', () => {
  const KEYS = newSigningKeys();
  const SIGNED = {
    override: signOverride(KEYS.privateKey, {
      overrideId: 'ov-1',
      intent: intent(),
      gates: ['order-value'],
      by: 'ann',
      reason: 'the client asked for it',
      issuedAtMs: NOON_MS,
      expiresAtMs: NOON_MS + 600_000,
    }),
  };
  async function open() {
    const clock = new ManualClock(NOON_MS);
    const audit = { record: () => Promise.resolve({} as never) };
    const deps = { store: new ScriptedStateStore(), audit, clock };
    const overrides = new OverrideRegister({ persons: { ann: KEYS.publicKey } }, deps);
    return auditedWorld({
      clock,
      risk: { maxOrderValue: '500' },
      deps: { overrides },
      tripsCancelNothing: true,
    });
  }

  test.for(['override.decided', 'order.decided'])('does not go when %s is not kept', async (kind) => {
    const { audit, world } = await open();
    audit.modeOf.set(kind, 'refuse');
    expect(await world.drained(world.desk.submit(intent(), SIGNED))).toMatchObject({
      kind: 'denied',
      denials: [{ code: 'AUDIT_UNAVAILABLE' }],
    });
    expect([world.driver.placed, world.cell().buy]).toEqual([[], 0]);
  });

  test('waits for both records', async () => {
    const { audit, world } = await open();
    audit.modeOf.set('override.decided', 'hang');
    const outcome = world.desk.submit(intent(), SIGNED);
    await world.drain();
    await world.drain();
    expect(world.driver.placed).toEqual([]);
    audit.answer();
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
  });
});

test('the venue may take longer than the audit log: each has its own limit', async () => {
  const { world, clock } = await auditedWorld();
  world.driver.onPlace = never;
  const outcome = world.desk.submit(intent());
  await world.drain();
  clock.advance(TIMEOUT_MS);
  expect(await world.drained(outcome)).toMatchObject({ kind: 'unknown' });
  expect(world.trading).toBe('active');
});
