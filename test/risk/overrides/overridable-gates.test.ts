import { describe, expect, test } from 'vitest';
import { ExecutionPolicy } from '../../../src/execution/index.ts';
import { type RiskGate, parseRiskLimits } from '../../../src/risk/index.ts';
import { type Denial, deny } from '../../../src/trading/index.ts';
import { WIDE, guardOf } from '../../support/guard.ts';
import { MANDATORY_RISK_GATES } from '../../support/mandatory-gates.ts';
import { pricedOf } from '../../support/orders.ts';

const NO = deny('own', 'ABOVE_MAXIMUM');
const gateOf = (check: () => Denial, overridable?: boolean): RiskGate => ({
  name: 'own',
  appliesTo: 'all',
  check,
  ...(overridable !== undefined && { overridable }),
});
const fail = (): never => {
  throw new Error('broken');
};
const OWN = new Set(['own']);

describe('RiskGuard, overridden gates', () => {
  test('let an order pass that they would deny', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => NO, true)] } });
    expect([guard.evaluate(pricedOf()).decision, guard.evaluate(pricedOf(), OWN).decision]).toEqual([
      'reject',
      'approve',
    ]);
  });

  test('deny all the same when they are not to be overridden', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => NO)] } });
    expect(guard.evaluate(pricedOf(), OWN)).toEqual({ decision: 'reject', denials: [NO] });
  });

  test('deny all the same when they fail', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(fail, true)] } });
    expect(guard.evaluate(pricedOf(), OWN)).toEqual({
      decision: 'reject',
      denials: [deny('own', 'GATE_FAILED', { note: 'broken' })],
    });
  });

  test('that are cleared need not let it pass in a dry run, overridable or not, unless they fail', () => {
    const evaluate = (gate: RiskGate) =>
      guardOf({ deps: { gates: [gate] } }).guard.evaluate(pricedOf(), undefined, OWN).decision;
    expect([
      evaluate(gateOf(() => NO)),
      evaluate(gateOf(fail)),
      evaluate({ ...gateOf(() => NO), name: 'other' }),
    ]).toEqual(['approve', 'reject', 'reject']);
  });

  test('are those that say so, by exactly their name, and that are there', () => {
    const limits = {
      maxOrderValue: '500',
      scopes: [{ scope: { kind: 'firm' }, maxOrderValue: '900' }],
    } as const;
    const { guard } = guardOf({ limits, deps: { gates: [gateOf(() => NO)] } });
    const names = [
      'order-value',
      'order-value@firm',
      'order-value@account:acc',
      'order',
      'own',
      'kill-switch',
    ];
    expect(names.filter((name) => guard.canOverride(name))).toEqual(['order-value', 'order-value@firm']);
    const wide = guardOf();
    expect(wide.guard.canOverride('order-value')).toBe(false);
    wide.guard.tighten(parseRiskLimits({ ...WIDE, maxOrderValue: '500' }));
    expect(wide.guard.canOverride('order-value')).toBe(true);
  });

  test.each(['buying-power', 'self-trade'])('are never %s, of accounts or of a scope', (name) => {
    const scoped = { buyingPower: {}, selfTrade: 'cancel-newest' } as const;
    const scope = { kind: 'account', id: 'acc' } as const;
    const { guard } = guardOf({ limits: { ...scoped, scopes: [{ scope, ...scoped }] } });
    const names = [name, `${name}@account:acc`];
    expect(guard.status().map(({ gate }) => gate)).toEqual(expect.arrayContaining(names));
    expect(names.map((gate) => guard.canOverride(gate))).toEqual([false, false]);
  });

  test.each(MANDATORY_RISK_GATES)('are never %s, of accounts or of a scope', (name) => {
    const scoped = { maxDailyLoss: '1', maxPositions: 1, maxPositionNotional: '1', maxTotalExposure: '1' };
    const { guard } = guardOf({ limits: { scopes: [{ scope: { kind: 'firm' }, ...scoped }] } });
    expect(guard.status().map(({ gate }) => gate)).toContain(name);
    expect([guard.canOverride(name), guard.canOverride(`${name}@firm`)]).toEqual([false, false]);
  });
});

test('ExecutionPolicy, overridden gates are those that say so, by exactly their name', () => {
  const own = { name: 'own', check: () => NO };
  const policy = new ExecutionPolicy(
    {},
    {
      gates: [
        { ...own, overridable: true },
        { ...own, name: 'other' },
      ],
    },
  );
  expect(['own', 'other', 'price-collar', 'own@firm'].map((name) => policy.canOverride(name))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('RiskGuard, limits that are put beside the others add up until some are adopted', () => {
  const { guard } = guardOf();
  const decides = (qty: number) => guard.evaluate(pricedOf({ qty })).decision;
  const most = (maxPositionNotional: string) => parseRiskLimits({ ...WIDE, maxPositionNotional });
  guard.tighten(most('500'));
  guard.tighten(most('800'));
  expect([decides(5), decides(6)]).toEqual(['approve', 'reject']);
  guard.adopt(most('900'));
  expect([decides(9), decides(10)]).toEqual(['approve', 'reject']);
  guard.tighten(most('100'));
  guard.withdraw();
  expect([decides(9), decides(10)]).toEqual(['approve', 'reject']);
});
