import { describe, expect, test } from 'vitest';
import { units } from '../../src/core/index.ts';
import { dailyLossGate } from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';
import { accountOf, money, riskViewOf } from '../support/views.ts';

const ask = (dayPnl: number, limit = money(1_000)) =>
  dailyLossGate(limit).check(pricedOf(), riskViewOf({ account: accountOf({ dayPnl: units(dayPnl) }) }));
const denial = (measured: string, limit = '-1000') => ({
  gate: 'daily-loss',
  code: 'DAILY_LOSS_LIMIT',
  measured,
  limit,
});

describe('dailyLossGate', () => {
  test('is asked for entries only', () => {
    expect(dailyLossGate(money(1))).toMatchObject({ name: 'daily-loss', appliesTo: 'entries' });
  });

  test('lets an entry through one millionth before the limit', () => {
    expect(ask(-999_999_999)).toBeUndefined();
  });

  test('denies at exactly the limit', () => {
    expect(ask(-1_000_000_000)).toEqual(denial('-1000'));
  });

  test('denies beyond it, and says by how much', () => {
    expect(ask(-1_000_000_001)).toEqual(denial('-1000.000001'));
  });

  test.each([NaN, -Infinity])('denies a result of the day of %s', (dayPnl) => {
    expect(ask(dayPnl)).toEqual(denial(String(dayPnl)));
  });

  test.each([0, 5_000_000])('with a limit of 0 denies also a day that made %s', (dayPnl) => {
    expect(ask(dayPnl, money(0))).toEqual(denial(String(dayPnl / 1_000_000), '0'));
  });

  test('with a limit of NaN denies', () => {
    expect(ask(0, units(NaN))).toEqual(denial('0', 'NaN'));
  });
});
