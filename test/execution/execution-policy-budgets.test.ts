import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import { type ExecutionLimitsInput, type ExecutionPolicy } from '../../src/execution/index.ts';
import { type HeldOverrides, heldOf } from '../support/orders.ts';
import { money } from '../support/views.ts';
import { WIDE_SPREAD, facts, policyOf } from './policy-builders.ts';

describe('ExecutionPolicy, the budget of a day', () => {
  const TEN: HeldOverrides = { worst: 101, qty: 10 }; // 10 lots, each 1 beyond the mark
  const limits: ExecutionLimitsInput = {
    ...WIDE_SPREAD,
    slippage: { perOrderBps: { entry: 100 }, perDay: '25' },
  };
  const spentAfter = (spend: (policy: ExecutionPolicy) => void, dayId = '2026-01-02') => {
    const policy = policyOf(limits);
    spend(policy);
    return policy.evaluate(heldOf(TEN), facts({ dayId }));
  };
  const overspent = (measured: string) => [
    { gate: 'slippage-budget', code: 'SLIPPAGE_BUDGET', measured, limit: '25', note: 'of the day' },
  ];

  test('is spent by orders that go out', () => {
    const once = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
    });
    const twice = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts());
    });
    expect([once, twice]).toEqual([[], overspent('30')]);
  });

  test('is whole again on another day', () => {
    const denials = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts());
    }, '2026-01-03');
    expect(denials).toEqual([]);
  });

  test('counts from nothing with the first order of a day', () => {
    const denials = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts({ dayId: '2026-01-03' }));
    }, '2026-01-03');
    expect(denials).toEqual([]);
  });

  test('is not spent by exits', () => {
    const denials = spentAfter((policy) => {
      for (let i = 0; i < 5; i += 1) policy.spend(heldOf({ side: 'sell', isExit: true, worst: 90 }), facts());
    });
    expect(denials).toEqual([]);
  });

  test('is not spent by orders that cannot slip', () => {
    const denials = spentAfter((policy) => {
      for (let i = 0; i < 5; i += 1) policy.spend(heldOf({ worst: 99 }), facts());
    });
    expect(denials).toEqual([]);
  });

  describe('and an order that takes the place of another', () => {
    const WAS = heldOf({ worst: 101, qty: 5 }); // 5 of the budget of 25
    const after = (...spent: readonly [HeldOverrides, HeldOverrides?][]): ExecutionPolicy => {
      const policy = policyOf(limits);
      for (const [order, instead] of spent) policy.spend(heldOf(order), facts(), instead && heldOf(instead));
      return policy;
    };
    const FIVE: HeldOverrides = { worst: 101, qty: 5 };

    test.each([
      ['exactly what is left', 10, []],
      ['one more', 11, overspent('26')],
    ])('may add %s', (_, qty, expected) => {
      const policy = after([TEN], [FIVE], [FIVE]); // 20, of which 5 are its own
      expect(policy.evaluate(heldOf({ worst: 101, qty }), facts(), WAS)).toEqual(expected);
    });

    test('spends only what it adds', () => {
      const policy = after([FIVE], [TEN, FIVE]); // 10 in all
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 15 }), facts()),
        policy.evaluate(heldOf({ worst: 101, qty: 16 }), facts()),
      ]).toEqual([[], overspent('26')]);
    });

    test('gives nothing back', () => {
      const policy = after([TEN], [FIVE, TEN], [{ worst: 99, qty: 10 }, TEN]);
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 15 }), facts()),
        policy.evaluate(heldOf({ worst: 101, qty: 16 }), facts()),
      ]).toEqual([[], overspent('26')]);
    });

    test('may take less, also when nothing is left', () => {
      const policy = after([TEN], [TEN], [FIVE]);
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 4 }), facts(), WAS),
        policy.evaluate(WAS, facts(), WAS),
        policy.evaluate(heldOf({ worst: 101, qty: 6 }), facts(), WAS),
      ]).toEqual([[], [], overspent('26')]);
    });

    test('spends all of it where the other was an exit, and nothing where it is one', () => {
      const exit: HeldOverrides = { ...TEN, isExit: true };
      const policy = after([TEN, exit], [{ worst: 101, qty: 20, isExit: true }, FIVE]);
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 15 }), facts()),
        policy.evaluate(heldOf({ worst: 101, qty: 16 }), facts()),
      ]).toEqual([[], overspent('26')]);
    });

    test('adds the same to a day on which the other was not placed', () => {
      const policy = after([TEN]);
      const tomorrow = facts({ dayId: '2026-01-03' });
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 30 }), tomorrow, WAS),
        policy.evaluate(heldOf({ worst: 101, qty: 31 }), tomorrow, WAS),
      ]).toEqual([[], overspent('26')]);
    });
  });

  test('is gone for the day once an order went out at an unknown mark', () => {
    const denials = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts({ mark: ticks(NaN) }));
    });
    expect(denials).toEqual(overspent('NaN'));
  });
});

describe('ExecutionPolicy, the budget of a strategy', () => {
  const limits: ExecutionLimitsInput = { ...WIDE_SPREAD, slippage: { perStrategyDay: '15' } };
  const slip = (strategyId: string, qty = 10) =>
    heldOf({ strategyId, worst: 101, qty, intentId: strategyId });
  const open: ExecutionLimitsInput['slippage'] = { perOrderBps: { entry: 'none' } };

  test('is its own: what others spend leaves it as it is', () => {
    const policy = policyOf({ ...limits, slippage: { ...open, perStrategyDay: '15' } });
    policy.spend(slip('alpha'), facts());
    expect([policy.evaluate(slip('alpha'), facts()), policy.evaluate(slip('beta'), facts())]).toEqual([
      [
        {
          gate: 'slippage-budget',
          code: 'SLIPPAGE_BUDGET',
          measured: '20',
          limit: '15',
          note: 'of the day, of strategy alpha',
        },
      ],
      [],
    ]);
  });

  test('and an order that takes the place of another: only what is added counts', () => {
    const policy = policyOf({ ...limits, slippage: { ...open, perStrategyDay: '15' } });
    policy.spend(slip('alpha'), facts());
    expect([
      policy.evaluate(slip('alpha', 15), facts(), slip('alpha')),
      policy.evaluate(slip('alpha', 16), facts(), slip('alpha')),
    ]).toMatchObject([[], [{ measured: '16', limit: '15' }]]);
  });

  test('survives a restart, as that of the day does', () => {
    const before = policyOf(limits);
    before.spend(slip('alpha'), facts());
    before.spend(slip('beta', 3), facts());
    const after = policyOf({ ...limits, slippage: { ...open, perDay: '20', perStrategyDay: '15' } });
    after.restoreSpent('2026-01-02', before.spentOn('2026-01-02'));
    expect(after.spentOn('2026-01-02')).toEqual({
      total: money(13),
      byStrategy: { alpha: money(10), beta: money(3) },
    });
    expect(after.spentBy('2026-01-02', 'beta')).toEqual({
      strategyId: 'beta',
      total: money(13),
      strategy: money(3),
    });
    expect([
      after.evaluate(slip('beta', 7), facts()),
      after.evaluate(slip('beta', 8), facts()),
      after.evaluate(slip('alpha', 6), facts()),
    ]).toMatchObject([[], [{ measured: '21', note: 'of the day' }], [{ measured: '16', limit: '15' }]]);
  });
});
