import { describe, expect, test } from 'vitest';
import { person } from '../../../src/core/index.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import type { Difference, Reconciliation } from '../../../src/desk/reconcile/difference.ts';
import { Synchroniser, type SynchroniserDeps } from '../../../src/desk/reconcile/synchroniser.ts';
import { DeskWorld, NOON_MS, ONE_ID, idOf, intent } from '../../support/desk-world.ts';
import { failing } from '../../support/scripted-driver.ts';

const agreed = (...differences: Difference[]): Reconciliation => ({
  kind: 'reconciled',
  atMs: 0,
  differences,
  inDoubt: [],
});
const failed: Reconciliation = { kind: 'failed', atMs: 0, reason: 'positions: socket closed' };
const MISMATCH: Difference = { code: 'POSITION_MISMATCH', settled: false, detail: '0 and 3', amount: '3' };

/** A synchroniser whose comparisons answer what the test says, and all that it did. */
function watched(overrides: Partial<SynchroniserDeps> = {}) {
  const clock = new ManualClock();
  const restraints: string[] = [];
  const mismatches: string[] = [];
  const passes: number[] = [];
  const script: Reconciliation[] = [];
  const state = { restrained: false, passed: 0 };
  const synchroniser = new Synchroniser({
    venue: 'scripted',
    clock,
    reconcileEveryMs: 'never',
    killSwitch: {
      restrain: ({ reason, scope, to }) => {
        expect([scope, to]).toEqual([{ kind: 'venue', id: 'scripted' }, 'reducing']);
        restraints.push(reason);
        state.restrained = true;
        return {
          update: (again) => void restraints.push(again),
          [Symbol.dispose]: () => {
            state.restrained = false;
          },
        };
      },
    },
    reconcile: () => {
      passes.push(clock.monotonicMs());
      return Promise.resolve(script.shift() ?? agreed());
    },
    onPassed: () => (state.passed += 1),
    onMismatch: ({ code }) => mismatches.push(code),
    ...overrides,
  });
  return { synchroniser, clock, restraints, mismatches, passes, script, state };
}

describe('until the first comparison has succeeded', () => {
  test('trading is restrained, and the reason is given', () => {
    const { restraints, state } = watched();
    expect([restraints, state]).toEqual([
      ['not reconciled with the venue yet'],
      { restrained: true, passed: 0 },
    ]);
  });

  test('the first that succeeds lifts it', async () => {
    const { synchroniser, state } = watched();
    expect(await synchroniser.start()).toEqual(agreed());
    expect(state).toEqual({ restrained: false, passed: 1 });
  });

  test('one that fails is tried again after 1, 2, 4, ... and at most 30 seconds, and says why', async () => {
    const { synchroniser, clock, passes, restraints, script, state } = watched();
    script.push(...Array<Reconciliation>(8).fill(failed));
    expect(await synchroniser.start()).toEqual(failed);
    for (let second = 0; second < 121; second += 1) {
      clock.advance(1_000);
      await clock.turn();
    }
    expect(passes).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000]);
    expect(restraints.at(-1)).toBe('cannot reconcile with the venue: positions: socket closed');
    expect(state).toEqual({ restrained: false, passed: 9 }); // what failed is a pass as well
  });
});

describe('when it is running', () => {
  test('it compares again and again', async () => {
    const { synchroniser, clock, passes } = watched({ reconcileEveryMs: 60_000 });
    await synchroniser.start();
    for (let minute = 0; minute < 2; minute += 1) {
      clock.advance(60_000);
      await clock.turn();
    }
    expect(passes).toEqual([0, 60_000, 120_000]);
  });

  test('one failure restrains nothing, two in a row do, and the next success lifts it', async () => {
    const { synchroniser, script, state } = watched();
    await synchroniser.start();
    script.push(failed, failed);
    await synchroniser.pass();
    expect(state.restrained).toBe(false);
    await synchroniser.pass();
    expect(state.restrained).toBe(true);
    await synchroniser.pass();
    expect(state.restrained).toBe(false);
  });

  test('failures that are not in a row do not restrain', async () => {
    const { synchroniser, script, state } = watched();
    await synchroniser.start();
    for (const result of [failed, agreed(), failed]) {
      script.push(result);
      await synchroniser.pass();
    }
    expect(state.restrained).toBe(false);
  });

  test('a success ends the wait for another try', async () => {
    const { synchroniser, clock, passes, script } = watched();
    script.push(failed);
    await synchroniser.start();
    await synchroniser.pass();
    clock.advance(60_000);
    await clock.turn();
    expect(passes).toEqual([0, 0]);
  });

  test('whoever asks while a comparison runs gets its result', async () => {
    const { synchroniser, passes } = watched();
    const [first, second] = [synchroniser.pass(), synchroniser.pass()];
    expect(await first).toBe(await second);
    await synchroniser.pass();
    expect(passes).toHaveLength(2);
  });

  test('after stop() nothing is tried again', async () => {
    const { synchroniser, clock, passes, script } = watched({ reconcileEveryMs: 60_000 });
    script.push(failed);
    await synchroniser.start();
    synchroniser.stop();
    clock.advance(600_000);
    await clock.turn();
    expect(passes).toEqual([0]);
  });

  test('after stop() a start compares once', async () => {
    const { synchroniser, clock, passes } = watched({ reconcileEveryMs: 60_000 });
    synchroniser.stop();
    await synchroniser.start();
    clock.advance(600_000);
    await clock.turn();
    expect(passes).toEqual([0]);
  });

  test('a failure after stop() is not tried again', async () => {
    const { synchroniser, clock, passes, script } = watched();
    script.push(failed);
    synchroniser.stop();
    await synchroniser.pass();
    clock.advance(600_000);
    await clock.turn();
    expect(passes).toEqual([0]);
  });
});

describe('stop', () => {
  test('lifts what it restrains', () => {
    const { synchroniser, state } = watched();
    synchroniser.stop();
    expect(state.restrained).toBe(false);
  });

  test('after it nobody is restrained any more: neither by a lost connection nor by comparisons that fail', async () => {
    const { synchroniser, script, state } = watched();
    synchroniser.stop();
    synchroniser.lost('socket closed');
    script.push(failed, failed);
    await synchroniser.pass();
    await synchroniser.pass();
    expect(state).toEqual({ restrained: false, passed: 0 });
  });
});

describe('a lost connection', () => {
  test('restrains, and is not lifted by a comparison while it lasts', async () => {
    const { synchroniser, restraints, state } = watched();
    await synchroniser.start();
    synchroniser.lost('socket closed');
    await synchroniser.pass();
    expect(restraints.at(-1)).toBe('the connection to the venue is lost: socket closed');
    expect(state.restrained).toBe(true);
  });

  test('once regained is lifted by a comparison', async () => {
    const { synchroniser, clock, passes, state } = watched();
    await synchroniser.start();
    synchroniser.lost('socket closed');
    synchroniser.regained();
    expect([passes.length, state.restrained]).toEqual([2, true]);
    await clock.turn();
    expect(state.restrained).toBe(false);
  });

  test('once regained is not lifted by a comparison that had begun before: another follows', async () => {
    const answers: PromiseWithResolvers<Reconciliation>[] = [];
    const reconcile = () => {
      answers.push(Promise.withResolvers());
      return (answers.at(-1) as PromiseWithResolvers<Reconciliation>).promise;
    };
    const { synchroniser, clock, state } = watched({ reconcile });
    void synchroniser.start();
    synchroniser.lost('socket closed');
    synchroniser.regained();
    expect(answers).toHaveLength(1);
    answers[0]?.resolve(agreed());
    await clock.turn();
    expect([answers.length, state.restrained]).toEqual([2, true]);
    answers[1]?.resolve(agreed());
    await clock.turn();
    expect(state.restrained).toBe(false);
  });
});

describe('a difference', () => {
  test('that restricts is told once for as long as it lasts', async () => {
    const { synchroniser, mismatches, script } = watched();
    script.push(agreed(MISMATCH), agreed(MISMATCH), agreed(), agreed(MISMATCH));
    for (let pass = 0; pass < 4; pass += 1) await synchroniser.pass();
    expect(mismatches).toEqual(['POSITION_MISMATCH', 'POSITION_MISMATCH']);
  });

  test('that was found between two comparisons is not told again by the next', async () => {
    const { synchroniser, mismatches, script } = watched();
    synchroniser.found([MISMATCH]);
    synchroniser.found([MISMATCH]);
    script.push(agreed(MISMATCH));
    await synchroniser.pass();
    expect(mismatches).toEqual(['POSITION_MISMATCH']);
  });

  test.for<[Difference['code'], boolean, boolean]>([
    ['FILL_MISSED', true, false],
    ['FILL_MISSED', false, true],
    ['ORDER_SETTLED', true, false],
    ['ORDER_ABSENT', true, false],
    ['FILL_EXTERNAL', true, true],
    ['FILL_UNLISTED', false, true],
    ['ORDER_FOREIGN', false, true],
    ['ORDER_STILL_OPEN', false, true],
    ['ORDER_CHANGED', true, true],
    ['POSITION_MISMATCH', false, true],
    ['BALANCE_MISMATCH', false, true],
    ['INSTRUMENT_FOREIGN', false, true],
  ])('%s, settled %s: told %s', ([code, settled, told]) => {
    const { synchroniser, mismatches } = watched();
    synchroniser.found([{ code, settled, detail: 'x' }]);
    expect(mismatches).toEqual(told ? [code] : []);
  });
});

describe('a desk', () => {
  test('denies entries with the reason until it is reconciled; exits pass', async () => {
    const before = await DeskWorld.open();
    await before.position('10');
    const { log, driver } = before;
    driver.onOpenOrders = failing('socket closed');
    const world = await DeskWorld.open({ log, driver, unstarted: true });
    void world.desk.start();
    await world.drain();
    expect(await world.desk.submit(intent())).toMatchObject({
      denials: [
        {
          gate: 'kill-switch',
          code: 'KILL_SWITCH_REDUCING',
          note: expect.stringContaining(
            'cannot reconcile with the venue: open orders: socket closed',
          ) as string,
        },
      ],
    });
    const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '101' } });
    expect(await world.drained(world.desk.submit(exit))).toMatchObject({ kind: 'accepted' });
  });

  test('opens by itself when the venue can be asked again', async () => {
    const world = await DeskWorld.open({ unstarted: true });
    world.driver.onOpenOrders = failing('socket closed');
    void world.desk.start();
    await world.later(10_000, 500);
    expect(await world.desk.submit(intent())).toMatchObject({ kind: 'denied' });
    world.driver.onOpenOrders = () => Promise.resolve([]);
    await world.later(30_000, 500);
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
  });

  test('cancels what is tripped does not let stand when it opens: it may have been found working', async () => {
    const before = await DeskWorld.open();
    await before.drained(before.desk.submit(intent()));
    const { log, driver } = before;
    const world = await DeskWorld.open({ log, driver, unstarted: true });
    driver.onCancel = failing();
    await world.drained(
      world.killSwitch.trip({ scope: { kind: 'firm' }, to: 'halted', reason: 'test', by: person('ada') }),
    );
    await world.drain();
    driver.cancels.length = 0;
    await world.started();
    expect(driver.cancels).toContain(ONE_ID);
  });

  test('denies entries before start() was called at all', async () => {
    const world = await DeskWorld.open({ unstarted: true });
    expect(await world.desk.submit(intent())).toMatchObject({ denials: [{ code: 'KILL_SWITCH_REDUCING' }] });
  });

  test('compares every minute, unless told otherwise', async () => {
    const world = await DeskWorld.open();
    await world.later(59_999, 10_000);
    expect(world.driver.asked).toEqual([]);
    await world.later(1);
    expect(world.driver.asked).toContain('openOrders');
  });

  test.for([
    ['not-reducing', [ONE_ID]],
    ['all', [ONE_ID, idOf('exit')]],
    ['none', []],
  ] as const)('disconnected: entries are denied, and cancelled is: %s', async ([rule, cancelled]) => {
    const world = await DeskWorld.open({ desk: { cancelOnDisconnect: rule } });
    await world.position('10');
    await world.drained(world.desk.submit(intent()));
    const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '105' } });
    await world.drained(world.desk.submit(exit));
    world.driver.tell({ type: 'disconnected', reason: 'socket closed' });
    expect(await world.desk.submit(intent({ intentId: 'two' }))).toMatchObject({
      denials: [
        {
          code: 'KILL_SWITCH_REDUCING',
          note: expect.stringContaining('the connection to the venue is lost: socket closed') as string,
        },
      ],
    });
    expect(world.driver.cancels).toEqual(cancelled);
    expect(world.killSwitch.records()).toEqual([]); // nothing that a person would have to release
  });

  test('connected again: what was missed is booked once, though told again, then entries pass', async () => {
    const world = await DeskWorld.open({ desk: { cancelOnDisconnect: 'none' } });
    await world.drained(world.desk.submit(intent()));
    world.driver.tell({ type: 'disconnected', reason: 'socket closed' });
    const missed = {
      type: 'filled',
      clientOrderId: ONE_ID,
      executionId: 'x',
      quantity: '4',
      price: '100',
      fee: { amount: '0', currency: 'USDT' },
      liquidity: 'maker',
    };
    world.driver.memory.told(missed, NOON_MS);
    world.driver.tell({ type: 'connected' });
    await world.drain();
    world.driver.tell(missed);
    await world.drain();
    expect(world.cell()).toEqual({ pos: 4, buy: 6, sell: 0 });
    expect(world.history.filter((type) => type === 'filled')).toHaveLength(1);
    const two = world.desk.submit(intent({ intentId: 'two' }));
    expect(await world.drained(two)).toMatchObject({ kind: 'accepted' });
  });

  test('a person adjusts what no order explains: a second comparison finds nothing, and the release holds', async () => {
    const world = await DeskWorld.open();
    world.driver.onPositions = () =>
      Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '3' }]);
    expect(await world.differences()).toEqual(['POSITION_MISMATCH open']);
    expect(world.trading).toBe('reducing');
    const by = person('ada');
    const adjusted = world.desk.adjust({
      adjustmentId: 'a1',
      accountId: 'acc',
      position: { instrumentId: 'GOLD', quantity: '3', price: '100' },
      by,
      reason: 'bought by hand',
    });
    expect(await world.drained(adjusted)).toBe('adjusted');
    await world.killSwitch.release({ scope: { kind: 'firm' }, confirm: 'firm', reason: 'explained', by });
    expect([await world.differences(), world.trading]).toEqual([[], 'active']);
  });
});
