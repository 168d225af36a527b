import { describe, expect, test } from 'vitest';
import { ticks } from '../../../src/core/index.ts';
import { type AtrRiskInput, atrRisk } from '../../../src/risk/index.ts';
import { instrumentOf } from '../../support/orders.ts';
import { money } from '../../support/views.ts';

const size = (overrides: Partial<AtrRiskInput> = {}, options: object = {}) =>
  atrRisk({ riskFraction: 0.01, ...options })({
    instrument: instrumentOf(),
    equity: money(10_000),
    price: ticks(100),
    atr: 2.5,
    ...overrides,
  });

describe('atrRisk', () => {
  test('loses the fraction of equity over two average ranges', () => {
    expect(size()).toEqual({ quantity: 20, bound: 'risk', budget: money(100) });
  });

  test('loses it over as many as are asked for', () => {
    expect(size({}, { multiple: 4 })).toEqual({ quantity: 10, bound: 'risk', budget: money(100) });
  });

  test('rounds the distance up to the tick', () => {
    expect(size({ atr: 2.51 }).quantity).toBe(16); // 6 ticks
  });

  test('reads the range in money, whatever the tick', () => {
    const instrument = instrumentOf({ tick: '0.25', step: '0.1' });
    // 5 of money are 20 ticks; 100 of risk are 20 of the base, 200 steps; the price is 25.
    expect(size({ instrument })).toEqual({ quantity: 200, bound: 'risk', budget: money(100) });
  });

  test('a range below a tick is a tick', () => {
    expect(size({ atr: 1e-300 }, { maxLeverage: 100 })).toEqual({
      quantity: 100,
      bound: 'risk',
      budget: money(100),
    });
  });

  test('invests no more than equity', () => {
    expect(size({ atr: 0.5 }, { riskFraction: 0.02 })).toEqual({
      quantity: 100,
      bound: 'cap',
      budget: money(200),
    });
  });

  test('is nothing when the range is beyond all bounds', () => {
    expect(size({ atr: 1e308 }, { multiple: 100 })).toEqual({
      quantity: 0,
      bound: 'minQuantity',
      budget: money(100),
    });
  });

  test.each([
    ['atr', { atr: NaN }],
    ['atr', { atr: 0 }],
    ['atr', { atr: -1 }],
    ['atr', { atr: Infinity }],
    ['price', { price: ticks(NaN) }],
    ['equity', { equity: money(-1) }],
  ])('is nothing, and names the %s, with %o', (input, overrides) => {
    expect(size(overrides)).toEqual({ quantity: 0, bound: 'input', budget: 0, input });
  });

  test('refuses a multiple of 0', () => {
    expect(() => size({}, { multiple: 0 })).toThrow(/multiple/);
  });
});
