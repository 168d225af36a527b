import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/decimal.ts';
import { PortcullisError } from '../../src/core/errors.ts';
import { parseOptions } from '../../src/core/options.ts';
import { lots, ticks } from '../../src/core/units.ts';
import { FeeSchedule, feeSchema, type FeeOptions } from '../../src/simulation/fees.ts';
import { defineInstrument } from '../../src/trading/index.ts';

const instrument = defineInstrument({
  instrumentId: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tick: '0.01',
  step: '0.00001',
});

const schedule = (options: FeeOptions): FeeSchedule =>
  new FeeSchedule(parseOptions('test', feeSchema, options), instrument);

const fee = (options: FeeOptions, liquidity: 'maker' | 'taker', quantity: number, price: number): string =>
  schedule(options).fee(liquidity, 'sell', lots(quantity), ticks(price)).amount.toFixed();

describe('fees', () => {
  test('are basis points of the notional in quote currency', () => {
    expect(schedule({ takerFeeBps: '10' }).fee('taker', 'buy', lots(100_000), ticks(5_000_000))).toEqual({
      amount: decimal('50'),
      currency: 'USDT',
    });
  });

  test('are 2 for the maker and 5 for the taker unless said otherwise', () => {
    expect([fee({}, 'maker', 100_000, 5_000_000), fee({}, 'taker', 100_000, 5_000_000)]).toEqual([
      '10',
      '25',
    ]);
  });

  // 0.00001 x 0.01 x 0.01 bps = 1e-13; the eighth place is the last.
  test.for([
    ['a fee is rounded up', '0.01', '0.00000001'],
    ['a rebate towards zero', '-0.01', '0'],
    ['nothing stays nothing', '0', '0'],
  ] as const)('%s at the eighth place', ([, makerFeeBps, amount]) => {
    expect(fee({ makerFeeBps }, 'maker', 1, 1)).toBe(amount);
  });

  test('an amount of exactly eight places is not rounded', () => {
    expect(fee({ makerFeeBps: '1' }, 'maker', 1, 1_000)).toBe('0.00000001');
    expect(fee({ makerFeeBps: '-1' }, 'maker', 1, 1_000)).toBe('-0.00000001');
  });

  test('take a fraction of a basis point', () => {
    expect(fee({ takerFeeBps: '7.5' }, 'taker', 100_000, 5_000_000)).toBe('37.5');
  });

  test.for([
    ['quote', 'buy', '25', 'USDT'],
    ['quote', 'sell', '25', 'USDT'],
    ['base', 'buy', '0.0005', 'BTC'],
    ['base', 'sell', '0.0005', 'BTC'],
    ['received', 'buy', '0.0005', 'BTC'],
    ['received', 'sell', '25', 'USDT'],
  ] as const)('paid in %s, of a %s: %s %s', ([feeCurrency, side, amount, currency]) => {
    expect(schedule({ feeCurrency }).fee('taker', side, lots(100_000), ticks(5_000_000))).toEqual({
      amount: decimal(amount),
      currency,
    });
  });

  test('in base currency are rounded up at the eighth place as well', () => {
    // 0.00001 x 3 bps = 3e-9
    const paid = schedule({ feeCurrency: 'base', makerFeeBps: '3' }).fee('maker', 'buy', lots(1), ticks(1));
    expect(paid.amount.toFixed()).toBe('0.00000001');
  });

  test('are paid in no other currency', () => {
    expect(() => schedule({ feeCurrency: 'BNB' } as never)).toThrow(/feeCurrency/);
  });

  test.for([5, 'x', '1e3', '10000.01', '-10001', null])('refuse %o', (takerFeeBps) => {
    expect(() => schedule({ takerFeeBps } as never)).toThrow(
      expect.objectContaining({
        name: PortcullisError.name,
        code: 'OPTION_INVALID',
        message: expect.stringContaining('takerFeeBps') as string,
      }),
    );
  });
});
