import { describe, expect, test } from 'vitest';
import { person } from '../../src/core/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { DeskWorld, ONE_ID, idOf, intent, venueFill } from '../support/desk-world.ts';
import { failing } from '../support/scripted-driver.ts';

const BY = person('ada');
/** So that only what the test does compares. */
const QUIET = { desk: { reconcileEveryMs: 'never' } } as const;

const trip = ({ killSwitch }: DeskWorld, to: 'reducing' | 'halted'): void =>
  void killSwitch.trip({ to, reason: 'test', by: BY });

/** A desk with one working order. */
async function working(): Promise<DeskWorld> {
  const world = await DeskWorld.open(QUIET);
  await world.drained(world.desk.submit(intent()));
  return world;
}

describe('a cancel that the venue took, and nothing came of it', () => {
  test.each([
    [4_999, 1],
    [5_000, 2],
  ])('a trip %i ms later asks: %i in all', async (ms, asked) => {
    const world = await working();
    await world.drained(world.desk.cancel(ONE_ID));
    world.clock.advance(ms);
    trip(world, 'halted');
    expect(world.driver.cancels).toHaveLength(asked);
  });

  test('is asked again by the same trip once more, at most every five seconds', async () => {
    const world = await working();
    for (let ms = 0; ms < 10_000; ms += 100) {
      trip(world, 'halted');
      await world.drain();
      world.clock.advance(100);
    }
    expect(world.driver.cancels).toEqual([ONE_ID, ONE_ID]);
  });

  test('is asked again by a comparison, and not a moment later by a trip', async () => {
    const world = await working();
    await world.drained(world.desk.cancel(ONE_ID));
    world.clock.advance(10_000);
    await world.reconciled();
    trip(world, 'halted');
    expect(world.driver.cancels).toEqual([ONE_ID, ONE_ID]);
  });

  test('is asked again by a trip at once where the comparison was told no', async () => {
    const world = await working();
    await world.drained(world.desk.cancel(ONE_ID));
    world.clock.advance(10_000);
    world.driver.onCancel = failing('not now');
    await world.reconciled();
    trip(world, 'halted');
    expect(world.driver.cancels).toEqual([ONE_ID, ONE_ID, ONE_ID]);
  });

  test('of an order in doubt, is asked again when the order turns up', async () => {
    const world = await DeskWorld.open(QUIET);
    await world.unanswered();
    trip(world, 'halted');
    await world.drain();
    expect(world.driver.cancels).toHaveLength(1);
    world.driver.tell({ type: 'accepted', clientOrderId: ONE_ID });
    expect(world.driver.cancels).toHaveLength(2);
  });
});

describe('what is tripped and does not let an order stand', () => {
  /** The recorded trip and the order outlive the process; this is the next one, not started yet. */
  async function restarted(to: 'reducing' | 'halted'): Promise<DeskWorld> {
    const { log, driver, clock } = await working();
    const world = await DeskWorld.open({
      log: new ScriptedAppendLog(log.durable),
      driver,
      clock,
      unstarted: true,
    });
    driver.onCancel = failing('not yet');
    trip(world, to); // as if it had been recorded: nothing came of it
    await world.drain();
    driver.onCancel = () => Promise.resolve();
    driver.cancels.length = 0;
    return world;
  }

  test('is cancelled at the start, before the venue has answered anything', async () => {
    const world = await restarted('halted');
    void world.desk.start();
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('is cancelled again and again while comparisons fail', async () => {
    const world = await restarted('halted');
    world.driver.onBalances = failing('503');
    void world.desk.start();
    await world.later(60_000, 1_000);
    expect(world.trading).toBe('halted');
    expect(world.driver.cancels.length).toBeGreaterThan(3);
    expect(world.driver.cancels.length).toBeLessThan(13);
  });

  test('is cancelled after a comparison that finds nothing', async () => {
    const world = await working();
    world.driver.onCancel = failing('not now');
    trip(world, 'halted');
    await world.drain();
    world.driver.cancels.length = 0;
    expect(await world.differences()).toEqual([]);
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('is what does not reduce, while only that is tripped', async () => {
    const world = await DeskWorld.open(QUIET);
    await world.position('10');
    const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '105' } });
    await world.drained(world.desk.submit(exit));
    await world.drained(world.desk.submit(intent()));
    world.driver.onCancel = failing('not now');
    trip(world, 'reducing');
    await world.drain();
    await world.reconciled();
    expect(world.driver.cancels).toEqual([ONE_ID, ONE_ID]);
    expect(world.book.order(idOf('exit'))?.state).toBe('working');
  });
});

describe('an exit that fitted into its position', () => {
  /** Long 10, with an exit of 10 that works, while only what reduces may. */
  async function leaving(): Promise<DeskWorld> {
    const world = await DeskWorld.open(QUIET);
    await world.position('10');
    const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '105' } });
    await world.drained(world.desk.submit(exit));
    trip(world, 'reducing');
    await world.drain();
    expect(world.driver.cancels).toEqual([]);
    return world;
  }
  const EXIT = idOf('exit');

  test('is cancelled when a person has booked that the position is smaller', async () => {
    const world = await leaving();
    const position = { instrumentId: 'GOLD', quantity: '-2', price: '100' };
    const why = { by: BY, reason: 'sold by hand' };
    await world.drained(world.desk.adjust({ adjustmentId: 'a', accountId: 'acc', position, ...why }));
    expect(world.driver.cancels).toEqual([EXIT]);
  });

  test('is cancelled when it is found that others have sold the position', async () => {
    const world = await leaving();
    const theirs = { clientOrderId: 'theirs', side: 'sell', quantity: '5', executionId: 'theirs' } as const;
    world.driver.onFills = () => Promise.resolve([venueFill({ ...theirs, atMs: world.clock.nowMs() })]);
    world.driver.fill('theirs', 'theirs', '5');
    await world.drain();
    await world.drain();
    expect([world.cell().pos, world.driver.cancels]).toEqual([5, [EXIT]]);
  });

  test('is not sent when more than that was filled while it was written down', async () => {
    const world = await DeskWorld.open(QUIET);
    await world.position('10');
    const sell = (intentId: string) =>
      intent({ intentId, side: 'sell', quantity: '5', price: { type: 'limit', limit: '105' } });
    await world.drained(world.desk.submit(sell('first')));
    trip(world, 'reducing');
    await world.drain();
    const second = world.desk.submit(sell('exit'));
    world.driver.fill(idOf('first'), 'x', '8'); // of 5
    await world.drain();
    expect([await second, world.cell().pos]).toMatchObject([{ kind: 'denied' }, 2]);
    expect(world.driver.placed.map(({ clientOrderId }) => clientOrderId)).toEqual([idOf('first')]);
  });
});

test('a flood of anomalies asks each order to go once, and walks them once', async () => {
  const world = await working();
  let walks = 0;
  const { liveOrders } = world.book;
  world.book.liveOrders = function walked(this: typeof world.book) {
    walks += 1;
    return liveOrders.call(this);
  };
  for (let at = 0; at < 1_000; at += 1)
    world.driver.tell({ type: 'accepted', clientOrderId: `theirs-${at}` });
  await world.drain();
  expect([world.driver.cancels, walks]).toEqual([[ONE_ID], 1]);
});
