import { describe, expect, test } from 'vitest';
import { person, system } from '../../../src/core/index.ts';
import type { WriteOffOrder, WriteOffOutcome } from '../../../src/desk/index.ts';
import { ScriptedAppendLog } from '../../../src/testing/index.ts';
import { DeskWorld, ONE_ID, TIMEOUT_MS, idOf, intent } from '../../support/desk-world.ts';
import { never } from '../../support/scripted-driver.ts';

const ADA: WriteOffOrder = { by: person('ada'), reason: 'the venue has confirmed it by telephone' };
const WRITTEN_OFF = (released: string): WriteOffOutcome => ({
  kind: 'written-off',
  clientOrderId: ONE_ID,
  released,
});

const writeOff = (world: DeskWorld, id = ONE_ID) => world.drained(world.desk.writeOff(id, ADA));
const state = ({ book }: DeskWorld) => {
  const { state: is, leaves, cumulative } = book.order(ONE_ID) ?? {};
  return { state: is, leaves, cumulative };
};
const fill = (world: DeskWorld, executionId: string, quantity: string): Promise<void> => {
  world.driver.fill(ONE_ID, executionId, quantity);
  return world.drain();
};

/** The venue answers no question. */
async function silent(options: Parameters<typeof DeskWorld.open>[0] = {}): Promise<DeskWorld> {
  const world = await DeskWorld.open(options);
  world.driver.onLookup = never;
  return world;
}
/** An order to buy 10 without an answer. */
async function unknown(options: Parameters<typeof DeskWorld.open>[0] = {}): Promise<DeskWorld> {
  const world = await silent(options);
  await world.unanswered();
  world.told.length = 0;
  return world;
}
/** An order to buy 10 that works. */
async function working(): Promise<DeskWorld> {
  const world = await silent();
  await world.drained(world.desk.submit(intent()));
  world.told.length = 0;
  return world;
}
/** The same, with an amendment to 30 of which nobody has heard. */
async function amending(): Promise<DeskWorld> {
  const world = await working();
  world.driver.onAmend = never;
  void world.desk.amend(ONE_ID, { quantity: '30' });
  await world.drain();
  world.clock.advance(TIMEOUT_MS);
  await world.drain();
  world.told.length = 0;
  return world;
}

describe('writing off an order that is unknown', () => {
  test('ends its hold', async () => {
    const world = await unknown();
    expect(await writeOff(world)).toEqual(WRITTEN_OFF('10'));
    expect([state(world), world.cell(), world.trading]).toEqual([
      { state: 'rejected', leaves: 0, cumulative: 0 },
      { pos: 0, buy: 0, sell: 0 },
      'active',
    ]);
  });

  test('keeps what it has filled', async () => {
    const world = await unknown();
    await fill(world, 'x', '4');
    expect(await writeOff(world)).toEqual(WRITTEN_OFF('6'));
    expect([state(world), world.cell()]).toEqual([
      { state: 'rejected', leaves: 0, cumulative: 4 },
      { pos: 4, buy: 0, sell: 0 },
    ]);
  });

  test('frees nothing before it is on disk, then it is told', async () => {
    const world = await unknown();
    let outcome: WriteOffOutcome | undefined;
    void world.desk.writeOff(ONE_ID, ADA).then((is) => (outcome = is));
    await world.turn();
    expect([world.cell().buy, outcome, world.orderEvents]).toEqual([10, undefined, []]);
    await world.drain();
    expect([world.cell().buy, outcome, world.orderEvents]).toEqual([0, WRITTEN_OFF('10'), ['absent']]);
  });

  test('frees room for the next order', async () => {
    const world = await unknown({ risk: { maxPositionNotional: '1000' } });
    const next = (intentId: string) => world.drained(world.desk.submit(intent({ intentId })));
    const before = await next('two');
    await writeOff(world);
    expect([before.kind, (await next('three')).kind]).toEqual(['denied', 'accepted']);
  });

  test('is not looked up any more', async () => {
    const world = await unknown();
    await writeOff(world);
    await world.later(TIMEOUT_MS * 2, 500);
    world.driver.asked.length = 0;
    await world.later(60_000, 1_000);
    expect(world.driver.asked.filter((question) => question.startsWith('lookup'))).toEqual([]);
  });

  test('is the same after a restart', async () => {
    const world = await unknown();
    await writeOff(world);
    const log = new ScriptedAppendLog(world.log.durable);
    const again = await DeskWorld.open({ log, clock: world.clock, unstarted: true });
    expect([state(again), again.cell()]).toEqual([state(world), world.cell()]);
  });

  test('a fill that comes after all is booked, holds the rest again, and trips', async () => {
    const world = await unknown();
    await writeOff(world);
    await fill(world, 'x', '4');
    expect([state(world), world.cell(), world.anomalies.map(({ code }) => code), world.trading]).toEqual([
      { state: 'cancelPending', leaves: 6, cumulative: 4 }, // by the trip
      { pos: 4, buy: 6, sell: 0 },
      ['RESURRECTED'],
      'reducing',
    ]);
  });

  test('so is a fill between the word and the disk, and a restart knows the same', async () => {
    const world = await unknown();
    const waiting = world.desk.writeOff(ONE_ID, ADA);
    world.driver.fill(ONE_ID, 'x', '4');
    expect(world.cell()).toEqual({ pos: 4, buy: 16, sell: 0 }); // both, until one is sure
    expect(await world.drained(waiting)).toEqual(WRITTEN_OFF('10'));
    const log = new ScriptedAppendLog(world.log.durable);
    const again = await DeskWorld.open({ log, clock: world.clock, unstarted: true });
    for (const one of [world, again]) {
      expect([one.cell(), one.book.order(ONE_ID)?.leaves]).toEqual([{ pos: 4, buy: 6, sell: 0 }, 6]);
    }
  });
});

describe('writing off an order that is over, with fills that never come', () => {
  test.each([
    ['a cancel that did not say how much', { type: 'cancelled' }, '10'],
    ['a cancel that said more than came', { type: 'cancelled', cumulative: '7' }, '7'],
    ['an end that said more than came', { type: 'expired', cumulative: '7' }, '7'],
  ])('ends its hold after %s', async (_, event, released) => {
    const world = await working();
    world.driver.tell({ clientOrderId: ONE_ID, ...event });
    expect(await writeOff(world)).toEqual(WRITTEN_OFF(released));
    expect([state(world), world.cell()]).toEqual([
      { state: event.type, leaves: 0, cumulative: 0 },
      { pos: 0, buy: 0, sell: 0 },
    ]);
  });

  test('a fill that comes after all is booked, and trips', async () => {
    const world = await working();
    world.driver.tell({ clientOrderId: ONE_ID, type: 'cancelled', cumulative: '7' });
    await writeOff(world);
    await fill(world, 'x', '4');
    expect([state(world), world.cell(), world.anomalies.map(({ code }) => code), world.trading]).toEqual([
      { state: 'cancelled', leaves: 0, cumulative: 4 },
      { pos: 4, buy: 0, sell: 0 },
      ['VENUE_CONTRADICTION'],
      'reducing',
    ]);
  });
});

describe('writing off an amendment', () => {
  test('says that the order is as it was', async () => {
    const world = await amending();
    expect(await writeOff(world)).toEqual(WRITTEN_OFF('20'));
    expect([state(world), world.cell(), world.book.order(ONE_ID)?.amendment]).toEqual([
      { state: 'working', leaves: 10, cumulative: 0 },
      { pos: 0, buy: 10, sell: 0 },
      undefined,
    ]);
    expect(world.records.at(-1)).toMatchObject({
      type: 'amendFailed',
      reason: 'written off by ada: the venue has confirmed it by telephone',
    });
  });

  test('a fill of what was asked for comes after all: it is booked, and trips', async () => {
    const world = await amending();
    await writeOff(world);
    await fill(world, 'x', '15');
    expect([world.cell(), world.anomalies.map(({ code }) => code), world.trading]).toEqual([
      { pos: 15, buy: 0, sell: 0 },
      ['OVERFILL'],
      'reducing',
    ]);
  });

  test('of an order that is being cancelled leaves it to be cancelled', async () => {
    const world = await amending();
    await world.drained(world.desk.cancel(ONE_ID));
    expect(await writeOff(world)).toEqual(WRITTEN_OFF('20'));
    expect(state(world)).toEqual({ state: 'cancelPending', leaves: 10, cumulative: 0 });
  });

  test('of an order that is unknown as well, after a restart, ends all of it', async () => {
    const world = await amending();
    await world.drained(world.desk.cancel(ONE_ID));
    const { clock, driver } = world;
    const log = new ScriptedAppendLog(world.log.durable);
    const again = await DeskWorld.open({ log, clock, driver, unstarted: true });
    const before = state(again);
    expect(await writeOff(again)).toEqual(WRITTEN_OFF('30'));
    expect([before, state(again), again.book.order(ONE_ID)?.amendment]).toEqual([
      { state: 'unknown', leaves: 30, cumulative: 0 },
      { state: 'rejected', leaves: 0, cumulative: 0 },
      undefined,
    ]);
  });
});

describe('is refused as a value, and changes nothing', () => {
  const unchanged = async (world: DeskWorld, id = ONE_ID): Promise<WriteOffOutcome> => {
    const before = JSON.stringify([world.book.snapshot(), world.cell(), world.history]);
    const outcome = await writeOff(world, id);
    expect(JSON.stringify([world.book.snapshot(), world.cell(), world.history])).toBe(before);
    return outcome;
  };
  const notInDoubt = (is: string) => ({ kind: 'not-in-doubt', clientOrderId: ONE_ID, state: is });

  test('for an order that nobody knows', async () => {
    expect(await unchanged(await silent(), 'ghost')).toEqual({ kind: 'not-found', clientOrderId: 'ghost' });
  });

  test('for one that works', async () => {
    expect(await unchanged(await working())).toEqual(notInDoubt('working'));
  });

  test('for one that is being cancelled', async () => {
    const world = await working();
    await world.drained(world.desk.cancel(ONE_ID));
    expect(await unchanged(world)).toEqual(notInDoubt('cancelPending'));
  });

  test('for one whose answer is waited for', async () => {
    const world = await silent();
    world.driver.onPlace = never;
    void world.desk.submit(intent());
    await world.drain();
    expect(await unchanged(world)).toEqual(notInDoubt('submitting'));
  });

  test('for one whose amendment is waited for', async () => {
    const world = await working();
    world.driver.onAmend = never;
    void world.desk.amend(ONE_ID, { quantity: '30' });
    await world.drain();
    expect(await unchanged(world)).toEqual(notInDoubt('working'));
  });

  test('for one that is over for both', async () => {
    const world = await working();
    await fill(world, 'x', '10');
    expect(await unchanged(world)).toEqual(notInDoubt('filled'));
  });

  test('for one that has been written off', async () => {
    const world = await unknown();
    await writeOff(world);
    expect(await unchanged(world)).toEqual(notInDoubt('rejected'));
  });
});

describe('takes', () => {
  test.each<[string, Partial<WriteOffOrder>]>([
    ['a person, not a program', { by: system('robot') }],
    ['a person with a name', { by: person('') }],
    ['a reason', { reason: ' ' }],
  ])('%s', async (_, wrong) => {
    const world = await unknown();
    await expect(world.desk.writeOff(ONE_ID, { ...ADA, ...wrong })).rejects.toMatchObject({
      code: 'PRINCIPAL_REQUIRED',
    });
    expect([state(world).state, world.cell().buy]).toEqual(['unknown', 10]);
  });

  test('the name and the reason into the audit log, with what was freed', async () => {
    const audited: Record<string, unknown>[] = [];
    const audit = {
      record: (event: object) => {
        audited.push({ ...event });
        return Promise.resolve({} as never);
      },
    };
    const world = await unknown({ deps: { audit } });
    await writeOff(world);
    expect(audited.filter(({ kind }) => kind === 'order.written-off')).toEqual([
      {
        kind: 'order.written-off',
        ...ADA,
        clientOrderId: ONE_ID,
        accountId: 'acc',
        instrumentId: 'GOLD',
        state: 'unknown',
        released: '10',
      },
    ]);
  });
});

test('what cannot be written down stays held, says so, and halts', async () => {
  const world = await unknown();
  const waiting = world.desk.writeOff(ONE_ID, ADA);
  world.log.fail();
  await expect(waiting).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  expect([world.cell().buy, world.trading]).toEqual([10, 'halted']);
});

test('a desk that has been stopped still takes it: the next start does not hold it', async () => {
  const world = await unknown();
  const stopping = world.desk.stop();
  await world.later(TIMEOUT_MS * 2, 500);
  await world.drained(stopping);
  expect(await writeOff(world)).toEqual(WRITTEN_OFF('10'));
  expect(world.book.order(idOf('one'))?.leaves).toBe(0);
});
