import { describe, expect, test } from 'vitest';
import { positionCountGate } from '../../src/risk/index.ts';
import { GOLD, pricedOf } from '../support/orders.ts';
import { type CellOverrides, accountOf, cellOf, riskViewOf } from '../support/views.ts';

const ask = (count: number, limit: number, cell?: CellOverrides) =>
  positionCountGate(limit).check(
    pricedOf(),
    riskViewOf({ account: accountOf({ count }), cell: cell === undefined ? undefined : cellOf(GOLD, cell) }),
  );
const denial = (measured: number, limit: number) => ({
  gate: 'position-count',
  code: 'POSITION_COUNT_LIMIT',
  measured,
  limit,
});

describe('positionCountGate', () => {
  test('is asked for entries only', () => {
    expect(positionCountGate(1)).toMatchObject({ name: 'position-count', appliesTo: 'entries' });
  });

  test('lets the last one through that fits', () => {
    expect(ask(2, 3)).toBeUndefined();
  });

  test('denies the first that does not', () => {
    expect(ask(3, 3)).toEqual(denial(4, 3));
  });

  test.each([{ pos: 1 }, { pos: -1 }, { buy: 1 }, { sell: 1 }])(
    'an instrument that counts already, with %o, costs nothing',
    (cell) => {
      expect(ask(3, 3, cell)).toBeUndefined();
    },
  );

  test('an instrument that was traded and is flat now counts anew', () => {
    expect(ask(3, 3, {})).toEqual(denial(4, 3));
  });

  test('an account over its limit takes no entry, not even where it counts already', () => {
    expect(ask(4, 3, { pos: 1 })).toEqual(denial(4, 3));
  });

  test('with a limit of 0 takes no entry', () => {
    expect([ask(0, 0), ask(1, 0, { pos: 1 })]).toEqual([denial(1, 0), denial(1, 0)]);
  });

  test.each([
    [NaN, 3],
    [0, NaN],
  ])('denies what nobody can count: %s against %s', (count, limit) => {
    expect(ask(count, limit)).toEqual(denial(count + 1, limit));
  });
});
