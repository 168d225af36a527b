import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import { periodCollarGate, priceCollarGate } from '../../src/execution/index.ts';
import { toText } from '../../src/core/increment.ts';
import { type MarketView, type PricedOrder, type Side, priceOrder } from '../../src/trading/index.ts';
import { heldOf, instrumentOf, pricedOf } from '../support/orders.ts';
import { executionViewOf, marketOf } from '../support/views.ts';

/** A tick of 0.05: two decimals, of which only every fifth step is a price. */
const FINE = instrumentOf({ tick: '0.05', step: '0.001' });

function priced(limit: string, side: Side, tick = FINE): PricedOrder {
  const { intent } = pricedOf({ side });
  const result = priceOrder({ ...intent, price: { type: 'limit', limit } }, tick, marketOf());
  if ('code' in result) throw new Error(`denied ${result.code}`);
  return result;
}
const textOf = ({ worst, instrument }: PricedOrder): string => toText(worst, instrument.grid.tick);

describe('a limit between two ticks', () => {
  test.each([
    ['50000.03', '50000.00', '50000.05'],
    ['50000.01', '50000.00', '50000.05'],
    ['50000.049999999999', '50000.00', '50000.05'],
    ['50000.05', '50000.05', '50000.05'],
    ['50000.050', '50000.05', '50000.05'],
    ['50000.050000000001', '50000.05', '50000.10'],
    ['50000.1', '50000.10', '50000.10'],
  ])('goes out on the tick that is further from the market: %s', (limit, buy, sell) => {
    expect([textOf(priced(limit, 'buy')), textOf(priced(limit, 'sell'))]).toEqual([buy, sell]);
  });

  test.each([
    ['2.5', '7', '5', '7.5'],
    ['0.25', '1.2', '1.00', '1.25'],
    ['25', '60', '50', '75'],
    ['3', '10', '9', '12'],
  ])('by the increment, whatever its decimals: tick %s, limit %s', (tick, limit, buy, sell) => {
    const instrument = instrumentOf({ tick });
    const texts = (['buy', 'sell'] as const).map((side) => textOf(priced(limit, side, instrument)));
    expect(texts.map(Number)).toEqual([Number(buy), Number(sell)]);
  });
});

describe('a collar', () => {
  const MARK = ticks(1_000_000); // 50,000 at a tick of 0.05
  const collared = (limit: string, side: Side, market: Partial<MarketView> = {}) => {
    const { worst } = priced(limit, side);
    const order = heldOf({ instrument: FINE, side, worst, view: marketOf(market) });
    return {
      order: priceCollarGate({ entry: 1, exit: 1 }).check(order, executionViewOf({ mark: MARK })),
      period: periodCollarGate({ entry: 1, exit: 1 }).check(order, executionViewOf()),
    };
  };
  const recentMarks = { low: MARK, high: MARK, windowMs: 300_000 };

  test.each([
    ['50005', 'buy'],
    ['50005.04', 'buy'],
    ['49995', 'sell'],
    ['49994.96', 'sell'],
  ] as const)('judges the tick that goes out: %s passes at 1 bps, to %s', (limit, side) => {
    expect(collared(limit, side, { recentMarks })).toEqual({ order: undefined, period: undefined });
  });

  test.each([
    ['50005.05', 'buy'],
    ['50005.01', 'sell'],
    ['49994.95', 'sell'],
    ['49994.99', 'buy'],
  ] as const)('one tick outside is outside: %s, to %s', (limit, side) => {
    expect(collared(limit, side, { recentMarks })).toMatchObject({
      order: { code: 'PRICE_COLLAR', measured: 1.01 },
      period: { code: 'PERIOD_COLLAR', measured: 1.01 },
    });
  });
});
