import { describe, expect, test } from 'vitest';
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
