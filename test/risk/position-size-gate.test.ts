import { describe, expect, test } from 'vitest';
import { units } from '../../src/core/index.ts';
import { positionSizeGate } from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';
import { money, riskViewOf } from '../support/views.ts';

const ask = (worstAfter: number, worstBefore = 0, limit = money(1_000)) =>
  positionSizeGate(limit).check(
    pricedOf(),
    riskViewOf({ worstBefore: units(worstBefore), worstAfter: units(worstAfter) }),
  );
const denial = (measured: string, limit = '1000') => ({
  gate: 'position-size',
  code: 'POSITION_SIZE_LIMIT',
  measured,
  limit,
});

describe('positionSizeGate', () => {
  test('is asked for entries only', () => {
    expect(positionSizeGate(money(1))).toMatchObject({ name: 'position-size', appliesTo: 'entries' });
  });

  test('lets an entry through that reaches exactly the limit', () => {
    expect(ask(1_000_000_000)).toBeUndefined();
  });

  test('denies one millionth more', () => {
    expect(ask(1_000_000_001)).toEqual(denial('1000.000001'));
  });

  test('over the limit lets an entry through that does not grow the exposure', () => {
    expect(ask(1_500_000_000, 1_500_000_000)).toBeUndefined();
  });

  test('over the limit denies an entry that grows it by one millionth', () => {
    expect(ask(1_500_000_001, 1_500_000_000)).toEqual(denial('1500.000001'));
  });

  test.each([
    [NaN, 0],
    [NaN, NaN],
    [Infinity, 0],
    [Infinity, Infinity],
  ])('denies what nobody can measure: %s after %s', (after, before) => {
    expect(ask(after, before)).toEqual(denial(String(after)));
  });

  test('with a limit of 0 takes no entry, not even one that does not grow the exposure', () => {
    expect(ask(5_000_000, 5_000_000, money(0))).toEqual(denial('5', '0'));
  });

  test('with a limit of NaN denies', () => {
    expect(ask(1_000_000, 5_000_000, units(NaN))).toEqual(denial('1', 'NaN'));
  });
});
