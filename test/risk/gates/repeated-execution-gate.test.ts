import { describe, expect, test } from 'vitest';
import { ManualClock, person, system } from '../../../src/core/index.ts';
import { KillSwitch } from '../../../src/risk/index.ts';
import { MemoryStateStore } from '../../../src/storage/index.ts';
import { instrumentOf } from '../../support/orders.ts';
import { SILVER, approved, controlled, rejected } from '../support/controls.ts';

const LIMIT = { max: 3, windowMs: 1_000 };
const limited = () => controlled({ limits: { repeatedExecution: LIMIT } });
const REASON = '3 entries of strat to buy GOLD within 1000 ms, limit 3';
const latched = rejected({
  gate: 'repeated-execution',
  code: 'REPEATED_EXECUTION',
  measured: 0,
  limit: 3,
  note: REASON,
});

/** The same over a kill switch of its own. */
async function switched() {
  const clock = new ManualClock();
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const world = controlled({ limits: { repeatedExecution: LIMIT }, deps: { killSwitch } });
  return { ...world, killSwitch, switchClock: clock };
}

describe('repeatedExecutionGate', () => {
  test('latches the strategy with the last entry that is let through', () => {
    const { ask, work } = limited();
    work();
    work();
    expect(ask()).toEqual(approved());
    work();
    expect(ask()).toEqual(latched);
  });

  test('the latch stays when the window has passed, for all that the strategy would enter', () => {
    const { ask, work, later } = limited();
    for (let n = 0; n < 3; n += 1) work();
    later(100_000);
    expect([ask(), ask({ instrument: SILVER }), ask({ accountId: 'other' })]).toEqual([
      latched,
      latched,
      latched,
    ]);
  });

  test('other strategies go on, and exits', () => {
    const { ask, trade } = limited();
    for (let n = 0; n < 3; n += 1) trade();
    expect([ask({ strategyId: 'calm' }), ask({ side: 'sell' })]).toEqual([approved(), approved(10, true)]);
  });

  test('entries that are as far apart as the window never latch', () => {
    const { ask, work, later } = limited();
    for (let n = 0; n < 9; n += 1) {
      work();
      later(500);
    }
    expect(ask()).toEqual(approved());
  });

  test('one that comes a millisecond early does', () => {
    const { ask, work, later } = limited();
    work();
    later(500);
    work();
    later(499);
    work();
    expect(ask()).toEqual(latched);
  });

  test('counts per account, instrument and side, and entries only', () => {
    const { ask, trade, work } = limited();
    trade();
    trade();
    work({ side: 'sell', qty: 5 });
    work({ side: 'sell', qty: 5 });
    work({ side: 'sell', qty: 5 });
    work({ instrument: SILVER });
    work({ accountId: 'other' });
    expect(ask()).toEqual(approved());
  });

  describe('on margin, where a sale may be an entry', () => {
    const instrument = instrumentOf({ kind: 'linear', initialMarginFraction: '1' });

    test('counts each side for itself', () => {
      const { ask, work } = limited();
      for (const side of ['buy', 'sell'] as const)
        for (let n = 0; n < 2; n += 1) work({ instrument, side, qty: 1 });
      expect([ask({ instrument }), ask({ instrument, side: 'sell' })]).toEqual([approved(), approved()]);
    });

    test('does not count the exits of its side', () => {
      const { ask, trade } = limited();
      trade({ instrument, qty: 3 });
      for (let n = 0; n < 3; n += 1) trade({ instrument, side: 'sell', qty: 1 });
      expect(ask({ instrument, side: 'sell' })).toEqual(approved());
    });
  });

  test.each([
    ['instrument', { instrument: SILVER }],
    ['strategy', { strategyId: 'calm' }],
    ['account', { accountId: 'other' }],
  ])('counts in another %s as it counts in the first', (_what, other) => {
    const { ask, work } = limited();
    work();
    expect(ask(other).decision).toBe('approve');
    for (let n = 0; n < 3; n += 1) work(other);
    expect(ask(other).decision).toBe('reject');
  });

  test('counts only what is kept', () => {
    const { ask, work, drop } = limited();
    work();
    work();
    drop();
    expect(ask()).toEqual(approved());
  });

  test('what a lower limit finds is denied until the window has passed', () => {
    const { guard, ask, work, later } = limited();
    work();
    work();
    guard.adopt({ ...guard.limits, repeatedExecution: { max: 2, windowMs: 1_000 } });
    const denied = (measured: number) =>
      rejected({
        gate: 'repeated-execution',
        code: 'REPEATED_EXECUTION',
        measured,
        limit: 2,
        note: 'within 1000 ms',
      });
    later(999);
    expect(ask()).toEqual(denied(2));
    later(1);
    expect(ask()).toEqual(approved());
  });

  test('an exit latches nothing, however many entries to its side there were', () => {
    const instrument = instrumentOf({ kind: 'linear', initialMarginFraction: '1' });
    const { guard, ask, trade } = limited();
    for (let n = 0; n < 2; n += 1) trade({ instrument, side: 'sell', qty: 1 });
    trade({ instrument, strategyId: 'calm', qty: 12 });
    guard.adopt({ ...guard.limits, repeatedExecution: { max: 2, windowMs: 1_000 } });
    trade({ instrument, side: 'sell', qty: 1 });
    expect(ask({ instrument })).toEqual(approved());
  });

  test('an entry that two sets of limits latch is counted once', () => {
    const { guard, ask, work } = limited();
    guard.tighten({ ...guard.limits, repeatedExecution: { max: 2, windowMs: 1_000 } });
    work();
    work();
    expect(ask()).toMatchObject({
      decision: 'reject',
      denials: [{ note: '2 entries of strat to buy GOLD within 1000 ms, limit 2' }],
    });
  });
});

describe('repeatedExecutionGate, with a kill switch', () => {
  const settled = async (): Promise<void> => {
    await Promise.resolve();
  };

  test('the last entry still goes out: the switch trips when something has happened to it', async () => {
    const { ask, work, tell, killSwitch } = await switched();
    work();
    work();
    const id = work();
    expect([ask(), killSwitch.records()]).toEqual([latched, []]);
    tell({ type: 'accepted', clientOrderId: id });
    await settled();
    expect(killSwitch.records()).toEqual([
      {
        scope: { kind: 'strategy', id: 'strat' },
        state: 'reducing',
        reason: REASON,
        by: system('repeated-execution'),
        atMs: 0,
      },
    ]);
    expect(ask()).toEqual(
      rejected({ gate: 'kill-switch', code: 'KILL_SWITCH_REDUCING', note: `strategy:strat: ${REASON}` }),
    );
  });

  test('what happens to earlier entries trips nothing', async () => {
    const { work, tell, killSwitch } = await switched();
    const first = work();
    work();
    work();
    tell({ type: 'accepted', clientOrderId: first });
    await settled();
    expect(killSwitch.records()).toEqual([]);
  });

  test('two reports at once trip once', async () => {
    const { work, tell, killSwitch } = await switched();
    const trips: unknown[] = [];
    killSwitch.onChange((change) => trips.push(change.kind));
    work();
    work();
    const id = work();
    tell({ type: 'accepted', clientOrderId: id });
    tell({ type: 'cancelRequested', clientOrderId: id });
    await settled();
    expect(trips.filter((kind) => kind === 'tripped')).toEqual(['tripped']);
  });

  test('when a named person has released it, it counts anew', async () => {
    const { ask, work, tell, killSwitch } = await switched();
    work();
    work();
    tell({ type: 'accepted', clientOrderId: work() });
    await settled();
    const scope = { kind: 'strategy', id: 'strat' } as const;
    await killSwitch.release({ scope, confirm: 'strategy:strat', reason: 'looked at', by: person('ada') });
    expect(ask()).toEqual(approved());
    work();
    work();
    expect(ask()).toEqual(approved());
    work();
    expect(ask()).toEqual(latched);
  });
});
