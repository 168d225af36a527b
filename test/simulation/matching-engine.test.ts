import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/decimal.ts';
import { PortcullisError } from '../../src/core/errors.ts';
import { lots, ticks } from '../../src/core/units.ts';
import { type MatchOrder, MatchingEngine } from '../../src/simulation/index.ts';
import { instrument, order, quote, said, snapshot, trade } from './market.ts';
import { engine, usual } from './matching.ts';

describe('an incoming order', () => {
  test.for([
    ['buys the best level at its price', 'buy', 4, 101, ['buy 4 @ 101']],
    ['buys at the better price than its limit', 'buy', 4, 110, ['buy 4 @ 101']],
    ['buys level by level, best first', 'buy', 35, 105, ['buy 10 @ 101', 'buy 20 @ 102', 'buy 5 @ 105']],
    ['sells the best level at its price', 'sell', 4, 99, ['sell 4 @ 99']],
    ['sells level by level, best first', 'sell', 35, 90, ['sell 10 @ 99', 'sell 20 @ 98', 'sell 5 @ 95']],
  ] as const)('%s', ([, side, quantity, price, fills]) => {
    const events = engine().place(order('a', side, quantity, price));
    expect(said(events)).toEqual(['a accepted', ...fills.map((fill) => `a ${fill} taker`)]);
  });

  test.for([
    ['buy', 102],
    ['sell', 98],
  ] as const)('of side %s stops at its limit and rests with what is left', ([side, price]) => {
    const venue = engine();
    const events = venue.place(order('a', side, 33, price));
    expect(events.map(({ type }) => type)).toEqual(['accepted', 'filled', 'filled']);
    expect(venue.openOrders()).toEqual([
      { order: order('a', side, 33, price), leaves: 3, cumulative: 30, fills: 2, ahead: 0, displayed: 0 },
    ]);
  });

  test('that crosses nothing rests', () => {
    const venue = engine();
    expect(said(venue.place(order('a', 'buy', 5, 100)))).toEqual(['a accepted']);
    expect(venue.openOrders()).toHaveLength(1);
  });

  test('numbers its fills, so that an execution id is unique and the same in each run', () => {
    const ids = engine()
      .place(order('a', 'buy', 15, 105))
      .flatMap((event) => (event.type === 'filled' ? [event.executionId] : []));
    expect(ids).toEqual(['a-1', 'a-2']);
  });
});

describe('immediate or cancel', () => {
  test('cancels what it could not fill, with what it did', () => {
    const venue = engine();
    const events = venue.place(order('a', 'buy', 15, 101, { timeInForce: 'IOC' }));
    expect(said(events)).toEqual(['a accepted', 'a buy 10 @ 101 taker', 'a cancelled after 10']);
    expect(venue.openOrders()).toEqual([]);
  });

  test('filled whole is not cancelled as well', () => {
    const events = engine().place(order('a', 'buy', 10, 101, { timeInForce: 'IOC' }));
    expect(said(events)).toEqual(['a accepted', 'a buy 10 @ 101 taker']);
  });

  test('out of reach is cancelled with nothing', () => {
    const events = engine().place(order('a', 'sell', 1, 100, { timeInForce: 'IOC' }));
    expect(said(events)).toEqual(['a accepted', 'a cancelled after 0']);
  });
});

describe('fill or kill', () => {
  test('fills whole, over several levels', () => {
    const events = engine().place(order('a', 'buy', 30, 102, { timeInForce: 'FOK' }));
    expect(said(events)).toEqual(['a accepted', 'a buy 10 @ 101 taker', 'a buy 20 @ 102 taker']);
  });

  test('one lot too much is killed, and leaves the market as it was', () => {
    const venue = engine();
    const killed = venue.place(order('a', 'buy', 31, 102, { timeInForce: 'FOK' }));
    expect(said(killed)).toEqual(['a accepted', 'a cancelled after 0']);
    const after = venue.place(order('b', 'buy', 30, 102, { timeInForce: 'FOK' }));
    expect(said(after)).toHaveLength(3);
  });
});

describe('post-only', () => {
  test.for([
    ['buy', 101, 100],
    ['sell', 99, 100],
  ] as const)('%s: refused at the far touch, taken one tick before it', ([side, touch, inside]) => {
    const venue = engine();
    const refused = venue.place(order('a', side, 1, touch, { postOnly: true }));
    const taken = venue.place(order('b', side, 1, inside, { postOnly: true }));
    expect(said([...refused, ...taken])).toEqual(['a rejected WOULD_CROSS', 'b accepted']);
  });

  test('is taken at any price when nobody stands on the far side', () => {
    const venue = engine(snapshot([[99, 10]], []));
    expect(said(venue.place(order('a', 'buy', 1, 500, { postOnly: true })))).toEqual(['a accepted']);
  });

  test('is judged by what is left of the far side', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 10, 101));
    const events = venue.place(order('b', 'buy', 1, 101, { postOnly: true }));
    expect(said(events)).toEqual(['b accepted']);
  });
});

describe('what is refused', () => {
  const cases: [string, Partial<MatchOrder>][] = [
    ['INSTRUMENT_UNKNOWN', { instrumentId: 'XYZ-USD' }],
    ['QUANTITY_INVALID', { quantity: lots(0) }],
    ['QUANTITY_INVALID', { quantity: lots(-1) }],
    ['QUANTITY_INVALID', { quantity: lots(1.5) }],
    ['QUANTITY_INVALID', { quantity: lots(NaN) }],
    ['PRICE_INVALID', { price: ticks(0) }],
    ['PRICE_INVALID', { price: ticks(100.5) }],
    ['PRICE_INVALID', { price: ticks(NaN) }],
    ['TIME_IN_FORCE_CONFLICT', { postOnly: true, timeInForce: 'IOC' }],
    ['TIME_IN_FORCE_CONFLICT', { postOnly: true, timeInForce: 'FOK' }],
  ];
  test.for(cases)('%s: %o', ([reason, wrong]) => {
    const events = engine().place(order('a', 'buy', 1, 100, wrong));
    expect(said(events)).toEqual([`a rejected ${reason}`]);
  });

  test('an id that rests, is filled or was cancelled', () => {
    const venue = engine();
    venue.place(order('resting', 'buy', 1, 90));
    venue.place(order('filled', 'buy', 1, 101));
    venue.place(order('cancelled', 'buy', 1, 90));
    venue.cancel('cancelled');
    const events = ['resting', 'filled', 'cancelled'].flatMap((id) => venue.place(order(id, 'buy', 1, 90)));
    expect(said(events)).toEqual([
      'resting rejected DUPLICATE_ORDER_ID',
      'filled rejected DUPLICATE_ORDER_ID',
      'cancelled rejected DUPLICATE_ORDER_ID',
    ]);
  });

  test('a rejected order has not used its id', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 1, 101, { postOnly: true }));
    expect(said(venue.place(order('a', 'buy', 1, 100, { postOnly: true })))).toEqual(['a accepted']);
  });

  test('every order before the first snapshot', () => {
    const venue = engine(quote(1, [99, 10], [101, 10]), trade('buy', 101, 1));
    expect(said(venue.place(order('a', 'buy', 1, 90)))).toEqual(['a rejected MARKET_UNAVAILABLE']);
  });

  test('the market of another instrument', () => {
    const venue = engine();
    const other = { ...trade('buy', 101, 1), instrumentId: 'XYZ-USD' };
    expect(() => venue.onMarket(other)).toThrow(PortcullisError);
  });

  test('a misspelt fee, by name', () => {
    expect(() => new MatchingEngine({ makerFee: '1' } as never, { instrument })).toThrow(/makerFee/);
  });
});

describe('cancel', () => {
  test('ends a working order with what it filled', () => {
    const venue = engine(snapshot([], [[101, 2]]));
    venue.place(order('a', 'buy', 5, 101));
    expect(said(venue.cancel('a'))).toEqual(['a cancelled after 2']);
    expect(venue.openOrders()).toEqual([]);
    expect(said(venue.onMarket(trade('sell', 90, 50)))).toEqual([]);
  });

  test.for(['unknown', 'filled', 'cancelled'])('is refused for an order that is %s', (id) => {
    const venue = engine();
    venue.place(order('filled', 'buy', 1, 101));
    venue.place(order('cancelled', 'buy', 1, 90));
    venue.cancel('cancelled');
    expect(said(venue.cancel(id))).toEqual([`${id} cancel refused`]);
  });
});

test('a fill carries the fee of its liquidity, in quote currency', () => {
  const venue = new MatchingEngine({ makerFeeBps: '-1', takerFeeBps: '4' }, { instrument });
  venue.onMarket(usual);
  const taken = venue.place(order('a', 'buy', 11, 101));
  const made = venue.onMarket(trade('sell', 101, 1));
  expect([...taken, ...made].slice(1)).toEqual([
    {
      type: 'filled',
      orderId: 'a',
      executionId: 'a-1',
      side: 'buy',
      quantity: 10,
      price: 101,
      fee: { amount: decimal('0.404'), currency: 'USD' },
      liquidity: 'taker',
    },
    {
      type: 'filled',
      orderId: 'a',
      executionId: 'a-2',
      side: 'buy',
      quantity: 1,
      price: 101,
      fee: { amount: decimal('-0.0101'), currency: 'USD' },
      liquidity: 'maker',
    },
  ]);
});
