import { describe, expect, test } from 'vitest';
import { lots, ticks, units } from '../../src/core/index.ts';
import { worstWith } from '../../src/risk/worst-with.ts';
import { GOLD, pricedOf } from '../support/orders.ts';
import { accountOf, cellOf, money } from '../support/views.ts';

const MARK = { price: ticks(100), monotonicMs: 0 };
/** One USDT is worth two of the account's. */
const doubled = (currency: string) =>
  accountOf({ currency, inOwnCurrency: (_quote, amount) => units(amount * 2) });

describe('worstWith', () => {
  test.each([
    ['buy', { pos: 2, buy: 3, sell: 4 }, 1_500],
    ['sell', { pos: -2, buy: 3, sell: 4 }, 1_600],
    ['buy', { pos: 2, sell: 40 }, 3_800],
  ] as const)('a %s of 10 beside %o', (side, cell, worst) => {
    expect(worstWith(accountOf(), pricedOf({ side }), cellOf(GOLD, cell), MARK, lots(10))).toBe(money(worst));
  });

  test('is in the currency of the account, and not converted where that is the quote currency', () => {
    const worst = ['USDT', 'EUR'].map((currency) =>
      worstWith(doubled(currency), pricedOf(), undefined, MARK, lots(10)),
    );
    expect(worst).toEqual([money(1_000), money(2_000)]);
  });

  test('is unknown without a mark', () => {
    expect(worstWith(accountOf(), pricedOf(), undefined, undefined, lots(10))).toBeNaN();
  });
});
