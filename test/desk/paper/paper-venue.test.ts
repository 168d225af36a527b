import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { PaperVenue, type PaperVenueOptions } from '../../../src/desk/paper/paper-venue.ts';
import type { PlaceReply, VenueOrder } from '../../../src/desk/venue/venue-driver.ts';
import type { MarketEvent } from '../../../src/trading/index.ts';
import { START_MS, instruments, marketable, never, open, order, snapshot, trade } from './paper-market.ts';

describe('latency', () => {
  test('an order reaches the market after one latency and the answer comes after two', async () => {
    const { venue, heard, place, pass } = open();
    void place(order('a'));
    await pass(9);
    expect(venue.resting()).toEqual([]);
    await pass(1);
    expect(venue.resting()).toEqual([{ order: order('a'), cumulative: '0.0' }]);
    await pass(9);
    expect(heard).toEqual([]);
    await pass(1);
    expect(heard).toEqual(['20 a reply accepted']);
  });

  test('an order meets the market as it is when it arrives', async () => {
    const { venue, heard, place, pass } = open();
    void place(order('a', { ...marketable, timeInForce: 'IOC' }));
    await pass(5);
    venue.onMarket({ ...snapshot(), asks: [] } as MarketEvent);
    await pass(15);
    expect(heard).toEqual(['20 a reply accepted', '20 a cancelled']);
  });

  test('a fill of a resting order is told one latency later', async () => {
    const { venue, heard, place, pass } = open();
    void place(order('a'));
    await pass(30);
    venue.onMarket(trade('sell', 198, 4));
    await pass(9);
    expect(heard).toEqual(['20 a reply accepted']);
    await pass(1);
    expect(heard).toEqual(['20 a reply accepted', '40 a filled']);
  });

  test('is 20 ms each way unless said otherwise', async () => {
    const clock = new ManualClock();
    const venue = new PaperVenue({}, { clock, instruments });
    venue.onMarket(snapshot());
    const reply = venue.place(order('a'), never);
    clock.advance(40);
    expect([venue.name, await reply]).toEqual(['paper', { status: 'accepted' }]);
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('of 0 still answers later, when the clock moves', async () => {
    const { clock, heard, place, venue } = open({ latencyMs: 0 });
    void place(order('a', marketable));
    await clock.turn();
    expect([heard, venue.executions()]).toEqual([[], []]);
    clock.advance(0);
    expect(heard).toEqual([]);
    await clock.turn();
    expect(heard).toEqual(['0 a reply accepted', '0 a filled']);
  });
});

describe('the order in which things are told', () => {
  test('a fill at once comes after the answer has been served, however deep the wait is nested', async () => {
    const { clock, venue, events } = open();
    const nested = async (depth: number): Promise<PlaceReply> =>
      depth === 0 ? await venue.place(order('a', marketable), never) : await nested(depth - 1);
    let known: number | undefined;
    void nested(20).then(() => (known = events.length));
    clock.advance(50);
    await clock.turn();
    expect(known).toBe(0);
    expect(events.map(({ type }) => type)).toEqual(['filled']);
  });

  test('events keep their order, also behind the answers to later requests', async () => {
    const { venue, clock, heard, place, cancel } = open();
    void place(order('a', marketable));
    void place(order('b', { ...marketable, timeInForce: 'IOC' }));
    void place(order('c', { side: 'sell', price: '99.5', quantity: '5' }));
    void cancel('a');
    clock.advance(15);
    venue.onMarket(trade('sell', 198, 4));
    clock.advance(100);
    await clock.turn();
    expect(heard.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'a reply accepted',
      'b reply accepted',
      'c reply accepted',
      'a cancel taken',
      'a filled',
      'b cancelled',
      'c filled',
      'a cancelled',
    ]);
  });

  test('events of a quiet venue are told in the tick in which they arrive', async () => {
    const { venue, clock, heard, place, pass } = open();
    void place(order('a'));
    await pass(20);
    venue.onMarket(trade('sell', 198, 4));
    clock.advance(10);
    expect(heard).toEqual(['20 a reply accepted', '30 a filled']);
  });
});

describe('what is told', () => {
  test('fills in plain decimals on the grid, with fee and liquidity', async () => {
    const { venue, events, place, pass } = open({ makerFeeBps: '-1', takerFeeBps: '4' });
    void place(order('a', marketable));
    await pass(20);
    venue.onMarket(trade('sell', 201, 10));
    await pass(10);
    expect(events).toEqual([
      {
        type: 'filled',
        executionId: 'a-1',
        clientOrderId: 'a',
        quantity: '2.0',
        price: '100.5',
        fee: { amount: '0.0804', currency: 'USD' },
        liquidity: 'taker',
      },
      {
        type: 'filled',
        executionId: 'a-2',
        clientOrderId: 'a',
        quantity: '1.0',
        price: '101.0',
        fee: { amount: '-0.0101', currency: 'USD' },
        liquidity: 'maker',
      },
    ]);
  });

  test('a cancelled order with what it had filled', async () => {
    const { events, place, cancel, pass } = open();
    void place(order('a', marketable));
    await pass(20);
    void cancel('a');
    await pass(20);
    expect(events.at(-1)).toEqual({ type: 'cancelled', clientOrderId: 'a', cumulative: '2.0' });
  });

  test('to every listener until it is disposed, to one that listens twice twice', async () => {
    const { clock, venue, pass, place } = open();
    let count = 0;
    const listener = (): void => void (count += 1);
    const first = venue.onEvent(listener);
    const second = venue.onEvent(listener);
    void place(order('a', { timeInForce: 'IOC' }));
    await pass(20);
    expect(count).toBe(2);
    first[Symbol.dispose]();
    void place(order('b', { timeInForce: 'IOC' }));
    await pass(20);
    expect(count).toBe(3);
    second[Symbol.dispose]();
    void place(order('c', { timeInForce: 'IOC' }));
    clock.advance(20);
    await clock.turn();
    expect(count).toBe(3);
  });
});

describe('what is refused', () => {
  test.for<[string, Partial<VenueOrder>]>([
    ['INSTRUMENT_UNKNOWN', { instrumentId: 'NOPE' }],
    ['QUANTITY_INVALID', { quantity: '0.15' }],
    ['QUANTITY_INVALID', { quantity: '-1' }],
    ['QUANTITY_INVALID', { quantity: '0' }],
    ['PRICE_INVALID', { price: '99.25' }],
    ['PRICE_INVALID', { price: 'NaN' }],
    ['WOULD_CROSS', { price: '100.5', postOnly: true }],
    ['TIME_IN_FORCE_CONFLICT', { timeInForce: 'IOC', postOnly: true }],
  ])('%s: %o, by the answer alone', async ([reason, wrong]) => {
    const { heard, place, pass } = open();
    void place(order('a', wrong));
    await pass(50);
    expect(heard).toEqual([`20 a reply ${reason}`]);
  });

  test('the same id twice, also for another instrument, and the first goes on', async () => {
    const { venue, heard, place, pass } = open();
    void place(order('a'));
    void place(order('a'));
    await pass(20);
    void place(order('a', { instrumentId: 'XYZ-USD' }));
    await pass(20);
    expect(heard).toEqual([
      '20 a reply accepted',
      '20 a reply DUPLICATE_ORDER_ID',
      '40 a reply DUPLICATE_ORDER_ID',
    ]);
    expect(venue.resting()).toHaveLength(1);
  });

  test('a cancel of an order that is unknown, filled or cancelled', async () => {
    const { heard, place, cancel, pass } = open();
    void place(order('filled', { price: '101' }));
    void place(order('cancelled'));
    void cancel('cancelled');
    await pass(20);
    heard.length = 0;
    for (const id of ['unknown', 'filled', 'cancelled']) void cancel(id);
    await pass(50);
    expect(heard).toEqual(
      ['unknown', 'filled', 'cancelled'].map(
        (id) =>
          `40 ${id} cancel failed: PortcullisError: PaperVenue paper: cancel: expected a working order, got ${id}`,
      ),
    );
  });

  test('the market of an instrument that is not listed', () => {
    const { venue } = open();
    expect(() => {
      venue.onMarket(snapshot('NOPE'));
    }).toThrow(expect.objectContaining({ code: 'INSTRUMENT_UNKNOWN' }));
  });

  test.for<[unknown, RegExp]>([
    [{ latency: 5 }, /PaperVenue: .*latency/],
    [{ latencyMs: -1 }, /latencyMs/],
    [{ takerFeeBps: 5 }, /takerFeeBps/],
    [{ fees: { NOPE: {} } }, /fees.NOPE: expected a listed instrument/],
  ])('the options %o', ([options, message]) => {
    const deps = { clock: new ManualClock(), instruments };
    expect(() => new PaperVenue(options as PaperVenueOptions, deps)).toThrow(message);
  });
});

describe('an aborted wait', () => {
  test('ends at once, the order goes on, and its answer comes as an event before its fills', async () => {
    const { heard, place, pass } = open();
    const stop = new AbortController();
    void place(order('a', marketable), stop.signal);
    await pass(5);
    stop.abort(new Error('no time'));
    await pass(20);
    expect(heard).toEqual(['5 a reply failed: Error: no time', '20 a accepted', '20 a filled']);
  });

  test('of an order that is refused tells so as an event', async () => {
    const { heard, events, place, pass } = open();
    const stop = new AbortController();
    void place(order('a', { price: '100.5', postOnly: true }), stop.signal);
    stop.abort('no time');
    await pass(20);
    expect(heard).toEqual(['0 a reply failed: Error: no time', '20 a rejected']);
    expect(events).toEqual([{ type: 'rejected', clientOrderId: 'a', reason: 'WOULD_CROSS' }]);
  });

  test('before the order was sent sends nothing', async () => {
    const { venue, heard, place, pass } = open();
    void place(order('a'), AbortSignal.abort(new Error('too late')));
    await pass(20);
    expect([heard, venue.resting()]).toEqual([['0 a reply failed: Error: too late'], []]);
  });

  test('after the answer changes nothing', async () => {
    const { heard, place, pass } = open();
    const stop = new AbortController();
    void place(order('a'), stop.signal);
    await pass(20);
    stop.abort();
    await pass(20);
    expect(heard).toEqual(['20 a reply accepted']);
  });

  test('of a cancel lets the cancel go on', async () => {
    const { venue, heard, place, cancel, pass } = open();
    const stop = new AbortController();
    void place(order('a'));
    void cancel('a', stop.signal);
    void cancel('b', stop.signal);
    stop.abort(new Error('no time'));
    await pass(30);
    expect(venue.resting()).toEqual([]);
    expect(heard).toEqual([
      '0 a cancel failed: Error: no time',
      '0 b cancel failed: Error: no time',
      '20 a reply accepted',
      '20 a cancelled',
    ]);
  });
});

describe('the venue’s own books', () => {
  test('executions are noted when they happen, before they are told', async () => {
    const { venue, heard, place, pass } = open({ takerFeeBps: '4' });
    void place(order('a', { price: '101', accountId: 'other' }));
    await pass(10);
    expect([heard, venue.executions()]).toEqual([
      [],
      [
        {
          executionId: 'a-1',
          clientOrderId: 'a',
          accountId: 'other',
          instrumentId: 'ABC-USD',
          side: 'buy',
          quantity: '1.0',
          price: '100.5',
          fee: { amount: '0.0402', currency: 'USD' },
          liquidity: 'taker',
          atMs: START_MS + 10,
        },
      ],
    ]);
  });

  test('open orders are shown over all instruments, with what they filled', async () => {
    const { venue, place, pass } = open();
    void place(order('a', marketable));
    void place(order('b', { instrumentId: 'XYZ-USD', side: 'sell', price: '200' }));
    await pass(10);
    expect(venue.resting()).toEqual([
      { order: order('a', marketable), cumulative: '2.0' },
      { order: order('b', { instrumentId: 'XYZ-USD', side: 'sell', price: '200' }), cumulative: '0.0' },
    ]);
  });

  test('an order is what it was when it was sent', async () => {
    const { venue, place, pass } = open();
    const sent = { ...order('a') };
    void place(sent);
    Object.assign(sent, { quantity: '99' });
    await pass(10);
    expect(venue.resting()).toEqual([{ order: order('a'), cumulative: '0.0' }]);
  });

  test('each instrument has its fees, or the usual ones', async () => {
    const { venue, place, pass } = open({ takerFeeBps: '10', fees: { 'XYZ-USD': { takerFeeBps: '0' } } });
    void place(order('a', { price: '101' }));
    void place(order('b', { price: '101', instrumentId: 'XYZ-USD' }));
    await pass(10);
    expect(venue.executions().map(({ fee }) => fee.amount)).toEqual(['0.1005', '0']);
  });
});
