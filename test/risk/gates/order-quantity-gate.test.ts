import { describe, expect, test } from 'vitest';
import { lots } from '../../../src/core/index.ts';
import { orderQuantityGate } from '../../../src/risk/index.ts';
import { instrumentOf, pricedOf } from '../../support/orders.ts';
import { riskViewOf } from '../../support/views.ts';

const BTC = instrumentOf({ instrumentId: 'BTC', step: '0.001' });

const ask = (limit: string, qty: number, instrument = BTC) =>
  orderQuantityGate(limit).check(pricedOf({ instrument, qty }), riskViewOf({ qty: lots(qty) }));
const denial = (measured: string, limit: string) => ({
  gate: 'order-quantity',
  code: 'ORDER_QUANTITY_LIMIT',
  measured,
  limit,
});

describe('orderQuantityGate', () => {
  test('is asked for entries only, and can be overridden', () => {
    expect(orderQuantityGate('1')).toMatchObject({
      name: 'order-quantity',
      appliesTo: 'entries',
      overridable: true,
    });
  });

  test('lets exactly the limit through, and denies a lot more, in units of the base', () => {
    expect([ask('1.5', 1_500), ask('1.5', 1_501)]).toEqual([undefined, denial('1.501', '1.5')]);
  });

  test('rounds the limit down to whole lots', () => {
    expect([ask('0.0019', 1), ask('0.0019', 2)]).toEqual([undefined, denial('0.002', '0.0019')]);
  });

  test('keeps the instruments apart', () => {
    const gate = orderQuantityGate('2');
    const check = (qty: number, instrument = BTC) =>
      gate.check(pricedOf({ instrument, qty }), riskViewOf({ qty: lots(qty) }));
    expect([check(2_000), check(3, instrumentOf()), check(2_000), check(2, instrumentOf())]).toEqual([
      undefined,
      denial('3', '2'),
      undefined,
      undefined,
    ]);
  });

  test('counts contracts by what they stand for', () => {
    const contract = instrumentOf({ step: '1', multiplier: '0.1' });
    expect([ask('1', 10, contract), ask('1', 11, contract)]).toEqual([undefined, denial('1.1', '1')]);
  });

  test('divides exactly where decimals do not end', () => {
    const thirds = instrumentOf({ step: '0.3' });
    expect([ask('0.9', 3, thirds), ask('0.899999999', 3, thirds)]).toEqual([
      undefined,
      denial('0.9', '0.899999999'),
    ]);
  });

  test('never rounds a limit up, however close it is to a whole lot', () => {
    const almost = `2.${'9'.repeat(44)}`;
    expect(ask(almost, 1, instrumentOf({ step: '3' }))).toEqual(denial('3', almost));
  });

  test('a limit beyond all quantities is none', () => {
    expect(ask('99999999999999999999999999', Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });

  test('with a limit of 0 denies', () => {
    expect(ask('0', 1)).toEqual(denial('0.001', '0'));
  });

  test('refuses what is no decimal', () => {
    expect(() => orderQuantityGate('many')).toThrow(
      expect.objectContaining({
        code: 'NUMBER_INVALID',
        message: expect.stringContaining('maxOrderQuantity') as string,
      }),
    );
  });
});
