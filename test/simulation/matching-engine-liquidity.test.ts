import { describe, expect, test } from 'vitest';
import type { MatchingEngine } from '../../src/simulation/index.ts';
import type { MarketEvent } from '../../src/trading/index.ts';
import { diff, order, quote, said, snapshot, trade } from './market.ts';
import { engine, engineWith, usual } from './matching.ts';

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
