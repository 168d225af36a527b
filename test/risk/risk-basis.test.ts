import { describe, expect, test } from 'vitest';
import { type RiskGate, parseRiskLimits } from '../../src/risk/index.ts';
import { WIDE, guardOf } from '../support/guard.ts';
import { MANDATORY_RISK_GATES } from '../support/mandatory-gates.ts';

const own: RiskGate = { name: 'own', appliesTo: 'all', check: () => undefined };
const tighter = parseRiskLimits({ ...WIDE, maxPositions: 1 });

describe('what a verdict of a guard is made from', () => {
  test('are the limits, the names of the gates in their order, and what moves together', () => {
    const clusters = { correlated: () => true };
    const { guard } = guardOf({ deps: { clusters, gates: [own] } });
    expect(guard.basis).toEqual({
      limits: [parseRiskLimits(WIDE)],
      gates: [...MANDATORY_RISK_GATES, 'own'],
      clusters,
    });
  });

  test('stays one object until the limits change', () => {
    const { guard } = guardOf();
    const before = guard.basis;
    expect(guard.basis).toBe(before);
    guard.adopt(tighter);
    expect([guard.basis === before, guard.basis.limits]).toEqual([false, [tighter]]);
  });

  test('are two sets of limits while they are being changed', () => {
    const { guard } = guardOf();
    guard.tighten(tighter);
    expect(guard.basis.limits).toEqual([parseRiskLimits(WIDE), tighter]);
    expect(guard.basis.gates.filter((name) => name === 'daily-loss')).toHaveLength(2);
    guard.withdraw();
    expect(guard.basis.limits).toEqual([parseRiskLimits(WIDE)]);
  });

  test('cannot be changed by who looks at it', () => {
    const { guard } = guardOf();
    const { basis } = guard;
    expect([Object.isFrozen(basis), Object.isFrozen(basis.limits), Object.isFrozen(basis.gates)]).toEqual([
      true,
      true,
      true,
    ]);
  });
});
