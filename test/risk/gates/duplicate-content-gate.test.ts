import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../../src/core/index.ts';
import type { ContentWindow } from '../../../src/risk/activity/content-window.ts';
import { duplicateContentGate } from '../../../src/risk/gates/duplicate-content-gate.ts';
import type { RiskView } from '../../../src/risk/risk-gate.ts';
import { type PricedOverrides, pricedOf } from '../../support/orders.ts';
import { SILVER, approved, controlled, rejected } from '../support/controls.ts';

const limited = (duplicateWindowMs = 1_000) => controlled({ limits: { duplicateWindowMs } });
const denied = (measured: number, note: string) =>
  rejected({ gate: 'duplicate-content', code: 'DUPLICATE_CONTENT', measured, limit: 1_000, note });

describe('duplicateContentGate', () => {
  test('denies what another order has said, and names it, until the window has passed', () => {
    const { ask, work, later } = limited();
    const id = work();
    later(999);
    expect(ask()).toEqual(denied(999, id));
    later(1);
    expect(ask()).toEqual(approved());
  });

  test('counts from when that was sent, not from when the clock began', () => {
    const { ask, work, later } = limited();
    later(600);
    const id = work();
    later(400);
    expect(ask()).toEqual(denied(400, id));
  });

  test.each<[string, PricedOverrides]>([
    ['account', { accountId: 'other' }],
    ['strategy', { strategyId: 'another' }],
    ['instrument', { instrument: SILVER }],
    ['quantity', { qty: 11 }],
    ['worst price', { worst: 99 }],
  ])('another %s is other content', (_what, other) => {
    const { ask, work } = limited();
    work();
    expect(ask(other).decision).toBe('approve');
  });

  test('the other side is other content', () => {
    const { ask, trade } = limited();
    trade();
    expect(ask({ side: 'sell' })).toEqual(approved(10, true));
  });

  test('exits are not exempt', () => {
    const { ask, trade, work } = limited();
    trade({ qty: 30 });
    const id = work({ side: 'sell' });
    expect(ask({ side: 'sell' })).toEqual(denied(0, id));
  });

  test('the younger of two equal ones counts', () => {
    const { guard, ask, work, later } = limited();
    guard.adopt({ ...guard.limits, duplicateWindowMs: 300 });
    work();
    later(300);
    const id = work();
    guard.adopt({ ...guard.limits, duplicateWindowMs: 1_000 });
    expect(ask()).toEqual(denied(0, id));
  });

  test('denies entries while more are within the window than it remembers, and lets exits go', () => {
    const contents = { find: () => undefined, isFull: (nowMs: number) => nowMs < 5 };
    const gate = duplicateContentGate(1_000, contents as unknown as ContentWindow);
    const at = (monotonicMs: number, isExit = false) => ({ monotonicMs, isExit }) as RiskView;
    expect([
      gate.check(pricedOf(), at(4)),
      gate.check(pricedOf(), at(5)),
      gate.check(pricedOf(), at(4, true)),
    ]).toEqual([
      {
        gate: 'duplicate-content',
        code: 'DUPLICATE_CONTENT',
        limit: 1_000,
        note: 'window full: 65536 orders in it',
      },
      undefined,
      undefined,
    ]);
    expect([gate.measure?.(pricedOf(), at(5)), gate.measure?.(pricedOf(), at(4, true))]).toEqual([
      { limit: 1_000 },
      { limit: 1_000 },
    ]);
  });

  test('measures the age of what said the same, within the window, and else nothing', () => {
    const contents = { find: () => ({ atMs: 100, clientOrderId: 'first' }), isFull: () => false };
    const gate = duplicateContentGate(1_000, contents as unknown as ContentWindow);
    const measured = (monotonicMs: number) =>
      gate.measure?.(pricedOf(), { monotonicMs, isExit: false } as RiskView);
    expect([measured(1_099), measured(1_100)]).toEqual([
      { measured: 999, limit: 1_000, note: 'first' },
      { limit: 1_000 },
    ]);
    expect(gate).toMatchObject({ appliesTo: 'all', overridable: true });
  });

  test('an order is no duplicate of itself: it may be changed back', () => {
    const { guard, work } = limited();
    work({ intentId: 'same' });
    expect(guard.evaluate(pricedOf({ intentId: 'same' })).decision).toBe('approve');
  });

  test('what was dropped before it was kept does not count', () => {
    const { ask, drop } = limited();
    drop();
    expect(ask()).toEqual(approved());
  });

  test.each([
    ['abandoned', { type: 'abandoned', because: { gate: 'confirm', code: 'DECISION_EXPIRED' } }, true],
    ['rejected', { type: 'rejected', reason: 'no' }, true],
    ['accepted', { type: 'accepted' }, false],
    ['in doubt', { type: 'timedOut', reason: 'no answer' }, false],
    ['cancelled', { type: 'cancelled', cumulative: lots(0) }, false],
  ] as const)('an order that is %s', (_what, event, leaves) => {
    const { ask, work, tell } = limited();
    const id = work();
    tell({ clientOrderId: id, ...event });
    expect(ask()).toEqual(leaves ? approved() : denied(0, id));
  });

  test('one that never was at the venue leaves the window', () => {
    const { ask, work, tell } = limited();
    const id = work();
    tell({ type: 'timedOut', clientOrderId: id, reason: 'no answer' });
    tell({ type: 'absent', clientOrderId: id });
    expect(ask()).toEqual(approved());
  });

  test('the quantity is the one that was asked for, not what it was reduced to', () => {
    const { guard, ask, book } = controlled({
      limits: { duplicateWindowMs: 1_000, maxTotalExposure: '1500' },
    });
    const verdict = guard.reserve(pricedOf({ intentId: 'first', qty: 20 }));
    if (verdict.decision !== 'resize') throw new Error(verdict.decision);
    verdict.reservation.keep();
    const { clientOrderId } = verdict.reservation.order;
    guard.apply({ type: 'cancelled', clientOrderId, atMs: 0, cumulative: lots(0) });
    expect(ask({ qty: 15 })).toEqual(approved(15));
    expect(ask({ qty: 20 })).toMatchObject({
      decision: 'reject',
      denials: [{ code: 'DUPLICATE_CONTENT', note: clientOrderId }, { code: 'TOTAL_EXPOSURE_LIMIT' }],
    });
    expect(book.order(clientOrderId)?.order.qty).toBe(15);
  });

  test('prices that only look alike are told apart', () => {
    const { ask, work } = limited();
    work({ qty: 10, worst: 100 });
    expect(ask({ qty: 11, worst: 69 }).decision).toBe('approve'); // 31 x 10 + 100 and 31 x 11 + 69 are the same
    expect(ticks(31 * 10 + 100)).toBe(31 * 11 + 69);
  });
});
