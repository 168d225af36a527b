import { describe, expect, test } from 'vitest';
import { units } from '../../../src/core/index.ts';
import { type RiskLimitsInput, capitalGate } from '../../../src/risk/index.ts';
import { instrumentOf, pricedOf } from '../../support/orders.ts';
import { accountOf, money, quotedAt, riskViewOf } from '../../support/views.ts';
import { controlled } from '../support/controls.ts';

const rejected = (measured: string, limit: string, gate = 'capital') => ({
  decision: 'reject',
  denials: [{ gate, code: 'CAPITAL_LIMIT', measured, limit }],
});
const limited = (limits: Partial<RiskLimitsInput>) => controlled({ limits });

describe('capitalGate', () => {
  test('is asked for entries only, and can be overridden', () => {
    expect(capitalGate(money(1))).toMatchObject({
      name: 'capital',
      appliesTo: 'entries',
      overridable: true,
    });
  });

  test('counts what positions cost and what working orders may, this one included', () => {
    const { guard, trade, work } = limited({ maxCapital: '1000' });
    trade({ intentId: 'a', qty: 3, worst: 90 });
    work({ intentId: 'b', qty: 3, worst: 110 });
    expect(guard.evaluate(pricedOf({ intentId: 'c', qty: 4 })).decision).toBe('approve');
    expect(guard.evaluate(pricedOf({ intentId: 'c', qty: 4, worst: 101 }))).toEqual(rejected('1004', '1000'));
  });

  test('does not mind what positions are worth now', () => {
    const { guard, trade, book } = limited({ maxCapital: '1000' });
    trade({ intentId: 'a', qty: 5, worst: 100 });
    book.mark(quotedAt(150));
    expect(guard.evaluate(pricedOf({ intentId: 'c', qty: 5, worst: 100 })).decision).toBe('approve');
  });

  test('counts per account', () => {
    const { guard, trade } = limited({ maxCapital: '1000' });
    trade({ accountId: 'other', qty: 10 });
    expect(guard.evaluate(pricedOf()).decision).toBe('approve');
  });

  test.each([{ kind: 'firm' }, { kind: 'venue', id: 'here' }] as const)(
    'counts all accounts for the scope $kind',
    (scope) => {
      const { guard, trade } = limited({ scopes: [{ scope, maxCapital: '1500' }] });
      trade({ accountId: 'other', qty: 9 });
      expect(guard.evaluate(pricedOf({ qty: 6 })).decision).toBe('approve');
      const key = scope.kind === 'firm' ? 'firm' : 'venue:here';
      expect(guard.evaluate(pricedOf({ qty: 7 }))).toEqual(rejected('1600', '1500', `capital@${key}`));
    },
  );

  test('denies when accounts of the scope are of different currencies', () => {
    const { guard, book } = limited({ scopes: [{ scope: { kind: 'firm' }, maxCapital: '1500' }] });
    book.openAccount('euro', 'EUR', '1');
    expect(guard.evaluate(pricedOf())).toEqual(rejected('NaN', '1500', 'capital@firm'));
  });

  test('on margin counts what the margin grows by, and lets through what employs no more', () => {
    const FUTURE = instrumentOf({ instrumentId: 'FUT', kind: 'linear', initialMarginFraction: '0.1' });
    const { guard, book, trade } = limited({ maxCapital: '100' });
    book.mark(quotedAt(100, { instrumentId: 'FUT' }));
    trade({ instrument: FUTURE, intentId: 'a', qty: 10 });
    expect(guard.evaluate(pricedOf({ instrument: FUTURE, qty: 1 }))).toEqual(rejected('110', '100'));
    book.mark(quotedAt(120, { instrumentId: 'FUT' }));
    // From 10 long to 10 short: over the limit, but not further.
    const turn = pricedOf({ instrument: FUTURE, side: 'sell', qty: 20, worst: 120 });
    expect(guard.evaluate(turn)).toMatchObject({ decision: 'approve', isExit: false });
  });

  test.each([NaN, Infinity])('denies when the capital is %s', (capital) => {
    const account = accountOf({ capital: units(capital) });
    expect(capitalGate(money(1_000)).check(pricedOf(), riskViewOf({ account }))).toEqual({
      gate: 'capital',
      code: 'CAPITAL_LIMIT',
      measured: String(capital),
      limit: '1000',
    });
  });

  test('with a limit of 0 takes no entry at all', () => {
    const account = accountOf({ capital: money(0) });
    const FUTURE = instrumentOf({ kind: 'linear' });
    const view = riskViewOf({ account, worstBefore: money(1_000) });
    expect(capitalGate(money(0)).check(pricedOf({ instrument: FUTURE }), view)).toMatchObject({
      code: 'CAPITAL_LIMIT',
      measured: '0',
    });
  });
});
