import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { PaperVenue } from '../../../src/desk/paper/paper-venue.ts';
import type { VenueOrderReport } from '../../../src/desk/venue/venue-driver.ts';
import { instruments, never, open, order } from './paper-market.ts';

describe('what it held before', () => {
  const old: VenueOrderReport & { readonly clientOrderId: string } = {
    clientOrderId: 'old',
    accountId: 'main',
    instrumentId: 'ABC-USD',
    side: 'buy',
    quantity: '5',
    price: '99',
    cumulative: '2',
    state: 'working',
  };

  test('is where positions go on from', async () => {
    const positions = [
      { accountId: 'main', instrumentId: 'ABC-USD', quantity: '-2.5' },
      { accountId: 'main', instrumentId: 'XYZ-USD', quantity: '0.3' },
    ];
    const { venue, place, pass, answer } = open({ opening: { positions } });
    void place(order('a', { price: '101' }));
    await pass(20);
    expect(await answer(venue.positions(never))).toEqual([
      { accountId: 'main', instrumentId: 'ABC-USD', quantity: '-1.5' },
      { accountId: 'main', instrumentId: 'XYZ-USD', quantity: '0.3' },
    ]);
  });

  test('its working orders have expired with what they filled, and do not work', async () => {
    const { venue, heard, cancel, amend, pass, answer } = open({ opening: { orders: [old] } });
    expect(await answer(venue.lookup('old', never))).toEqual({ ...old, state: 'expired' });
    expect(await answer(venue.openOrders(never))).toEqual([]);
    void cancel('old');
    void amend(order('old', { quantity: '6' }));
    await pass(20);
    expect(heard.map((line) => line.replace(/:.*/, ''))).toEqual([
      '60 old cancel failed',
      '60 old amend ORDER_NOT_WORKING',
    ]);
  });

  test('its other orders are as they were, and keep their ids', async () => {
    const filled = { ...old, cumulative: '5', state: 'filled', venueOrderId: '17' } as const;
    const { venue, heard, place, pass, answer } = open({ opening: { orders: [filled] } });
    void place(order('old'));
    await pass(20);
    expect(heard).toEqual(['20 old reply DUPLICATE_ORDER_ID']);
    expect(await answer(venue.lookup('old', never))).toEqual(filled);
  });

  test('a refused id is free', async () => {
    const orders = [{ ...old, state: 'rejected', reason: 'no' } as const];
    const { venue, heard, place, pass, answer } = open({ opening: { orders } });
    expect(await answer(venue.lookup('old', never))).toEqual(orders[0]);
    void place(order('old'));
    await pass(20);
    expect(heard).toEqual(['40 old reply accepted']);
    expect(await answer(venue.lookup('old', never))).toMatchObject({ state: 'working', quantity: '1' });
  });

  test.for<[object, RegExp]>([
    [
      { positions: [{ accountId: 'main', instrumentId: 'NOPE', quantity: '1' }] },
      /opening.positions.0: .* 1 of NOPE/,
    ],
    [
      { positions: [{ accountId: 'main', instrumentId: 'ABC-USD', quantity: '0.15' }] },
      /opening.positions.0: .* step, got 0.15 of ABC-USD/,
    ],
    [{ positions: [{ accountId: 'main', instrumentId: 'ABC-USD', quantity: 1 }] }, /positions.0.quantity/],
    [{ balances: [{ accountId: 'main', currency: 'USD', amount: '1e3' }] }, /balances.0.amount/],
    [{ orders: [{ ...old, state: 'open' }] }, /orders.0.state/],
    [{ order: [] }, /opening: .*order/],
  ])('is refused by name when it is %o', ([opening, message]) => {
    const deps = { clock: new ManualClock(), instruments };
    expect(() => new PaperVenue({ opening }, deps)).toThrow(message);
  });
});
