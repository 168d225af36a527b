import { describe, expect, test } from 'vitest';
import { ticks, units } from '../../../src/core/index.ts';
import { orderValueGate } from '../../../src/risk/index.ts';
import { instrumentOf, pricedOf } from '../../support/orders.ts';
import { accountOf, money, riskViewOf } from '../../support/views.ts';

const ask = (limit: number, { worst = 100, mark = 100 }: { worst?: number; mark?: number } = {}) =>
  orderValueGate(money(limit)).check(
    pricedOf({ worst }),
    riskViewOf({ mark: { price: ticks(mark), monotonicMs: 0 } }),
  );
const denial = (measured: string, limit: string) => ({
  gate: 'order-value',
  code: 'ORDER_VALUE_LIMIT',
  measured,
  limit,
});

describe('orderValueGate', () => {
  test('is asked for entries only, and can be overridden', () => {
    expect(orderValueGate(money(1))).toMatchObject({
      name: 'order-value',
      appliesTo: 'entries',
      overridable: true,
    });
  });

  test('lets an order through that is worth exactly the limit, and denies one that is worth more', () => {
    expect([ask(1_000), ask(999)]).toEqual([undefined, denial('1000', '999')]);
  });

  test('takes the worst price where that is more than the mark', () => {
    expect(ask(1_000, { worst: 101 })).toEqual(denial('1010', '1000'));
  });

  test('takes the mark where that is more than the worst price', () => {
    expect(ask(1_000, { mark: 101 })).toEqual(denial('1010', '1000'));
  });

  test('judges the quantity of the pass', () => {
    expect(orderValueGate(money(900)).check(pricedOf(), riskViewOf({ qty: 9 as never }))).toBeUndefined();
  });

  test('rounds up', () => {
    const instrument = instrumentOf({ step: '0.00007', tick: '0.01' });
    // 1 lot at 100 ticks is worth 70 millionths, at 101 70.7
    const check = (limit: number) =>
      orderValueGate(units(limit)).check(
        pricedOf({ instrument, qty: 1, worst: 101 }),
        riskViewOf({ qty: 1 as never }),
      );
    expect([check(71), check(70)]).toEqual([undefined, denial('0.000071', '0.00007')]);
  });

  test('counts in the currency of the account', () => {
    const account = accountOf({
      currency: 'EUR',
      inOwnCurrency: (currency, amount) => units(currency === 'USDT' ? amount / 2 : NaN),
    });
    const check = (limit: number) =>
      orderValueGate(money(limit)).check(pricedOf(), riskViewOf({ account, row: account }));
    expect([check(500), check(499)]).toEqual([undefined, denial('500', '499')]);
  });

  test('denies without a mark', () => {
    expect(orderValueGate(money(1_000)).check(pricedOf(), riskViewOf({ mark: undefined }))).toEqual(
      denial('NaN', '1000'),
    );
  });

  test('with a limit of 0 denies what is worth nothing as well', () => {
    expect(ask(0, { worst: 0, mark: 0 })).toEqual(denial('0', '0'));
  });

  test.each([0, NaN])('with a limit of %s denies', (limit) => {
    expect(ask(limit)).toEqual(denial('1000', String(limit)));
  });
});
