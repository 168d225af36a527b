import { describe, expect, test } from 'vitest';
import { drawdownGate } from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';
import { accountOf, riskViewOf } from '../support/views.ts';

const ask = (drawdownFraction: number, limit = 0.2) =>
  drawdownGate(limit).check(pricedOf(), riskViewOf({ account: accountOf({ drawdownFraction }) }));
const denial = (measured: number, limit = 0.2) => ({
  gate: 'drawdown',
  code: 'DRAWDOWN_LIMIT',
  measured,
  limit,
});

describe('drawdownGate', () => {
  test('is asked for entries only', () => {
    expect(drawdownGate(0.2)).toMatchObject({ name: 'drawdown', appliesTo: 'entries' });
  });

  test('lets an entry through just before the limit', () => {
    expect(ask(0.2 - Number.EPSILON)).toBeUndefined();
  });

  test('denies at exactly the limit', () => {
    expect(ask(0.2)).toEqual(denial(0.2));
  });

  test('denies when nobody knows', () => {
    expect(ask(NaN)).toEqual(denial(NaN));
  });

  test('with a limit of 0 denies also at the highest equity', () => {
    expect(ask(0, 0)).toEqual(denial(0, 0));
  });

  test('with a limit of NaN denies', () => {
    expect(ask(0, NaN)).toEqual(denial(0, NaN));
  });
});
