import { describe, expect, test } from 'vitest';
import { ticks, units } from '../../../src/core/index.ts';
import { type FixedFractionalInput, fixedFractional } from '../../../src/risk/index.ts';
import { instrumentOf } from '../../support/orders.ts';
import { money } from '../../support/views.ts';

/** Of 10,000 one percent is 100. */
const size = (overrides: Partial<FixedFractionalInput> = {}, options: object = {}) =>
  fixedFractional({ riskFraction: 0.01, ...options })({
    instrument: instrumentOf(),
    equity: money(10_000),
    entry: ticks(100),
    stop: ticks(95),
    ...overrides,
  });

describe('fixedFractional', () => {
  test('loses the fraction of equity at the stop', () => {
    expect(size()).toEqual({ quantity: 20, bound: 'risk', budget: money(100) });
  });

  test('rounds down', () => {
    expect(size({ stop: ticks(93) })).toEqual({ quantity: 14, bound: 'risk', budget: money(100) });
  });

  test('is the same for a short position, whose stop is above', () => {
    expect(size({ stop: ticks(105) })).toEqual({ quantity: 20, bound: 'risk', budget: money(100) });
  });

  test('invests no more than equity, however close the stop', () => {
    expect(size({ stop: ticks(99) }, { riskFraction: 0.5 })).toEqual({
      quantity: 100,
      bound: 'cap',
      budget: money(5_000),
    });
  });

  test('invests more with leverage', () => {
    expect(size({ stop: ticks(99) }, { riskFraction: 0.5, maxLeverage: 3 })).toEqual({
      quantity: 300,
      bound: 'cap',
      budget: money(5_000),
    });
  });

  test('names the risk when cap and risk are the same', () => {
    expect(size({ stop: ticks(99) })).toEqual({ quantity: 100, bound: 'risk', budget: money(100) });
  });

  test.each([
    ['20', 'risk', 20],
    ['19', 'maxQuantity', 19],
  ])('keeps to a maximum quantity of %s', (maxQuantity, bound, quantity) => {
    expect(size({ instrument: instrumentOf({ maxQuantity }) })).toEqual({
      quantity,
      bound,
      budget: money(100),
    });
  });

  test.each([
    ['20', 'risk', 20],
    ['21', 'minQuantity', 0],
  ])('is nothing below a minimum quantity of %s', (minQuantity, bound, quantity) => {
    expect(size({ instrument: instrumentOf({ minQuantity }) })).toEqual({
      quantity,
      bound,
      budget: money(100),
    });
  });

  test.each([
    ['2000', 'risk', 20],
    ['2000.01', 'minNotional', 0],
  ])('is nothing below a minimum value of %s', (minNotional, bound, quantity) => {
    expect(size({ instrument: instrumentOf({ minNotional }) })).toEqual({
      quantity,
      bound,
      budget: money(100),
    });
  });

  test.each([
    ['equity', { equity: units(NaN) }],
    ['equity', { equity: units(0) }],
    ['equity', { equity: money(-1) }],
    ['equity', { equity: units(Infinity) }],
    ['entry', { entry: ticks(0) }],
    ['entry', { entry: ticks(NaN) }],
    ['entry', { entry: ticks(99.5) }],
    ['stop', { stop: ticks(NaN) }],
    ['stop', { stop: ticks(-1) }],
    ['stop', { stop: ticks(100) }],
  ])('is nothing, and names the %s, with %o', (input, overrides) => {
    expect(size(overrides)).toEqual({ quantity: 0, bound: 'input', budget: 0, input });
  });

  test.each([
    ['a fraction of 0', { riskFraction: 0 }, /riskFraction/],
    ['more than all', { riskFraction: 1.01 }, /riskFraction/],
    ['NaN', { riskFraction: NaN }, /riskFraction/],
    ['leverage of 0', { maxLeverage: 0 }, /maxLeverage/],
    ['a misspelt option', { risk: 0.1 }, /risk/],
  ])('refuses %s', (_what, options, message) => {
    expect(() => size({}, options)).toThrow(message);
  });
});
