import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../../src/core/index.ts';
import { approved, controlled, rejected } from '../support/controls.ts';

const limited = (max = 2, windowMs = 1_000) => controlled({ limits: { messageRate: { max, windowMs } } });
const denied = (measured: number, limit = 2, windowMs = 1_000) =>
  rejected({
    gate: 'message-rate',
    code: 'MESSAGE_RATE_LIMIT',
    measured,
    limit,
    note: `within ${windowMs} ms`,
  });

describe('messageRateGate', () => {
  test('lets so many through in the window, and no more', () => {
    const { ask, work } = limited();
    work();
    expect(ask()).toEqual(approved());
    work();
    expect(ask()).toEqual(denied(2));
  });

  test('lets the next through when the first is as old as the window, not before', () => {
    const { ask, work, later } = limited();
    work();
    later(400);
    work();
    later(599);
    expect(ask()).toEqual(denied(2));
    later(1);
    expect(ask()).toEqual(approved());
  });

  test('counts only what is kept', () => {
    const { ask, drop } = limited(1);
    drop();
    ask();
    expect(ask()).toEqual(approved());
  });

  test('counts cancels and amendments', () => {
    const { ask, work, tell } = limited(3);
    const id = work();
    tell({ type: 'accepted', clientOrderId: id });
    tell({
      type: 'amendRequested',
      clientOrderId: id,
      to: { qty: lots(5), worst: ticks(100), isExit: false },
    });
    tell({ type: 'amended', clientOrderId: id, qty: lots(5), worst: ticks(100) });
    expect(ask()).toEqual(approved());
    tell({ type: 'cancelRequested', clientOrderId: id });
    expect(ask()).toEqual(denied(3, 3));
    tell({ type: 'cancelled', clientOrderId: id, cumulative: lots(0) });
    expect(ask()).toEqual(denied(3, 3));
  });

  test('exits pass, but count', () => {
    const { ask, trade, work } = limited();
    trade({ qty: 20 });
    work({ side: 'sell', qty: 5 });
    expect([ask(), ask({ side: 'sell', qty: 5 })]).toEqual([denied(2), approved(5, true)]);
    work({ side: 'sell', qty: 5 });
    expect(ask()).toEqual(denied(3 - 1)); // no more are remembered than the limit looks back on
  });

  test('counts by account', () => {
    const { ask, work } = limited(1);
    work();
    expect([ask(), ask({ accountId: 'other' })]).toEqual([denied(1, 1), approved()]);
  });

  test('a limit of 0 takes no entry', () => {
    expect(limited(0).ask()).toEqual(denied(0, 0));
  });

  test('counters are kept when limits change', () => {
    const { guard, ask, work } = limited(3);
    work();
    work();
    guard.adopt({ ...guard.limits, messageRate: { max: 2, windowMs: 1_000 } });
    expect(ask()).toEqual(denied(2));
    guard.adopt({ ...guard.limits, messageRate: { max: 5, windowMs: 2_000 } });
    expect(ask()).toEqual(approved());
    for (let more = 0; more < 3; more += 1) work();
    expect(ask()).toEqual(denied(5, 5, 2_000));
  });
});
