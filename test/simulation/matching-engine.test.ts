import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/decimal.ts';
import { PortcullisError } from '../../src/core/errors.ts';
import { lots, ticks } from '../../src/core/units.ts';
import { type MatchOrder, MatchingEngine, type MatchingOptions } from '../../src/simulation/index.ts';
import type { MarketEvent } from '../../src/trading/index.ts';
import { diff, instrument, order, quote, said, snapshot, trade } from './market.ts';

const usual = snapshot(
  [
    [99, 10],
    [98, 20],
    [95, 30],
  ],
  [
    [101, 10],
    [102, 20],
    [105, 30],
  ],
);

const engine = (...events: MarketEvent[]): MatchingEngine =>
  engineWith({}, ...(events.length === 0 ? [usual] : events));

function engineWith(options: MatchingOptions, ...events: MarketEvent[]): MatchingEngine {
  const made = new MatchingEngine(options, { instrument });
  for (const event of events) made.onMarket(event);
  return made;
}

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

describe('liquidity', () => {
  const takeAll = (venue: MatchingEngine): void => void venue.place(order('first', 'buy', 10, 101));
  const next = (venue: MatchingEngine): string[] =>
    said(venue.place(order('next', 'buy', 4, 101, { timeInForce: 'IOC' }))).slice(1);

  test('that was taken is not there for the next order', () => {
    const venue = engine();
    takeAll(venue);
    expect(next(venue)).toEqual(['next cancelled after 0']);
  });

  test('that was taken in part leaves the rest', () => {
    const venue = engine();
    venue.place(order('first', 'buy', 8, 101));
    expect(next(venue)).toEqual(['next buy 2 @ 101 taker', 'next cancelled after 2']);
  });

  test('stays taken while the market repeats the same quantity', () => {
    const venue = engine();
    takeAll(venue);
    venue.onMarket(quote(11, [99, 12], [101, 10]));
    expect(next(venue)).toEqual(['next cancelled after 0']);
  });

  test('is back when the market shows another quantity', () => {
    const venue = engine();
    takeAll(venue);
    venue.onMarket(diff(11, { asks: [[101, 3]] }));
    expect(next(venue)).toEqual(['next buy 3 @ 101 taker', 'next cancelled after 3']);
  });

  test('is back when the level has gone and come again', () => {
    const venue = engine();
    takeAll(venue);
    venue.onMarket(diff(11, { asks: [[101, 0]] }));
    venue.onMarket(diff(12, { asks: [[101, 10]] }));
    expect(next(venue)).toEqual(['next buy 4 @ 101 taker']);
  });

  test('is back with a new snapshot', () => {
    const venue = engine();
    takeAll(venue);
    venue.onMarket(usual);
    expect(next(venue)).toEqual(['next buy 4 @ 101 taker']);
  });

  test('deep behind many taken levels is found', () => {
    const asks = Array.from({ length: 40 }, (_, n) => [101 + n, 1] as const);
    const venue = engine(snapshot([[99, 1]], asks));
    venue.place(order('first', 'buy', 39, 139));
    const events = venue.place(order('next', 'buy', 2, 200, { timeInForce: 'IOC' }));
    expect(said(events).slice(1)).toEqual(['next buy 1 @ 140 taker', 'next cancelled after 1']);
  });
});

describe('the queue', () => {
  /** Behind the 10 displayed at 99. */
  function queued(): MatchingEngine {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 99));
    return venue;
  }

  test('a trade as large as the queue ahead fills nothing', () => {
    expect(said(queued().onMarket(trade('sell', 99, 10)))).toEqual([]);
  });

  test('one lot more fills one lot, at our price, as maker', () => {
    expect(said(queued().onMarket(trade('sell', 99, 11)))).toEqual(['a buy 1 @ 99 maker']);
  });

  test('a large trade fills us whole, and no more', () => {
    expect(said(queued().onMarket(trade('sell', 99, 1000)))).toEqual(['a buy 5 @ 99 maker']);
  });

  test('trades add up', () => {
    const venue = queued();
    const events = [4, 4, 4, 4].flatMap((quantity) => said(venue.onMarket(trade('sell', 99, quantity))));
    expect(events).toEqual(['a buy 2 @ 99 maker', 'a buy 3 @ 99 maker']);
  });

  test('a trade of the other aggressor at our price is not for us', () => {
    expect(said(queued().onMarket(trade('buy', 99, 1000)))).toEqual([]);
  });

  test('a trade at a better price is not for us', () => {
    expect(said(queued().onMarket(trade('sell', 100, 1000)))).toEqual([]);
  });

  test('mirrors for a sell', () => {
    const venue = engine();
    venue.place(order('a', 'sell', 5, 101));
    expect(said(venue.onMarket(trade('buy', 101, 12)))).toEqual(['a sell 2 @ 101 maker']);
  });

  test('a smaller displayed quantity shortens the queue ahead to it', () => {
    const venue = queued();
    venue.onMarket(diff(11, { bids: [[99, 3]] }));
    expect(said(venue.onMarket(trade('sell', 99, 4)))).toEqual(['a buy 1 @ 99 maker']);
  });

  test('a larger one joins behind us', () => {
    const venue = queued();
    venue.onMarket(diff(11, { bids: [[99, 100]] }));
    expect(said(venue.onMarket(trade('sell', 99, 11)))).toEqual(['a buy 1 @ 99 maker']);
  });

  test('nobody is ahead where nothing is displayed', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 100));
    expect(said(venue.onMarket(trade('sell', 100, 2)))).toEqual(['a buy 2 @ 100 maker']);
  });
});

describe('queue cancels pro rata', () => {
  /** Behind the 10 displayed at 99, 30 more having joined behind. */
  function queued(): MatchingEngine {
    const venue = engineWith({ queueCancels: 'pro-rata' }, usual);
    venue.place(order('a', 'buy', 5, 99));
    venue.onMarket(diff(11, { bids: [[99, 40]] }));
    return venue;
  }
  const ahead = (venue: MatchingEngine): number | undefined => venue.openOrders()[0]?.ahead;

  test('who cancels stands ahead in proportion to those ahead', () => {
    const venue = queued();
    venue.onMarket(diff(12, { bids: [[99, 20]] }));
    expect(ahead(venue)).toBe(5);
  });

  test('what is left ahead is rounded up', () => {
    const venue = queued();
    venue.onMarket(diff(12, { bids: [[99, 39]] }));
    expect(ahead(venue)).toBe(10); // 9.75
    venue.onMarket(diff(13, { bids: [[99, 1]] }));
    expect(ahead(venue)).toBe(1);
  });

  test('a trade eats the queue, and the book that shows it is no cancel', () => {
    const venue = engineWith({ queueCancels: 'pro-rata' }, snapshot([[99, 100]], [[101, 1]]));
    venue.place(order('a', 'buy', 5, 99));
    venue.onMarket(diff(11, { bids: [[99, 400]] }));
    venue.onMarket(trade('sell', 99, 60));
    expect(ahead(venue)).toBe(40);
    venue.onMarket(diff(12, { bids: [[99, 340]] }));
    expect(ahead(venue)).toBe(40);
    venue.onMarket(diff(13, { bids: [[99, 170]] }));
    expect(ahead(venue)).toBe(20);
  });

  test('what left beyond the trade counts as cancelled', () => {
    const venue = queued();
    venue.onMarket(trade('sell', 99, 6));
    venue.onMarket(diff(12, { bids: [[99, 17]] }));
    expect(ahead(venue)).toBe(2);
  });

  test('what joins goes behind, and a level that has gone leaves nobody ahead', () => {
    const venue = queued();
    venue.onMarket(diff(12, { bids: [[99, 400]] }));
    expect(ahead(venue)).toBe(10);
    venue.onMarket(diff(13, { bids: [[99, 0]] }));
    expect(ahead(venue)).toBe(0);
  });

  test('by default they stand behind, as long as somebody does', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 99));
    venue.onMarket(diff(11, { bids: [[99, 40]] }));
    venue.onMarket(diff(12, { bids: [[99, 20]] }));
    expect(ahead(venue)).toBe(10);
    venue.onMarket(diff(13, { bids: [[99, 3]] }));
    expect(ahead(venue)).toBe(3);
  });

  test('an order amended to another price begins with what is displayed there', () => {
    const venue = queued();
    venue.amend('a', lots(5), ticks(98));
    expect(ahead(venue)).toBe(20);
    venue.onMarket(diff(12, { bids: [[98, 15]] }));
    expect(ahead(venue)).toBe(15);
  });

  test('an order amended to the back queues behind all that is displayed', () => {
    const venue = queued();
    venue.amend('a', lots(6), ticks(99));
    expect(ahead(venue)).toBe(40);
    venue.onMarket(diff(12, { bids: [[99, 20]] }));
    expect(ahead(venue)).toBe(20);
  });
});

describe('participation', () => {
  const sharing = (participationFraction: number, ...events: MarketEvent[]): MatchingEngine =>
    engineWith({ participationFraction }, ...(events.length === 0 ? [usual] : events));

  test('takes its share of each level, rounded down', () => {
    const events = sharing(0.25).place(order('a', 'buy', 100, 105, { timeInForce: 'IOC' }));
    expect(said(events)).toEqual([
      'a accepted',
      'a buy 2 @ 101 taker',
      'a buy 5 @ 102 taker',
      'a buy 7 @ 105 taker',
      'a cancelled after 14',
    ]);
  });

  test('a share of a hundredth in decimal is one in binary as well', () => {
    const venue = sharing(0.29, snapshot([[99, 100]], [[101, 100]]));
    expect(said(venue.place(order('a', 'buy', 100, 101, { timeInForce: 'IOC' })))).toContain(
      'a buy 29 @ 101 taker',
    );
  });

  test('is of what is displayed, whoever of ours took it, until the market shows another quantity', () => {
    const venue = sharing(0.5);
    const buy = (id: string): string[] =>
      said(venue.place(order(id, 'buy', 4, 101, { timeInForce: 'IOC' }))).slice(1);
    expect(buy('a')).toEqual(['a buy 4 @ 101 taker']);
    expect(buy('b')).toEqual(['b buy 1 @ 101 taker', 'b cancelled after 1']);
    venue.onMarket(quote(11, [99, 12], [101, 10]));
    expect(buy('c')).toEqual(['c cancelled after 0']);
    venue.onMarket(diff(12, { asks: [[101, 6]] }));
    expect(buy('d')).toEqual(['d buy 3 @ 101 taker', 'd cancelled after 3']);
  });

  test('a fill-or-kill order counts on no more than its share', () => {
    const venue = sharing(0.5);
    const events = ['a', 'b'].flatMap((id, n) =>
      venue.place(order(id, 'buy', 16 - n, 102, { timeInForce: 'FOK' })),
    );
    expect(said(events)).toEqual([
      'a accepted',
      'a cancelled after 0',
      'b accepted',
      'b buy 5 @ 101 taker',
      'b buy 10 @ 102 taker',
    ]);
  });

  test('a market that comes to a resting order gives it a share', () => {
    const venue = sharing(0.5);
    venue.place(order('a', 'buy', 5, 99));
    expect(said(venue.onMarket(quote(11, [97, 1], [98, 6])))).toEqual(['a buy 3 @ 99 maker']);
  });

  test('what trades against a resting order is its own', () => {
    const venue = sharing(0.5);
    venue.place(order('a', 'buy', 5, 100));
    expect(said(venue.onMarket(trade('sell', 100, 4)))).toEqual(['a buy 4 @ 100 maker']);
  });

  test('a post-only order would still take where nothing may be taken', () => {
    const venue = sharing(0.01);
    const events = venue.place(order('a', 'buy', 1, 101, { postOnly: true }));
    expect(said(events)).toEqual(['a rejected WOULD_CROSS']);
  });

  test.for([0, -0.5, 1.01, NaN])('of %d is refused', (participationFraction) => {
    expect(() => sharing(participationFraction)).toThrow(/participationFraction/);
  });
});

describe('the middle of the market', () => {
  test.for([
    ['half way between the best of both sides', [usual], 100],
    ['between ticks where it is so', [snapshot([[99, 1]], [[102, 1]])], 100.5],
    ['the only price there is', [snapshot([[99, 1]], [])], 99],
    ['none without prices', [snapshot([], [])], undefined],
    ['none before the first', [], undefined],
  ] as const)('%s', ([, events, middle]) => {
    expect(engineWith({}, ...events).middle).toBe(middle);
  });

  test('does not count what we took', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 10, 101));
    expect(venue.middle).toBe(100.5);
  });
});

describe('priority among our own', () => {
  test('the better price first, then the earlier', () => {
    const venue = engine(snapshot([], [[110, 1]]));
    venue.place(order('low', 'buy', 1, 98));
    venue.place(order('early', 'buy', 1, 99));
    venue.place(order('late', 'buy', 1, 99));
    venue.place(order('high', 'buy', 1, 100));
    expect(said(venue.onMarket(trade('sell', 98, 10)))).toEqual([
      'high buy 1 @ 100 maker',
      'early buy 1 @ 99 maker',
      'late buy 1 @ 99 maker',
      'low buy 1 @ 98 maker',
    ]);
  });

  test('the lower price first when selling', () => {
    const venue = engine(snapshot([[90, 1]], []));
    venue.place(order('high', 'sell', 1, 101));
    venue.place(order('low', 'sell', 1, 100));
    expect(said(venue.onMarket(trade('buy', 101, 1)))).toEqual(['low sell 1 @ 100 maker']);
  });

  test('one trade is shared out in the order of the queue, and what joined in between counts', () => {
    const venue = engine(snapshot([[99, 5]], [[101, 1]]));
    venue.place(order('a', 'buy', 4, 99)); // behind 5
    venue.onMarket(diff(11, { bids: [[99, 8]] }));
    venue.place(order('b', 'buy', 4, 99)); // behind those 5, a, and 3 more
    expect(said(venue.onMarket(trade('sell', 99, 13)))).toEqual(['a buy 4 @ 99 maker', 'b buy 1 @ 99 maker']);
  });

  test('a trade that ends in the queue still shortens it for all of us', () => {
    const venue = engine(snapshot([[99, 5]], [[101, 1]]));
    venue.place(order('a', 'buy', 1, 99));
    venue.place(order('b', 'buy', 1, 99));
    venue.onMarket(trade('sell', 99, 5));
    expect(said(venue.onMarket(trade('sell', 99, 2)))).toEqual(['a buy 1 @ 99 maker', 'b buy 1 @ 99 maker']);
  });

  test('orders of ours do not trade with each other', () => {
    const venue = engine(snapshot([[90, 1]], [[110, 1]]));
    venue.place(order('a', 'buy', 5, 100));
    expect(said(venue.place(order('b', 'sell', 5, 99)))).toEqual(['b accepted']);
    expect(venue.openOrders().map(({ leaves }) => leaves)).toEqual([5, 5]);
  });
});

describe('a market that comes to a resting order', () => {
  test('a trade beyond its price fills it at its price, queue or not, as far as the trade reaches', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 99));
    expect(said(venue.onMarket(trade('sell', 98, 3)))).toEqual(['a buy 3 @ 99 maker']);
  });

  test('what such a trade leaves goes on to the traded price', () => {
    const venue = engine(snapshot([], [[101, 1]]));
    venue.place(order('a', 'buy', 2, 99));
    venue.place(order('b', 'buy', 5, 98));
    const events = said(venue.onMarket(trade('sell', 98, 6)));
    expect(events).toEqual(['a buy 2 @ 99 maker', 'b buy 4 @ 98 maker']);
  });

  test.for([
    ['a quote', quote(11, [97, 1], [98, 3])],
    [
      'a diff',
      diff(11, {
        bids: [
          [99, 0],
          [98, 0],
        ],
        asks: [[98, 3]],
      }),
    ],
    ['a snapshot', snapshot([[97, 1]], [[98, 3]])],
  ] as const)('%s on or beyond its price fills it at its price, as far as it reaches', ([, event]) => {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 99));
    expect(said(venue.onMarket(event))).toEqual(['a buy 3 @ 99 maker']);
  });

  test('fills the best of ours first, once', () => {
    const venue = engine();
    venue.place(order('a', 'sell', 5, 102));
    venue.place(order('b', 'sell', 5, 101));
    const event = quote(11, [102, 7], [103, 1]);
    expect(said(venue.onMarket(event))).toEqual(['b sell 5 @ 101 maker', 'a sell 2 @ 102 maker']);
    expect(said(venue.onMarket(quote(12, [102, 7], [104, 1])))).toEqual([]);
  });

  test('one tick away fills nothing', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 99));
    expect(said(venue.onMarket(quote(11, [98, 1], [100, 50])))).toEqual([]);
  });

  test('a crossed book is not believed', () => {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 99));
    const events = [
      ...venue.onMarket(diff(11, { asks: [[97, 50]] })),
      ...venue.place(order('b', 'buy', 5, 99, { timeInForce: 'IOC' })),
      ...venue.onMarket(diff(12, { asks: [[97, 0]] })),
    ];
    expect(said(events)).toEqual(['b accepted', 'b cancelled after 0']);
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

describe('amend', () => {
  /** 5 at 99 behind the 10 displayed there, then 5 of another order of ours. */
  function queued(rest: Partial<MatchOrder> = {}): MatchingEngine {
    const venue = engine();
    venue.place(order('a', 'buy', 5, 99, rest));
    venue.place(order('b', 'buy', 5, 99));
    return venue;
  }
  const amend = (venue: MatchingEngine, quantity: number, price: number, id = 'a'): string[] =>
    said(venue.amend(id, lots(quantity), ticks(price)));

  test('to a smaller quantity keeps the place in the queue', () => {
    const venue = queued();
    expect(amend(venue, 3, 99)).toEqual(['a amended to 3 @ 99']);
    expect(said(venue.onMarket(trade('sell', 99, 14)))).toEqual(['a buy 3 @ 99 maker', 'b buy 1 @ 99 maker']);
  });

  test('to what it is changes nothing', () => {
    const venue = queued();
    expect(amend(venue, 5, 99)).toEqual(['a amended to 5 @ 99']);
    expect(said(venue.onMarket(trade('sell', 99, 11)))).toEqual(['a buy 1 @ 99 maker']);
  });

  test('to a larger quantity goes to the back of the queue', () => {
    const venue = queued();
    expect(amend(venue, 6, 99)).toEqual(['a amended to 6 @ 99']);
    expect(said(venue.onMarket(trade('sell', 99, 16)))).toEqual(['b buy 5 @ 99 maker', 'a buy 1 @ 99 maker']);
  });

  test('to a larger quantity queues behind what is displayed now', () => {
    const venue = queued();
    venue.onMarket(trade('sell', 99, 10));
    amend(venue, 6, 99);
    expect(said(venue.onMarket(trade('sell', 99, 15)))).toEqual(['b buy 5 @ 99 maker']);
  });

  test('to another price leaves the queue of the old one', () => {
    const venue = queued();
    expect(amend(venue, 5, 98)).toEqual(['a amended to 5 @ 98']);
    expect(said(venue.onMarket(trade('sell', 99, 100)))).toEqual(['b buy 5 @ 99 maker']);
    expect(said(venue.onMarket(trade('sell', 98, 21)))).toEqual(['a buy 1 @ 98 maker']);
  });

  test('to a better price comes before the others of ours', () => {
    const venue = queued();
    amend(venue, 5, 100, 'b');
    expect(said(venue.onMarket(trade('sell', 99, 6)))).toEqual(['b buy 5 @ 100 maker']);
  });

  test('across the touch takes, up to the quantity in all, and rests with what is left', () => {
    const venue = queued();
    venue.onMarket(trade('sell', 99, 12));
    expect(amend(venue, 20, 101)).toEqual(['a amended to 20 @ 101', 'a buy 10 @ 101 taker']);
    expect(venue.openOrders().map(({ leaves, cumulative }) => [leaves, cumulative])).toEqual([
      [8, 12],
      [5, 0],
    ]);
    const last = said(venue.onMarket(quote(11, [100, 1], [101, 90])));
    expect(last).toEqual(['a buy 8 @ 101 maker']);
  });

  test('across the touch, filled whole, is over', () => {
    const venue = queued();
    expect(amend(venue, 5, 101)).toEqual(['a amended to 5 @ 101', 'a buy 5 @ 101 taker']);
    expect(venue.openOrders().map(({ order: { orderId } }) => orderId)).toEqual(['b']);
    expect(said(venue.cancel('a'))).toEqual(['a cancel refused']);
    expect(said(venue.onMarket(trade('sell', 90, 100)))).toEqual(['b buy 5 @ 99 maker']);
  });

  test('mirrors for a sell', () => {
    const venue = engine();
    venue.place(order('a', 'sell', 5, 101));
    expect(amend(venue, 7, 99)).toEqual(['a amended to 7 @ 99', 'a sell 7 @ 99 taker']);
  });

  test('numbers the fills on', () => {
    const venue = queued();
    const first = venue.onMarket(trade('sell', 99, 11));
    const second = venue.amend('a', lots(5), ticks(101));
    const ids = [...first, ...second].flatMap((event) =>
      event.type === 'filled' ? [event.executionId] : [],
    );
    expect(ids).toEqual(['a-1', 'a-2']);
  });

  test('takes nothing while the book is crossed', () => {
    const venue = queued();
    venue.onMarket(diff(11, { asks: [[97, 50]] }));
    expect(amend(venue, 5, 101)).toEqual(['a amended to 5 @ 101']);
    expect(venue.openOrders()).toHaveLength(2);
  });

  test('is refused at what has been filled, and done one lot above it', () => {
    const venue = queued();
    venue.onMarket(trade('sell', 99, 12));
    expect(amend(venue, 2, 99)).toEqual(['a amend refused QUANTITY_FILLED']);
    expect(amend(venue, 1, 99)).toEqual(['a amend refused QUANTITY_FILLED']);
    expect(amend(venue, 3, 99)).toEqual(['a amended to 3 @ 99']);
    expect(said(venue.onMarket(trade('sell', 99, 100)))).toEqual([
      'a buy 1 @ 99 maker',
      'b buy 5 @ 99 maker',
    ]);
  });

  test('of a post-only order to a price that takes is refused; one tick before it is done', () => {
    const venue = queued({ postOnly: true });
    expect(amend(venue, 5, 101)).toEqual(['a amend refused WOULD_CROSS']);
    expect(amend(venue, 5, 100)).toEqual(['a amended to 5 @ 100']);
  });

  test('of a post-only order to a smaller quantity is done, whatever the market shows', () => {
    const venue = queued({ postOnly: true });
    venue.onMarket(diff(11, { asks: [[97, 50]] }));
    expect(amend(venue, 4, 99)).toEqual(['a amended to 4 @ 99']);
    expect(amend(venue, 5, 99)).toEqual(['a amend refused WOULD_CROSS']);
  });

  test.for([
    ['QUANTITY_INVALID', 0, 99],
    ['QUANTITY_INVALID', 1.5, 99],
    ['QUANTITY_INVALID', NaN, 99],
    ['PRICE_INVALID', 5, 0],
    ['PRICE_INVALID', 5, 99.5],
    ['PRICE_INVALID', 5, NaN],
    ['WOULD_CROSS', 9, 101],
  ] as const)('refused with %s (%d @ %d) leaves the order where it is', ([reason, quantity, price]) => {
    const venue = queued({ postOnly: true });
    const before = structuredClone(venue.openOrders());
    expect(amend(venue, quantity, price)).toEqual([`a amend refused ${reason}`]);
    expect(venue.openOrders()).toEqual(before);
    expect(said(venue.onMarket(trade('sell', 99, 11)))).toEqual(['a buy 1 @ 99 maker']);
  });

  test.for(['unknown', 'filled', 'cancelled'])('is refused for an order that is %s', (id) => {
    const venue = engine();
    venue.place(order('filled', 'buy', 1, 101));
    venue.place(order('cancelled', 'buy', 1, 90));
    venue.cancel('cancelled');
    expect(amend(venue, 5, 99, id)).toEqual([`${id} amend refused ORDER_NOT_WORKING`]);
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
