import { describe, expect, test } from 'vitest';
import {
  type ExecutionLimitsInput,
  type ExecutionPolicy,
  parseExecutionLimits,
} from '../../src/execution/index.ts';
import { heldOf } from '../support/orders.ts';
import { facts, gateOf, policyOf } from './policy-builders.ts';

describe('ExecutionPolicy, limits at run time', () => {
  const spreadOf = (entry: number): ExecutionLimitsInput => ({ spreadBps: { entry } });
  const limitsOf = (input: ExecutionLimitsInput) => parseExecutionLimits(input);
  /** A spread of 200 bps. */
  const codes = (policy: ExecutionPolicy) =>
    policy.evaluate(heldOf(), facts()).map(({ gate, limit }) => [gate, limit]);

  test('are adopted at once, and the counters are kept', () => {
    const policy = policyOf({ ...spreadOf(200), slippage: { perOrderBps: { entry: 'none' }, perDay: '10' } });
    policy.spend(heldOf({ worst: 101, qty: 10 }), facts());
    expect(codes(policy)).toEqual([]);
    const limits = limitsOf({ ...spreadOf(199), slippage: { perDay: '9' } });
    policy.adopt(limits);
    expect([codes(policy), policy.limits === limits]).toEqual([
      [
        ['spread', 199],
        ['slippage-budget', '9'],
      ],
      true,
    ]);
    expect(policy.status().find(({ gate }) => gate === 'spread')).toEqual({
      gate: 'spread',
      checked: 2,
      denied: 1,
      reduced: 0,
      reasons: [{ code: 'SPREAD_TOO_WIDE', count: 1 }],
    });
  });

  test('that tighten count at once, also where others of them loosen', () => {
    const policy = policyOf({ ...spreadOf(100), collarBps: { entry: 200, exit: 200 } });
    const before = policy.limits;
    const order = heldOf({ worst: 99 });
    policy.tighten(limitsOf({ ...spreadOf(1_000), collarBps: { entry: 50, exit: 200 } }));
    expect(policy.limits).toBe(before);
    expect(policy.evaluate(order, facts())).toEqual([
      { gate: 'spread', code: 'SPREAD_TOO_WIDE', measured: 200, limit: 100 },
      { gate: 'price-collar', code: 'PRICE_COLLAR', measured: 100, limit: 50 },
    ]);
    policy.adopt(limitsOf({ ...spreadOf(1_000), collarBps: { entry: 50, exit: 200 } }));
    expect(policy.evaluate(order, facts())).toEqual([
      { gate: 'price-collar', code: 'PRICE_COLLAR', measured: 100, limit: 50 },
    ]);
  });

  test('are withdrawn, and those of before are in force alone', () => {
    const policy = policyOf(spreadOf(200));
    policy.tighten(limitsOf(spreadOf(100)));
    policy.withdraw();
    expect(codes(policy)).toEqual([]);
  });

  test('that are adopted end what was tightened, whatever that was', () => {
    const policy = policyOf(spreadOf(1_000));
    policy.tighten(limitsOf(spreadOf(100)));
    policy.adopt(limitsOf(spreadOf(300)));
    expect(codes(policy)).toEqual([]);
  });

  test('tightened twice hold both, until all are withdrawn', () => {
    const policy = policyOf(spreadOf(1_000));
    policy.tighten(limitsOf(spreadOf(100)));
    policy.tighten(limitsOf(spreadOf(300)));
    expect(codes(policy)).toEqual([['spread', 100]]);
    policy.withdraw();
    expect(codes(policy)).toEqual([]);
  });

  test('what both sets deny is said and counted once, as the first says it; each has been asked', () => {
    const policy = policyOf(spreadOf(100));
    policy.tighten(limitsOf(spreadOf(50)));
    expect(codes(policy)).toEqual([['spread', 100]]);
    expect(policy.status().find(({ gate }) => gate === 'spread')).toMatchObject({ checked: 2, denied: 1 });
  });

  test('a gate is asked twice only if it has limits that change', () => {
    const policy = policyOf(
      spreadOf(200),
      gateOf(() => undefined),
    );
    policy.tighten(limitsOf(spreadOf(200)));
    codes(policy);
    expect(policy.status().find(({ gate }) => gate === 'own')).toMatchObject({ checked: 1 });
  });

  test('two codes of one gate are both said', () => {
    const policy = policyOf({ ...spreadOf(200), timeInForce: { entry: ['IOC'] } });
    policy.tighten(limitsOf({ ...spreadOf(200), timeInForce: { entry: ['GTC'] } }));
    expect(policy.evaluate(heldOf({ postOnly: true, worst: 101 }), facts()).map(({ code }) => code)).toEqual([
      'TIME_IN_FORCE_DENIED',
      'SLIPPAGE_BUDGET',
      'WOULD_CROSS',
    ]);
  });

  test('an explanation shows a second entry where the second limit is another', () => {
    const policy = policyOf(spreadOf(300));
    policy.tighten(limitsOf({ ...spreadOf(200), volumeFraction: { entry: 0.001 } }));
    const shown = policy
      .explain(heldOf(), facts())
      .filter(({ gate }) => gate === 'spread' || gate === 'volume');
    expect(shown.map(({ gate, outcome, limit }) => [gate, outcome, limit])).toEqual([
      ['spread', 'passed', 300],
      ['volume', 'passed', 0.1],
      ['spread', 'passed', 200],
      ['volume', 'denied', 0.001],
    ]);
    expect(policy.explain(heldOf(), facts())).toHaveLength(9);
  });

  test('that bring a gate of their own count it from then on, and keep what it counted', () => {
    const policy = policyOf(spreadOf(200));
    expect(policy.status()).toHaveLength(7);
    policy.adopt(limitsOf({ ...spreadOf(200), periodCollarBps: { entry: 100 } }));
    codes(policy);
    policy.adopt(limitsOf(spreadOf(200)));
    codes(policy);
    expect(policy.status().slice(7)).toEqual([
      {
        gate: 'period-collar',
        checked: 1,
        denied: 1,
        reduced: 0,
        reasons: [{ code: 'PERIOD_COLLAR', count: 1 }],
      },
    ]);
  });

  test.each(['adopt', 'tighten'] as const)(
    '%s refuses limits that others wrote, and changes nothing',
    (verb) => {
      const policy = policyOf(spreadOf(100));
      const { limits, limitsHash } = policy;
      expect(() => {
        policy[verb]({ ...limitsOf(spreadOf(1)) });
      }).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
      expect([policy.limits === limits, policy.limitsHash]).toEqual([true, limitsHash]);
    },
  );

  test('have a hash: the same for the same limits and gates, whoever holds them', () => {
    const strategies = (perStrategyDay: Record<string, string>) => ({ slippage: { perStrategyDay } });
    const one = policyOf(strategies({ alpha: '1', beta: '2' }));
    const other = policyOf(strategies({ beta: '2', alpha: '1' }));
    const further = policyOf(
      strategies({ alpha: '1', beta: '2' }),
      gateOf(() => undefined),
    );
    expect(one.limitsHash).toMatch(/^[0-9a-f]{64}$/);
    expect([other.limitsHash === one.limitsHash, further.limitsHash === one.limitsHash]).toEqual([
      true,
      false,
    ]);
  });

  test('have a basis of all sets and gates in force, the same object until they change', () => {
    const policy = policyOf(
      spreadOf(100),
      gateOf(() => undefined),
    );
    const { basis, limits } = policy;
    const tighter = limitsOf({ periodCollarBps: { entry: 1 } });
    expect([policy.basis === basis, basis.limits]).toEqual([true, [limits]]);
    policy.tighten(tighter);
    expect(policy.basis.limits).toEqual([limits, tighter]);
    expect(policy.basis.gates).toEqual([...basis.gates, ...basis.gates.slice(0, 7), 'period-collar']);
    expect(policy.status().map(({ gate }) => gate)).toEqual([...basis.gates, 'period-collar']);
    policy.withdraw();
    expect([policy.basis === basis, policy.basis]).toEqual([false, basis]);
  });

  test('have a hash that tells by what they are tightened', () => {
    const tightenedTo = (entry: number) => {
      const policy = policyOf(spreadOf(100));
      policy.tighten(limitsOf(spreadOf(entry)));
      return policy.limitsHash;
    };
    expect([tightenedTo(50) === tightenedTo(50), tightenedTo(50) === tightenedTo(60)]).toEqual([true, false]);
  });

  test('have another hash while two sets are in force, and the one of before when they are not', () => {
    const policy = policyOf(spreadOf(100));
    const before = policy.limitsHash;
    policy.tighten(limitsOf(spreadOf(50)));
    const between = policy.limitsHash;
    policy.withdraw();
    const withdrawn = policy.limitsHash;
    policy.adopt(limitsOf(spreadOf(50)));
    expect([between === before, withdrawn === before]).toEqual([false, true]);
    expect([policy.limitsHash, between === policy.limitsHash]).toEqual([
      policyOf(spreadOf(50)).limitsHash,
      false,
    ]);
  });
});
