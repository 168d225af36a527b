import { describe, expect, test } from 'vitest';
import { type RiskGate, parseRiskLimits } from '../../src/risk/index.ts';
import { WIDE, guardOf } from '../support/guard.ts';
import { heldOf, pricedOf } from '../support/orders.ts';

const limitsOf = (limits: object) => parseRiskLimits({ ...WIDE, ...limits });
const LARGE = { maxPositionNotional: '2000' };
const SMALL = { maxPositionNotional: '500' };
const asked = (qty: number) => pricedOf({ qty });
const asked10 = () => asked(10);

describe('RiskGuard, limits in force', () => {
  test('tightened limits count beside the ones in force: whichever is tighter denies', () => {
    const { guard } = guardOf({ limits: { ...LARGE, maxPositions: 0 } });
    guard.tighten(limitsOf(SMALL));
    expect(guard.evaluate(asked(10))).toEqual({
      decision: 'reject',
      denials: [
        { gate: 'position-count', code: 'POSITION_COUNT_LIMIT', measured: 1, limit: 0 },
        { gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '500' },
      ],
    });
    expect(guard.limits.maxPositionNotional).toBe(2_000_000_000);
  });

  test('what both sets deny is said once, as the limits in force say it', () => {
    const { guard } = guardOf({ limits: SMALL });
    guard.tighten(limitsOf({ maxPositionNotional: '400' }));
    expect(guard.evaluate(asked(10))).toEqual({
      decision: 'reject',
      denials: [{ gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '500' }],
    });
  });

  test('what could not be adopted is not put in force beside them either', () => {
    const own: RiskGate = { name: 'daily-loss@firm', appliesTo: 'all', check: () => undefined };
    const { guard } = guardOf({ deps: { gates: [own] } });
    const before = guard.basis;
    const limits = limitsOf({ scopes: [{ scope: { kind: 'firm' }, maxDailyLoss: '1' }] });
    expect(() => guard.tighten(limits)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(guard.basis).toBe(before);
  });

  test('the hash is another for each: of one set, of two, of two others', () => {
    const { guard } = guardOf({ limits: SMALL });
    const hashes = [guard.limitsHash];
    for (const limits of [LARGE, { maxPositionNotional: '400' }]) {
      guard.tighten(limitsOf(limits));
      hashes.push(guard.limitsHash);
      guard.withdraw();
    }
    expect([new Set(hashes).size, guard.limitsHash]).toEqual([3, hashes[0]]);
  });

  test('adopted limits count alone', () => {
    const { guard } = guardOf({ limits: SMALL });
    guard.tighten(limitsOf(LARGE));
    expect(guard.evaluate(asked(10)).decision).toBe('reject');
    guard.adopt(limitsOf(LARGE));
    expect(guard.evaluate(asked(10)).decision).toBe('approve');
    expect(guard.limits.maxPositionNotional).toBe(2_000_000_000);
  });

  test('withdrawn limits count no more', () => {
    const { guard } = guardOf({ limits: LARGE });
    guard.tighten(limitsOf({ ...SMALL, maxDecisionAgeMs: 1 }));
    guard.withdraw();
    expect(guard.evaluate(asked(10)).decision).toBe('approve');
    expect(guard.confirm(heldOf({ decidedMonotonicMs: 0 }))).toBeUndefined();
  });

  test('the age of a decision: the shorter of both, then the new one', () => {
    const { guard, clock } = guardOf({ limits: { maxDecisionAgeMs: 100 } });
    const late = (): number | string | undefined => guard.confirm(heldOf())?.limit;
    clock.advance(101);
    guard.tighten(limitsOf({ maxDecisionAgeMs: 50 }));
    expect(late()).toBe(50);
    guard.withdraw();
    guard.tighten(limitsOf({ maxDecisionAgeMs: 200 }));
    expect(late()).toBe(100);
    guard.adopt(limitsOf({ maxDecisionAgeMs: 200 }));
    expect(late()).toBeUndefined();
  });

  test('the hash is that of all limits in force', () => {
    const { guard } = guardOf({ limits: SMALL });
    const hashes = [guard.limitsHash];
    guard.tighten(limitsOf(LARGE));
    hashes.push(guard.limitsHash);
    guard.withdraw();
    expect(guard.limitsHash).toBe(hashes[0]);
    guard.adopt(limitsOf(LARGE));
    hashes.push(guard.limitsHash);
    expect(new Set(hashes).size).toBe(3);
    expect(guard.limitsHash).toBe(guardOf({ limits: LARGE }).guard.limitsHash);
  });

  test("the user's own gates are asked once, and hear once of what is kept", () => {
    let asked = 0;
    const own: RiskGate = {
      name: 'own',
      appliesTo: 'all',
      check() {
        asked += 1;
        return undefined;
      },
    };
    const { guard } = guardOf({ deps: { gates: [own] } });
    guard.tighten(limitsOf(LARGE));
    guard.evaluate(asked10());
    expect(asked).toBe(1);
  });

  test('counts of gates are kept', () => {
    const { guard } = guardOf({ limits: SMALL });
    guard.reserve(asked(10));
    guard.adopt(limitsOf({ ...LARGE, scopes: [{ scope: { kind: 'firm' }, maxPositions: 0 }] }));
    guard.reserve(asked(10));
    const denied = guard.status().filter((count) => count.denied > 0);
    expect(denied.map(({ gate, checked, denied }) => [gate, checked, denied])).toEqual([
      ['position-size', 2, 1],
      ['position-count@firm', 1, 1],
    ]);
  });

  test('what was held under the old limits stays held', () => {
    const { guard, book, work } = guardOf({ limits: LARGE });
    expect(typeof work).toBe('function');
    const verdict = guard.reserve(asked(10));
    if (verdict.decision === 'reject') throw new Error('expected an approval');
    guard.adopt(limitsOf(SMALL));
    verdict.reservation.keep();
    expect(book.cell('acc', 'GOLD')?.buy).toBe(10);
  });
});

describe('RiskGuard, explanations', () => {
  test('every gate with what it measures and its limit, the ones that deny by their code', () => {
    const { guard } = guardOf({ limits: { ...SMALL, maxTotalExposure: '700' } });
    expect(guard.explain(asked(10))).toEqual([
      { gate: 'kill-switch', outcome: 'passed', measured: 'active' },
      { gate: 'data-quality', outcome: 'passed', measured: 0, limit: 1_000 },
      { gate: 'daily-loss', outcome: 'passed', measured: '0', limit: '-1000000' },
      { gate: 'drawdown', outcome: 'passed', measured: 0, limit: 1 },
      { gate: 'position-count', outcome: 'passed', measured: 1, limit: 100 },
      {
        gate: 'position-size',
        outcome: 'denied',
        code: 'POSITION_SIZE_LIMIT',
        measured: '1000',
        limit: '500',
      },
      expect.objectContaining({ gate: 'correlation', outcome: 'passed', measured: '1000', limit: '1000000' }),
      {
        gate: 'total-exposure',
        outcome: 'reduced',
        code: 'TOTAL_EXPOSURE_LIMIT',
        measured: '1000',
        limit: '700',
      },
    ]);
  });

  test('an exit: the gates for entries are exempt', () => {
    const world = guardOf();
    world.trade({ qty: 10 });
    const outcomes = world.guard.explain(pricedOf({ side: 'sell', qty: 5 })).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['passed', 'passed', ...Array<string>(6).fill('exempt')]);
  });

  test('a gate that cannot say what it measured is explained all the same', () => {
    const mute: RiskGate = {
      name: 'mute',
      appliesTo: 'all',
      check: () => undefined,
      measure() {
        throw new Error('boom');
      },
    };
    const { guard } = guardOf({ deps: { gates: [mute] } });
    expect(guard.explain(asked(10)).at(-1)).toEqual({
      gate: 'mute',
      outcome: 'passed',
      note: 'not measured: boom',
    });
  });

  test('an order that no gate is asked about has no explanation', () => {
    const { guard } = guardOf();
    expect(guard.explain(pricedOf({ accountId: 'nobody' }))).toEqual([]);
    expect(guard.explain(pricedOf({ side: 'sell' }))).toEqual([]);
  });
});
