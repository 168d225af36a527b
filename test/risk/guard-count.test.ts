import { describe, expect, test } from 'vitest';
import type { PastMessage } from '../../src/risk/activity/past-message.ts';
import { bookDigest } from '../support/guard.ts';
import { heldOf } from '../support/orders.ts';
import { controlled } from './support/controls.ts';

const RATE = { messageRate: { max: 1, windowMs: 500 } };

describe('RiskGuard, an order that another system has sent', () => {
  test('counts from now on, whenever it says that it was decided', () => {
    const { guard, ask, later } = controlled({ limits: RATE });
    later(1_000);
    guard.count(heldOf({ intentId: 'elsewhere', decidedMonotonicMs: 0 }));
    expect(ask()).toMatchObject({
      denials: [{ gate: 'message-rate', code: 'MESSAGE_RATE_LIMIT', measured: 1, limit: 1 }],
    });
    later(499);
    expect(ask().decision).toBe('reject');
    later(1);
    expect(ask().decision).toBe('approve');
  });

  test('changes neither the Book nor what gates have decided so far', () => {
    const { guard, book, clock } = controlled({ limits: RATE });
    const digest = () => [bookDigest(book, clock.monotonicMs()), guard.status(), guard.limitsHash];
    const before = digest();
    guard.count(heldOf({ intentId: 'elsewhere' }));
    expect(digest()).toEqual(before);
  });

  test('trips nothing, though it is one entry too many', () => {
    const trips: unknown[] = [];
    const killSwitch = {
      tradingState: () => 'active' as const,
      trip: (order: unknown) => {
        trips.push(order);
        return Promise.reject(new Error('not asked for'));
      },
    };
    const limits = { repeatedExecution: { max: 1, windowMs: 500 } };
    const { guard, ask, later } = controlled({ limits, deps: { killSwitch } });
    guard.count(heldOf({ intentId: 'elsewhere' }));
    expect(ask()).toMatchObject({ denials: [{ code: 'REPEATED_EXECUTION', measured: 1 }] });
    later(500);
    expect([ask().decision, trips]).toEqual(['approve', []]);
  });

  test('is not counted where no limit counts', () => {
    const { guard, ask } = controlled();
    guard.count(heldOf({ intentId: 'elsewhere' }));
    expect(ask().decision).toBe('approve');
  });
});

test('RiskGuard looks as far back as the furthest limit that counts', () => {
  const limits = { ...RATE, duplicateWindowMs: 900 };
  expect([controlled().guard.lookBackMs, controlled({ limits }).guard.lookBackMs]).toEqual([0, 900]);
});

test('RiskGuard obeys one kill switch, and knows which', () => {
  const killSwitch = { tradingState: () => 'active' as const };
  const { guard } = controlled({ deps: { killSwitch } });
  expect([guard.obeys(killSwitch), guard.obeys({ ...killSwitch })]).toEqual([true, false]);
});

describe('RiskGuard, what was sent before a restart', () => {
  const before = (type: PastMessage['type'], monotonicMs: number, intentId = 'before'): PastMessage => ({
    type,
    order: heldOf({ intentId }),
    monotonicMs,
  });

  test('counts from when it was sent', () => {
    const { guard, ask, clock } = controlled({ limits: RATE });
    guard.recall(before('submitting', -200));
    expect(ask()).toMatchObject({ denials: [{ code: 'MESSAGE_RATE_LIMIT', measured: 1 }] });
    clock.advance(299);
    expect(ask()).toMatchObject({ denials: [{ code: 'MESSAGE_RATE_LIMIT' }] });
    clock.advance(1);
    expect(ask().decision).toBe('approve');
  });

  test('latches a strategy again that had sent all that it may', () => {
    const limits = { repeatedExecution: { max: 2, windowMs: 500 } };
    const { guard, ask, later } = controlled({ limits });
    guard.recall(before('submitting', -200, 'one'));
    guard.recall(before('submitting', -100, 'two'));
    later(100_000);
    expect(ask()).toMatchObject({
      denials: [{ note: '2 entries of strat to buy GOLD within 500 ms, limit 2' }],
    });
  });

  test('is told what happened to it: a cancel is a message, and what was rejected is no duplicate', () => {
    const { guard, ask } = controlled({ limits: { messageRate: { max: 2, windowMs: 500 } } });
    guard.recall(before('submitting', -200));
    expect(ask().decision).toBe('approve');
    guard.recall(before('cancelRequested', -100));
    expect(ask()).toMatchObject({ denials: [{ code: 'MESSAGE_RATE_LIMIT', measured: 2 }] });
    const { guard: another, ask: asked } = controlled({ limits: { duplicateWindowMs: 1_000 } });
    another.recall(before('submitting', -200));
    expect(asked()).toMatchObject({ denials: [{ code: 'DUPLICATE_CONTENT' }] });
    another.recall(before('rejected', -100));
    expect(asked().decision).toBe('approve');
  });
});

describe('RiskGuard, what happens to an order', () => {
  test('counts once, and only where it can happen', () => {
    const { ask, tell, work } = controlled({ limits: { messageRate: { max: 3, windowMs: 500 } } });
    const id = work();
    tell({ type: 'cancelRequested', clientOrderId: id });
    tell({ type: 'cancelled', clientOrderId: id });
    tell({ type: 'cancelRequested', clientOrderId: id }); // it is over
    expect(ask().decision).toBe('approve');
  });

  test('of an order that nobody knows is no message', () => {
    const { ask, tell } = controlled({ limits: RATE });
    tell({ type: 'cancelRequested', clientOrderId: 'nobody' });
    expect(ask().decision).toBe('approve');
  });
});
