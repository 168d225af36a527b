import { describe, expect, test } from 'vitest';
import { lots, ticks, units } from '../../src/core/index.ts';
import { type RiskView, totalExposureGate } from '../../src/risk/index.ts';
import { GOLD, type PricedOverrides, pricedOf } from '../support/orders.ts';
import { type CellOverrides, accountOf, cellOf, money, riskViewOf } from '../support/views.ts';

interface Case {
  readonly gross?: number;
  readonly before?: number;
  readonly after: number;
  readonly qty?: number;
  readonly cell?: CellOverrides;
  readonly limit?: number;
  readonly order?: PricedOverrides;
  readonly view?: Partial<RiskView>;
}
/** GOLD at a mark of 100. */
const ask = ({ gross = 0, before = 0, after, qty = 10, cell, limit = 1_000, order = {}, view = {} }: Case) =>
  totalExposureGate(money(limit)).check(
    pricedOf({ qty, ...order }),
    riskViewOf({
      account: accountOf({ gross: money(gross) }),
      cell: cell === undefined ? undefined : cellOf(GOLD, cell),
      qty: lots(qty),
      worstBefore: money(before),
      worstAfter: money(after),
      ...view,
    }),
  );
const denial = (measured: string, limit = '1000') => ({
  gate: 'total-exposure',
  code: 'TOTAL_EXPOSURE_LIMIT',
  measured,
  limit,
});
const reduction = (reduceTo: number, measured: string) => ({ reduceTo, because: denial(measured) });

describe('totalExposureGate', () => {
  test('is asked for entries only', () => {
    expect(totalExposureGate(money(1))).toMatchObject({ name: 'total-exposure', appliesTo: 'entries' });
  });

  test('lets an entry through that takes the account exactly to the limit', () => {
    expect(ask({ gross: 0, after: 1_000 })).toBeUndefined();
  });

  test('reduces one lot more to what fits', () => {
    expect(ask({ after: 1_100, qty: 11 })).toEqual(reduction(10, '1100'));
  });

  test('rounds what fits down', () => {
    expect(ask({ gross: 450, after: 1_000 })).toEqual(reduction(5, '1450'));
  });

  test('denies where not even one lot fits', () => {
    expect(ask({ gross: 901, after: 1_000 })).toEqual(denial('1901'));
  });

  test('what the side holds already is not there a second time', () => {
    const cell = { pos: 2, buy: 3 };
    expect(ask({ gross: 500, before: 500, after: 1_500, cell })).toEqual(reduction(5, '1500'));
  });

  test('a working order of the other side takes nothing away', () => {
    const cell = { pos: 2, sell: 2 };
    expect(ask({ gross: 200, before: 200, after: 1_200, cell })).toEqual(reduction(8, '1200'));
  });

  test('for a sell counts what the position gives', () => {
    const cell = { pos: -2, sell: 3 };
    const order = { side: 'sell' } as const;
    expect(ask({ gross: 500, before: 500, after: 1_500, cell, order })).toEqual(reduction(5, '1500'));
  });

  test('never gives back the quantity it was asked for', () => {
    // What works on the other side is the larger, so it looks as if there were room.
    const cell = { pos: 0, sell: 20 };
    expect(ask({ gross: 2_100, before: 2_000, after: 2_001, limit: 2_050, cell, qty: 3 })).toMatchObject({
      reduceTo: 2,
    });
  });

  test('over the limit lets an entry through that does not grow the exposure', () => {
    expect(ask({ gross: 5_000, before: 1_000, after: 1_000 })).toBeUndefined();
  });

  test('over the limit denies an entry that grows it', () => {
    expect(ask({ gross: 5_000, before: 1_000, after: 1_000.000001 })).toEqual(denial('5000.000001'));
  });

  test('denies when a mark is missing anywhere in the account', () => {
    expect(ask({ gross: NaN, after: 1 })).toEqual(denial('NaN'));
  });

  test('denies when the instrument itself has none', () => {
    expect(ask({ after: NaN, view: { mark: undefined } })).toEqual(denial('NaN'));
  });

  test.each([NaN, 0])('finds no room at a mark of %s', (price) => {
    const view = { mark: { price: ticks(price), monotonicMs: 0 } };
    expect(ask({ gross: 1, after: 1_000, view })).toEqual(denial('1001'));
  });

  test('denies beyond the exact range of money', () => {
    expect(ask({ gross: Infinity, before: Infinity, after: Infinity })).toEqual(denial('NaN'));
  });

  describe('of an instrument that is quoted in another currency', () => {
    /** One USDT is worth two EUR. */
    const euro = (gross: number) =>
      accountOf({
        currency: 'EUR',
        gross: money(gross),
        inOwnCurrency: (currency, amount) => units(currency === 'USDT' ? amount * 2 : NaN),
      });
    const inEuro = (gross: number, after: number) => {
      const account = euro(gross);
      return ask({ after, qty: 20, view: { account, row: account } });
    };

    test('reduces to what fits in the currency of the account', () => {
      expect([inEuro(0, 4_000), inEuro(1, 4_000), inEuro(801, 4_000)]).toEqual([
        reduction(5, '4000'),
        reduction(4, '4001'),
        denial('4801'),
      ]);
    });

    test('denies where nothing is left at all', () => {
      expect(inEuro(1_000.000001, 4_000)).toEqual(denial('5000.000001'));
    });

    test('fits nothing at a rate that nobody knows', () => {
      const account = accountOf({ currency: 'EUR', inOwnCurrency: () => units(NaN) });
      expect(ask({ after: NaN, view: { account, row: account } })).toEqual(denial('NaN'));
    });
  });

  test('with a limit of 0 takes no entry', () => {
    expect([ask({ after: 1, limit: 0 }), ask({ gross: 1, before: 1, after: 1, limit: 0 })]).toEqual([
      denial('1', '0'),
      denial('1', '0'),
    ]);
  });

  test('with a limit of NaN denies', () => {
    expect(totalExposureGate(units(NaN)).check(pricedOf(), riskViewOf())).toEqual(denial('1000', 'NaN'));
  });
});
