import { describe, expect, test } from 'vitest';
import { type RiskLimitsInput, parseRiskLimits, valueAtRiskGate } from '../../src/risk/index.ts';
import { WIDE, guardOf } from '../support/guard.ts';
import { pricedOf } from '../support/orders.ts';
import { closesOf, feed, historyOf } from './returns/support/bars.ts';

type Limit = NonNullable<RiskLimitsInput['valueAtRisk']>;

/** Half is lost in the worst of four scenarios. */
function goldReturns() {
  const returns = historyOf({ window: 4 });
  feed(returns, 'GOLD', closesOf([0.5, -0.5, 0.5, -0.25]));
  return returns;
}

const limitOf = (overrides: Partial<Limit> = {}) => ({
  valueAtRisk: { maxValueAtRisk: '500.000001', scenarios: 4, minScenarios: 4, ...overrides },
});
const limitsOf = (overrides: Partial<Limit> = {}) => parseRiskLimits({ ...WIDE, ...limitOf(overrides) });
const world = (limits: Partial<RiskLimitsInput> = {}, gates = {}) =>
  guardOf({ limits, deps: { returns: goldReturns(), ...gates } });
const denial = (limit: string) => ({
  gate: 'value-at-risk',
  code: 'VALUE_AT_RISK_LIMIT',
  measured: '500.000001',
  limit,
  note: 'confidence 0.99, 4 scenarios',
});

describe('RiskLimits, value at risk', () => {
  test('lets through what is within, and denies a millionth more', () => {
    expect(world(limitOf()).guard.evaluate(pricedOf({ qty: 10 })).decision).toBe('approve');
    expect(world(limitOf({ maxValueAtRisk: '500' })).guard.evaluate(pricedOf({ qty: 10 }))).toEqual({
      decision: 'reject',
      denials: [denial('500')],
    });
  });

  test('is off until it is set, and then has the defaults of its gate', () => {
    expect(parseRiskLimits(WIDE).valueAtRisk).toBeUndefined();
    expect(world().guard.basis.gates).not.toContain('value-at-risk');
    expect(parseRiskLimits({ ...WIDE, valueAtRisk: { maxValueAtRisk: '7' } }).valueAtRisk).toEqual({
      maxValueAtRisk: 7_000_000,
      confidence: 0.99,
      scenarios: 250,
      minScenarios: 100,
    });
  });

  test('can be tightened, withdrawn and adopted while orders come', () => {
    const { guard } = world(limitOf());
    const said = () => guard.evaluate(pricedOf({ qty: 10 }));
    guard.tighten(limitsOf({ maxValueAtRisk: '500' }));
    expect(said()).toEqual({ decision: 'reject', denials: [denial('500')] });
    guard.withdraw();
    expect(said().decision).toBe('approve');
    guard.adopt(limitsOf({ maxValueAtRisk: '499' }));
    expect(said()).toEqual({ decision: 'reject', denials: [denial('499')] });
    guard.adopt(parseRiskLimits(WIDE));
    expect(said().decision).toBe('approve');
  });

  test('may be overridden', () => {
    const { guard } = world(limitOf({ maxValueAtRisk: '0' }));
    expect(guard.canOverride('value-at-risk')).toBe(true);
    expect(guard.evaluate(pricedOf(), new Set(['value-at-risk'])).decision).toBe('approve');
  });

  test.each([
    ['constructed', () => guardOf({ limits: limitOf() })],
    [
      'adopted',
      () => {
        guardOf().guard.adopt(limitsOf());
      },
    ],
    [
      'tightened',
      () => {
        guardOf().guard.tighten(limitsOf());
      },
    ],
  ])('without returns is refused: %s', (_when, act) => {
    expect(act).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringMatching(/valueAtRisk: expected `returns`/) as string,
      }),
    );
  });

  test('that looks further back than the returns is refused, and nothing changes', () => {
    const { guard } = world(limitOf());
    const { basis, limitsHash } = guard;
    for (const change of ['adopt', 'tighten'] as const) {
      expect(() => {
        guard[change](limitsOf({ scenarios: 5 }));
      }).toThrow(/RiskGuard: valueAtRisk: expected minScenarios <= scenarios <= the window of 4/);
    }
    expect([guard.basis === basis, guard.limitsHash === limitsHash]).toEqual([true, true]);
  });

  test('is not set beside a gate of the user that is the same', () => {
    const gates = [
      valueAtRiskGate(
        { maxValueAtRisk: '1', ...{ scenarios: 4, minScenarios: 4 } },
        { returns: goldReturns() },
      ),
    ];
    expect(() => world(limitOf(), { gates })).toThrow(/value-at-risk/);
  });

  test.each([
    ['a misspelt option', { maxLoss: '1' }, /valueAtRisk/],
    ['a number for money', { maxValueAtRisk: 5 }, /valueAtRisk\.maxValueAtRisk/],
    ['a confidence of 1', { maxValueAtRisk: '5', confidence: 1 }, /valueAtRisk\.confidence/],
  ])('refuses %s', (_what, valueAtRisk, message) => {
    expect(() => parseRiskLimits({ ...WIDE, valueAtRisk } as never)).toThrow(message);
  });
});
