import { describe, expect, test } from 'vitest';
import { lots, units } from '../../../src/core/index.ts';
import { buyingPowerGate } from '../../../src/risk/index.ts';
import { type GuardOptions, guardOf } from '../../support/guard.ts';
import { instrumentOf, pricedOf } from '../../support/orders.ts';
import { accountOf, money, quotedAt, riskViewOf } from '../../support/views.ts';
import { controlled } from '../support/controls.ts';

const minded = (limits: GuardOptions['limits'] = { buyingPower: {} }, balance = '1000') =>
  controlled({ limits, balance });
const rejected = (measured: string, limit: string) => ({
  decision: 'reject',
  denials: [{ gate: 'buying-power', code: 'BUYING_POWER', measured, limit }],
});

describe('buyingPowerGate', () => {
  test('is asked for entries only, and cannot be overridden', () => {
    const gate = buyingPowerGate({ feeBps: 0 });
    expect([gate.name, gate.appliesTo, gate.overridable]).toEqual(['buying-power', 'entries', undefined]);
  });

  test('lets an order through that costs all there is, and denies a lot more', () => {
    const { guard } = minded();
    expect(guard.evaluate(pricedOf({ qty: 10 })).decision).toBe('approve');
    expect(guard.evaluate(pricedOf({ qty: 11 }))).toEqual(rejected('1100', '1000'));
  });

  test('takes the worst price, not the mark', () => {
    const { guard } = minded();
    expect(guard.evaluate(pricedOf({ worst: 101 }))).toEqual(rejected('1010', '1000'));
    expect(guard.evaluate(pricedOf({ worst: 99, qty: 10 })).decision).toBe('approve');
  });

  test('counts what working orders may still cost, until they are over', () => {
    const { guard, work } = minded();
    const id = work({ qty: 4, worst: 100 });
    expect(guard.evaluate(pricedOf({ intentId: 'next', qty: 7 }))).toEqual(rejected('700', '600'));
    expect(guard.evaluate(pricedOf({ intentId: 'next', qty: 6 })).decision).toBe('approve');
    guard.apply({ type: 'rejected', clientOrderId: id, atMs: 0, reason: 'no' });
    expect(guard.evaluate(pricedOf({ intentId: 'next', qty: 10 })).decision).toBe('approve');
  });

  test('counts what was bought as spent, and what was sold as had', () => {
    const { guard, trade } = minded();
    trade({ qty: 10 });
    expect(guard.evaluate(pricedOf({ intentId: 'next', qty: 1 }))).toEqual(rejected('100', '0'));
    trade({ intentId: 'out', side: 'sell', qty: 10 });
    expect(guard.evaluate(pricedOf({ intentId: 'next', qty: 10 })).decision).toBe('approve');
  });

  test('never stops an exit', () => {
    const { guard, trade } = minded();
    trade({ qty: 10 });
    expect(guard.evaluate(pricedOf({ intentId: 'out', side: 'sell', qty: 10 })).decision).toBe('approve');
  });

  test('counts the fee of the order, rounded up', () => {
    const { guard } = minded({ buyingPower: { feeBps: 10 } }, '1000.999999');
    expect(guard.evaluate(pricedOf())).toEqual(rejected('1001', '1000.999999'));
    const { guard: enough } = minded({ buyingPower: { feeBps: 10 } }, '1001');
    expect(enough.evaluate(pricedOf()).decision).toBe('approve');
  });

  test('counts the fees of what is claimed, at the price of the order or the mark', () => {
    const { guard, work } = minded({ buyingPower: { feeBps: 12.5 } }, '1001.25');
    work({ qty: 4 });
    expect(guard.evaluate(pricedOf({ intentId: 'next', qty: 6 })).decision).toBe('approve');
    expect(guard.evaluate(pricedOf({ intentId: 'next', qty: 6, worst: 101 }))).toEqual(
      rejected('607.2575', '601.25'),
    );
  });

  test('adds up the fees of large amounts exactly', () => {
    const view = (free: number) =>
      riskViewOf({
        qty: lots(1_000_001),
        account: accountOf({ claimed: units(0), freeCash: units(free) }),
      });
    const instrument = instrumentOf({ tick: '0.000001' });
    const order = pricedOf({ instrument, qty: 1_000_001, worst: 5_000_000_001 });
    // 5,000,005,001,000,001 millionths and a fee of 3 hundredths of a basis point, rounded up
    const needed = 5_000_005_001_000_001 + 15_000_015_004;
    const gate = buyingPowerGate({ feeBps: 0.03 });
    expect(gate.check(order, view(needed))).toBeUndefined();
    expect(gate.check(order, view(needed - 1))).toMatchObject({ code: 'BUYING_POWER' });
  });

  test.each([
    [5_000_000_666_666_667, 15_000_002_001], // a millionth beyond a whole one, which a float would lose
    [5_000_000_000_000_000, 15_000_000_000], // exactly a whole one
  ])('rounds the fee on %d millionths up to a whole one', (feesOn, fee) => {
    const cost = money(1_000);
    const gate = buyingPowerGate({ feeBps: 0.03 });
    const measured = (free: number) =>
      gate.check(
        pricedOf(),
        riskViewOf({ account: accountOf({ claimed: units(feesOn - cost), freeCash: units(free) }) }),
      );
    expect(measured(cost + fee)).toBeUndefined();
    expect(measured(cost + fee - 1)).toMatchObject({ code: 'BUYING_POWER' });
  });

  test.each([NaN, -Infinity])('denies when what is free is %s', (free) => {
    const account = accountOf({ claimed: units(0), freeCash: units(free) });
    expect(buyingPowerGate({ feeBps: 0 }).check(pricedOf(), riskViewOf({ account }))).toEqual({
      gate: 'buying-power',
      code: 'BUYING_POWER',
      measured: '1000',
      limit: String(free),
    });
  });

  test('with a fee denies when nobody knows what is claimed', () => {
    const account = accountOf({ claimed: units(NaN), freeCash: money(10_000) });
    expect(buyingPowerGate({ feeBps: 1 }).check(pricedOf(), riskViewOf({ account }))).toMatchObject({
      measured: 'NaN',
    });
  });

  test('without a fee does not ask what is claimed', () => {
    const account = accountOf({ claimed: units(NaN), freeCash: money(1_000) });
    expect(buyingPowerGate({ feeBps: 0 }).check(pricedOf(), riskViewOf({ account }))).toBeUndefined();
  });

  test('is on by default, and off when switched off', () => {
    const on = guardOf({ balance: '1' }); // the limits of the tests switch it off
    expect(on.guard.evaluate(pricedOf()).decision).toBe('approve');
    const { guard } = guardOf({ balance: '1', limits: { buyingPower: undefined } });
    expect(guard.evaluate(pricedOf())).toEqual(rejected('1000', '1'));
  });

  test('a fee is given in steps of a hundredth of a basis point', () => {
    expect(() => minded({ buyingPower: { feeBps: 0.001 } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

describe('buyingPowerGate, on margin', () => {
  const FUTURE = instrumentOf({ instrumentId: 'FUT', kind: 'linear', initialMarginFraction: '0.1' });
  const linear = (balance: string) => {
    const world = controlled({ limits: { buyingPower: {} }, balance });
    world.book.mark(quotedAt(100, { instrumentId: 'FUT' }));
    return world;
  };

  test('takes what the margin grows by', () => {
    const { guard } = linear('100');
    expect(guard.evaluate(pricedOf({ instrument: FUTURE, qty: 10 })).decision).toBe('approve');
    expect(guard.evaluate(pricedOf({ instrument: FUTURE, qty: 11 }))).toEqual(rejected('110', '100'));
  });

  test('for a sale as well', () => {
    const { guard } = linear('100');
    const sale = (qty: number) => guard.evaluate(pricedOf({ instrument: FUTURE, side: 'sell', qty }));
    expect([sale(10).decision, sale(11)]).toEqual(['approve', rejected('110', '100')]);
  });

  test.each([
    ['buy', 103],
    ['sell', 97],
  ] as const)('and what would be lost at once at the worst price: %s at %s', (side, worst) => {
    const check = (balance: string) =>
      linear(balance).guard.evaluate(pricedOf({ instrument: FUTURE, side, worst }));
    expect([check('130').decision, check('129')]).toEqual(['approve', rejected('130', '129')]);
  });

  test('denies without a mark', () => {
    const view = riskViewOf({ mark: undefined, account: accountOf({ freeCash: money(10_000) }) });
    expect(buyingPowerGate({ feeBps: 0 }).check(pricedOf({ instrument: FUTURE }), view)).toMatchObject({
      code: 'BUYING_POWER',
      measured: 'NaN',
    });
  });

  test.each([
    ['buy', 97],
    ['sell', 103],
  ] as const)('a price that is better than the mark takes the margin only: %s at %s', (side, worst) => {
    const { guard } = linear('100');
    expect(guard.evaluate(pricedOf({ instrument: FUTURE, side, worst })).decision).toBe('approve');
  });
});
