import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../src/core/units.ts';
import type { MatchOrder, MatchingEngine } from '../../src/simulation/index.ts';
import { diff, order, quote, said, trade } from './market.ts';
import { engine } from './matching.ts';

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
