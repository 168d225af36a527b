import { describe, expect, test } from 'vitest';
import type { PaperVenue } from '../../../src/desk/paper/paper-venue.ts';
import { START_MS, marketable, never, open, order, trade } from './paper-market.ts';

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

  test('positions: less the fees that were paid in the base currency, to the last digit', async () => {
    const opening = { balances: [{ accountId: 'main', currency: 'USD', amount: '1000' }] };
    const { venue, place, pass, answer } = open({ takerFeeBps: '4', feeCurrency: 'received', opening });
    void place(order('a', { price: '101', quantity: '2' })); // 2 at 100.5, 0.0008 ABC paid
    void place(order('b', { price: '99.5', side: 'sell' })); // 1 at 99.5, 0.0398 USD paid
    await pass(20);
    expect(venue.executions().map(({ fee }) => fee)).toEqual([
      { amount: '0.0008', currency: 'ABC' },
      { amount: '0.0398', currency: 'USD' },
    ]);
    expect(await answer(venue.positions(never))).toEqual([
      { accountId: 'main', instrumentId: 'ABC-USD', quantity: '0.9992' },
    ]);
    expect(await answer(venue.balances(never))).toEqual([
      { accountId: 'main', currency: 'USD', amount: '898.4602' },
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
