import { describe, expect, test } from 'vitest';
import type { VenueOrder } from '../../../src/desk/venue/venue-driver.ts';
import { open, order, trade } from './paper-market.ts';

describe('amend', () => {
  test('reaches the market after one latency, is answered after two, and fills after its answer', async () => {
    const { venue, heard, place, amend, pass } = open();
    void place(order('a'));
    await pass(20);
    void amend(order('a', { price: '100.5', quantity: '3' }));
    await pass(9);
    expect(venue.resting()).toEqual([{ order: order('a'), cumulative: '0.0' }]);
    await pass(1);
    expect(venue.resting()).toEqual([
      { order: order('a', { price: '100.5', quantity: '3.0' }), cumulative: '2.0' },
    ]);
    await pass(10);
    expect(heard).toEqual(['20 a reply accepted', '40 a amend amended', '40 a filled']);
  });

  test.for<[string, Partial<VenueOrder>]>([
    ['QUANTITY_INVALID', { quantity: '0.15' }],
    ['QUANTITY_INVALID', { quantity: '0' }],
    ['PRICE_INVALID', { price: '99.25' }],
    ['WOULD_CROSS', { price: '100.5' }],
    ['QUANTITY_FILLED', { quantity: '0.4' }],
    ['ORDER_NOT_WORKING', { clientOrderId: 'unknown' }],
    ['AMEND_UNSUPPORTED', { side: 'sell' }],
    ['AMEND_UNSUPPORTED', { accountId: 'other' }],
    ['AMEND_UNSUPPORTED', { instrumentId: 'XYZ-USD' }],
    ['AMEND_UNSUPPORTED', { instrumentId: 'NOPE' }],
    ['AMEND_UNSUPPORTED', { postOnly: false }],
    ['AMEND_UNSUPPORTED', { timeInForce: 'IOC' }],
  ])('is refused with %s: %o, and the order is as it was', async ([reason, wrong]) => {
    const { venue, heard, place, amend, pass } = open();
    const sent = order('a', { postOnly: true });
    void place(sent);
    await pass(20);
    venue.onMarket(trade('sell', 198, 4));
    await pass(10);
    heard.length = 0;
    void amend({ ...sent, ...wrong });
    await pass(20);
    expect(heard).toEqual([`50 ${wrong.clientOrderId ?? 'a'} amend ${reason}`]);
    expect(venue.resting()).toEqual([{ order: sent, cumulative: '0.4' }]);
  });

  test('of an order that is over is refused', async () => {
    const { heard, place, cancel, amend, pass } = open();
    void place(order('filled', { price: '101' }));
    void place(order('cancelled'));
    void cancel('cancelled');
    await pass(20);
    heard.length = 0;
    void amend(order('filled', { price: '101', quantity: '2' }));
    void amend(order('cancelled', { quantity: '2' }));
    await pass(20);
    expect(heard).toEqual(['40 filled amend ORDER_NOT_WORKING', '40 cancelled amend ORDER_NOT_WORKING']);
  });

  test('whose wait is aborted goes on, and is told as an event before its fills', async () => {
    const { heard, events, place, amend, pass } = open();
    const stop = new AbortController();
    void place(order('a'));
    await pass(20);
    void amend(order('a', { price: '101' }), stop.signal);
    await pass(5);
    stop.abort(new Error('no time'));
    await pass(20);
    expect(heard).toEqual([
      '20 a reply accepted',
      '25 a amend failed: Error: no time',
      '40 a amended',
      '40 a filled',
    ]);
    expect(events[0]).toEqual({ type: 'amended', clientOrderId: 'a', quantity: '1.0', price: '101.0' });
  });

  test('that is refused after the wait was aborted is told by nobody', async () => {
    const { heard, place, amend, pass } = open();
    const stop = new AbortController();
    void place(order('a'));
    await pass(20);
    void amend(order('a', { quantity: '0' }), stop.signal);
    stop.abort(new Error('no time'));
    await pass(40);
    expect(heard).toEqual(['20 a reply accepted', '20 a amend failed: Error: no time']);
  });
});
