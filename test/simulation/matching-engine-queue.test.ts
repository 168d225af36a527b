import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../src/core/units.ts';
import type { MatchingEngine } from '../../src/simulation/index.ts';
import { diff, order, said, snapshot, trade } from './market.ts';
import { engine, engineWith, usual } from './matching.ts';

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
