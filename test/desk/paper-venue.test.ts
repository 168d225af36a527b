import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { lots, ticks } from '../../src/core/units.ts';
import { PaperVenue, type PaperVenueOptions } from '../../src/desk/paper-venue.ts';
import type { PlaceReply, VenueEvent, VenueOrder, VenueOrderReport } from '../../src/desk/venue-driver.ts';
import { type MarketEvent, type Side, defineInstrument } from '../../src/trading/index.ts';

const START_MS = 1_000_000;

const define = (instrumentId: string): ReturnType<typeof defineInstrument> =>
  defineInstrument({ instrumentId, base: 'ABC', quote: 'USD', tick: '0.5', step: '0.1' });

const instruments = [define('ABC-USD'), define('XYZ-USD')];

const snapshot = (instrumentId = 'ABC-USD'): MarketEvent => ({
  type: 'snapshot',
  instrumentId,
  receivedMs: 0,
  updateId: 1,
  bids: [{ price: ticks(199), quantity: lots(20) }], // 99.5 x 2
  asks: [{ price: ticks(201), quantity: lots(20) }], // 100.5 x 2
});

const trade = (aggressor: Side, price: number, quantity: number): MarketEvent => ({
  type: 'trade',
  instrumentId: 'ABC-USD',
  receivedMs: 0,
  tradeId: 1,
  price: ticks(price),
  quantity: lots(quantity),
  aggressor,
});

const order = (clientOrderId: string, rest: Partial<VenueOrder> = {}): VenueOrder => ({
  clientOrderId,
  accountId: 'main',
  instrumentId: 'ABC-USD',
  side: 'buy',
  quantity: '1',
  price: '99',
  postOnly: false,
  timeInForce: 'GTC',
  ...rest,
});

const never = new AbortController().signal;

/** A venue with its market open, and everything it says with the time at which it was said. */
function open(options: PaperVenueOptions = {}) {
  const clock = new ManualClock(START_MS);
  const venue = new PaperVenue({ latencyMs: 10, ...options }, { clock, instruments });
  for (const { instrumentId } of instruments) venue.onMarket(snapshot(instrumentId));
  const heard: string[] = [];
  const events: VenueEvent[] = [];
  const note = (what: string): void => void heard.push(`${clock.nowMs() - START_MS} ${what}`);
  venue.onEvent((event) => {
    events.push(event);
    note(`${'clientOrderId' in event ? event.clientOrderId : '-'} ${event.type}`);
  });
  const place = (sent: VenueOrder, signal = never): Promise<void> =>
    venue.place(sent, signal).then(
      (reply) => {
        note(`${sent.clientOrderId} reply ${reply.status === 'rejected' ? reply.reason : reply.status}`);
      },
      (error: unknown) => {
        note(`${sent.clientOrderId} reply failed: ${String(error)}`);
      },
    );
  const cancel = (id: string, signal = never): Promise<void> =>
    venue.cancel(id, signal).then(
      () => {
        note(`${id} cancel taken`);
      },
      (error: unknown) => {
        note(`${id} cancel failed: ${String(error)}`);
      },
    );
  const amend = (sent: VenueOrder, signal = never): Promise<void> =>
    venue.amend(sent, signal).then(
      (reply) => {
        note(`${sent.clientOrderId} amend ${reply.status === 'rejected' ? reply.reason : reply.status}`);
      },
      (error: unknown) => {
        note(`${sent.clientOrderId} amend failed: ${String(error)}`);
      },
    );
  /** Moves on millisecond by millisecond, with a turn in each, as a replay does. */
  const pass = async (ms: number): Promise<void> => {
    await clock.turn();
    for (let n = 0; n < ms; n += 1) {
      clock.advance(1);
      await clock.turn();
    }
  };
  /** Waits for an answer. */
  const answer = async <T>(waiting: Promise<T>): Promise<T> => {
    await pass(20);
    return waiting;
  };
  return { clock, venue, heard, events, place, cancel, amend, pass, answer };
}

const marketable = { price: '101', quantity: '3' };

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

describe('a question', () => {
  test('takes one latency each way, and is answered from the books as they are when it arrives', async () => {
    const { venue, place, pass } = open();
    void place(order('a'));
    await pass(10);
    const cumulative: (string | undefined)[] = [];
    const ask = (): void =>
      void venue.lookup('a', never).then((report) => cumulative.push(report?.cumulative));
    ask();
    await pass(10);
    ask();
    await pass(5);
    venue.onMarket(trade('sell', 198, 4)); // the first question has arrived, the second has not
    await pass(4);
    expect(cumulative).toEqual([]);
    await pass(1);
    expect(cumulative).toEqual(['0.0']);
    await pass(10);
    expect(cumulative).toEqual(['0.0', '0.4']);
  });

  test('lookup: what became of an order, until it is unknown', async () => {
    const { venue, place, cancel, pass, answer } = open();
    void place(order('rests'));
    void place(order('filled', { price: '101' }));
    void place(order('partly', { price: '101', quantity: '3' }));
    void place(order('refused', { price: '99.25' }));
    void cancel('partly');
    await pass(20);
    const look = (id: string) => answer(venue.lookup(id, never));
    const usual = { accountId: 'main', instrumentId: 'ABC-USD', side: 'buy' };
    expect([
      await look('rests'),
      await look('filled'),
      await look('partly'),
      await look('refused'),
      await look('nothing'),
    ]).toEqual([
      { ...usual, clientOrderId: 'rests', quantity: '1', price: '99', cumulative: '0.0', state: 'working' },
      { ...usual, clientOrderId: 'filled', quantity: '1', price: '101', cumulative: '1.0', state: 'filled' },
      {
        ...usual,
        clientOrderId: 'partly',
        quantity: '3',
        price: '101',
        cumulative: '1.0',
        state: 'cancelled',
      },
      {
        ...usual,
        clientOrderId: 'refused',
        quantity: '1',
        price: '99.25',
        cumulative: '0',
        state: 'rejected',
        reason: 'PRICE_INVALID',
      },
      undefined,
    ]);
  });

  test('lookup: a refused id that is placed again is that order, and a duplicate leaves the first', async () => {
    const { venue, place, pass, answer } = open();
    void place(order('a', { price: '99.25' }));
    void place(order('a'));
    void place(order('a', { quantity: '2' }));
    await pass(20);
    expect(await answer(venue.lookup('a', never))).toMatchObject({ quantity: '1', state: 'working' });
  });

  test('openOrders: over all instruments, with what they filled', async () => {
    const { venue, place, pass, answer } = open();
    void place(order('a', marketable));
    void place(order('b', { instrumentId: 'XYZ-USD', side: 'sell', price: '200' }));
    void place(order('c', { timeInForce: 'IOC' }));
    await pass(20);
    const reports = await answer(venue.openOrders(never));
    expect(reports.map(({ clientOrderId, cumulative, state }) => [clientOrderId, cumulative, state])).toEqual(
      [
        ['a', '2.0', 'working'],
        ['b', '0.0', 'working'],
      ],
    );
  });

  test('fills: those at the time and after it, as they were made', async () => {
    const { venue, place, pass, answer } = open();
    void place(order('a', marketable)); // fills 10 ms from now
    await pass(15);
    venue.onMarket(trade('sell', 202, 10));
    const ids = async (sinceMs: number) =>
      (await answer(venue.fills(sinceMs, never))).map(({ executionId }) => executionId);
    expect(await answer(venue.fills(0, never))).toEqual(venue.executions());
    expect(await ids(START_MS + 10)).toEqual(['a-1', 'a-2']);
    expect(await ids(START_MS + 11)).toEqual(['a-2']);
    expect(await ids(START_MS + 15)).toEqual(['a-2']);
    expect(await ids(START_MS + 16)).toEqual([]);
  });

  test('positions: signed, by account and instrument, without those that are closed', async () => {
    const { venue, place, pass, answer } = open();
    void place(order('a', { price: '101' }));
    void place(order('b', { price: '99.5', side: 'sell', accountId: 'other' }));
    void place(order('c', { price: '101', instrumentId: 'XYZ-USD' }));
    void place(order('d', { price: '99', side: 'sell', instrumentId: 'XYZ-USD' }));
    await pass(20);
    expect(await answer(venue.positions(never))).toEqual([
      { accountId: 'main', instrumentId: 'ABC-USD', quantity: '1.0' },
      { accountId: 'other', instrumentId: 'ABC-USD', quantity: '-1.0' },
    ]);
  });

  test('balances: what was there, less what was bought and paid, and nothing of accounts without one', async () => {
    const balances = [
      { accountId: 'main', currency: 'USD', amount: '1000.5' },
      { accountId: 'main', currency: 'ABC', amount: '3' },
    ];
    const { venue, place, pass, answer } = open({ takerFeeBps: '4', opening: { balances } });
    void place(order('a', { price: '101' })); // 1 at 100.5, 0.0402 paid
    void place(order('b', { price: '99.5', side: 'sell' })); // 1 at 99.5, 0.0398 paid
    void place(order('c', { price: '101', accountId: 'other' }));
    await pass(20);
    expect(await answer(venue.balances(never))).toEqual([
      { accountId: 'main', currency: 'USD', amount: '999.42' },
      { accountId: 'main', currency: 'ABC', amount: '3' },
    ]);
  });

  test.for<[string, (venue: PaperVenue, signal: AbortSignal) => Promise<unknown>]>([
    ['lookup', (venue, signal) => venue.lookup('a', signal)],
    ['openOrders', (venue, signal) => venue.openOrders(signal)],
    ['fills', (venue, signal) => venue.fills(0, signal)],
    ['positions', (venue, signal) => venue.positions(signal)],
    ['balances', (venue, signal) => venue.balances(signal)],
  ])('%s: an aborted wait ends at once', async ([, ask]) => {
    const { venue, pass } = open();
    const stop = new AbortController();
    const waiting = ask(venue, stop.signal);
    stop.abort(new Error('no time'));
    await expect(waiting).rejects.toThrow('no time');
    await pass(40);
  });
});

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
