import { describe, expect, test } from 'vitest';
import {
  SIGNAL,
  ToyWorld,
  configOf,
  GOLD_LISTING,
  idOf,
  until,
  venueOrderOf,
} from '../support/toy-exchange.ts';

const FREE = { ...GOLD_LISTING, makerFeeRate: '0', takerFeeRate: '0' };

describe('the driver of the toy exchange', () => {
  test('places an order that rests, finds it by its id and among the open ones', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    expect(await driver.place(venueOrderOf('a'), SIGNAL)).toEqual({ status: 'accepted', venueOrderId: 'X1' });
    const report = {
      clientOrderId: idOf('a'),
      venueOrderId: 'X1',
      accountId: 'acc',
      instrumentId: 'GOLD',
      side: 'buy',
      quantity: '10',
      price: '100',
      cumulative: '0',
      state: 'working',
    };
    expect(await driver.lookup(idOf('a'), SIGNAL)).toEqual(report);
    expect(await driver.openOrders(SIGNAL)).toEqual([report]);
    expect(await driver.lookup(idOf('b'), SIGNAL)).toBeUndefined();
    await until(() => told.length === 2);
    expect(told[1]).toEqual({ type: 'accepted', clientOrderId: idOf('a'), venueOrderId: 'X1' });
  });

  test('carries fills with fee and side, by stream and by question, and what they did to the holdings', async () => {
    await using world = await ToyWorld.start();
    await world.quote([], [['100', '4']]);
    const { driver, told } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await world.trade('sell', '100', '3');
    await until(() => told.length === 4);
    const taken = {
      executionId: 'T1',
      quantity: '4',
      price: '100',
      fee: { amount: '0.2', currency: 'USDT' },
      liquidity: 'taker',
    };
    const made = {
      ...taken,
      executionId: 'T2',
      quantity: '3',
      fee: { amount: '0.06', currency: 'USDT' },
      liquidity: 'maker',
    };
    expect(told.slice(2)).toEqual([
      { type: 'filled', clientOrderId: idOf('a'), ...taken },
      { type: 'filled', clientOrderId: idOf('a'), ...made },
    ]);
    const about = {
      clientOrderId: idOf('a'),
      accountId: 'acc',
      instrumentId: 'GOLD',
      side: 'buy',
      atMs: expect.any(Number) as number,
    };
    const fills = await driver.fills(0, SIGNAL);
    expect(fills).toEqual([
      { ...about, ...taken },
      { ...about, ...made },
    ]);
    expect(await driver.fills((fills[1]?.atMs ?? 0) + 1, SIGNAL)).toEqual([]);
    expect(await driver.fills(fills[1]?.atMs ?? 0, SIGNAL)).toContainEqual({ ...about, ...made });
    expect(await driver.positions(SIGNAL)).toEqual([
      { accountId: 'acc', instrumentId: 'GOLD', quantity: '7' },
    ]);
    expect(await driver.balances(SIGNAL)).toEqual([
      { accountId: 'acc', currency: 'USDT', amount: '999299.74' },
    ]);
  });

  test('cancels: the request is taken, the end comes as an event; a second time it is refused', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await driver.cancel(idOf('a'), SIGNAL);
    await until(() => told.length === 3);
    expect(told[2]).toEqual({ type: 'cancelled', clientOrderId: idOf('a'), cumulative: '0' });
    await expect(driver.cancel(idOf('a'), SIGNAL)).rejects.toMatchObject({ code: 'CANCEL_REFUSED' });
    await expect(driver.cancel(idOf('nobody'), SIGNAL)).rejects.toMatchObject({ code: 'CANCEL_REFUSED' });
  });

  test('amends quantity and price; what the venue refuses stays as it was', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await world.trade('sell', '100', '3');
    const to = (quantity: string, price: string) =>
      driver.amend(venueOrderOf('a', { quantity, price }), SIGNAL);
    expect(await to('5', '101')).toEqual({ status: 'amended' });
    expect(await to('3', '101')).toEqual({ status: 'rejected', reason: 'BELOW_FILLED' });
    expect(await driver.lookup(idOf('a'), SIGNAL)).toMatchObject({
      quantity: '5',
      price: '101',
      cumulative: '3',
      state: 'working',
    });
    await world.trade('sell', '100', '9');
    expect(await driver.lookup(idOf('a'), SIGNAL)).toMatchObject({ cumulative: '5', state: 'filled' });
    await until(() => told.length === 5);
    expect(told[3]).toEqual({ type: 'amended', clientOrderId: idOf('a'), quantity: '5', price: '101' });
  });

  test('tells what an immediate order could not fill as expired, and what speaks against an order as rejected', async () => {
    await using world = await ToyWorld.start();
    await world.quote([], [['100', '4']]);
    const { driver, told } = await world.driver();
    await driver.place(venueOrderOf('ioc', { timeInForce: 'IOC', quantity: '6' }), SIGNAL);
    await until(() => told.length === 4);
    expect(told[3]).toEqual({ type: 'expired', clientOrderId: idOf('ioc'), cumulative: '4' });
    await world.quote([], [['100', '4']]);
    expect(await driver.place(venueOrderOf('post', { postOnly: true }), SIGNAL)).toEqual({
      status: 'rejected',
      reason: 'POST_ONLY_WOULD_CROSS',
    });
    expect(await driver.lookup(idOf('post'), SIGNAL)).toMatchObject({
      state: 'rejected',
      reason: 'POST_ONLY_WOULD_CROSS',
    });
    expect(await driver.place(venueOrderOf('grid', { quantity: '1.5' }), SIGNAL)).toEqual({
      status: 'rejected',
      reason: 'OFF_GRID',
    });
    expect(await driver.lookup(idOf('grid'), SIGNAL)).toBeUndefined();
  });

  test('an id that was placed before is rejected only where its acceptance has been told: else nobody knows', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    expect(await driver.place(venueOrderOf('a'), SIGNAL)).toEqual({
      status: 'rejected',
      reason: 'CLIENT_ID_TAKEN',
    });
    await expect(world.silentDriver().place(venueOrderOf('a'), SIGNAL)).rejects.toThrow('placed before');
    expect(await driver.openOrders(SIGNAL)).toHaveLength(1);
  });

  test('a key, a secret or a clock that is wrong is the word of the venue', async () => {
    await using world = await ToyWorld.start();
    const place = (key: string, secret: string, name: string) => {
      const driver = world.silentDriver({ accounts: [{ accountId: 'acc', key, secret }] });
      return driver.place(venueOrderOf(name), SIGNAL);
    };
    expect(await place('nobody', 'secret-of-acc', 'a')).toEqual({
      status: 'rejected',
      reason: 'KEY_UNKNOWN',
    });
    expect(await place('key-of-acc', 'guessed-secret', 'b')).toEqual({
      status: 'rejected',
      reason: 'SIGNATURE_WRONG',
    });
    const { driver } = await world.driver();
    await world.exchange.orderFaults({ kind: 'clock-offset', offsetMs: 60_000 });
    expect(await driver.place(venueOrderOf('c'), SIGNAL)).toEqual({
      status: 'rejected',
      reason: 'TIMESTAMP_OUT_OF_WINDOW',
    });
    // It asks for the time again.
    expect(await driver.place(venueOrderOf('d'), SIGNAL)).toMatchObject({ status: 'accepted' });
    expect(world.refusals()).toEqual(['KEY_UNKNOWN', 'SIGNATURE_WRONG', 'TIMESTAMP_OUT_OF_WINDOW']);
  });

  test('orders run dry, cancels have a bucket of their own', async () => {
    const limits = { orders: { burst: 2, perSecond: 0.01 } };
    await using world = await ToyWorld.start({ config: configOf({ limits }) });
    const { driver } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await driver.place(venueOrderOf('b'), SIGNAL);
    expect(await driver.place(venueOrderOf('c'), SIGNAL)).toEqual({
      status: 'rejected',
      reason: 'RATE_LIMITED',
    });
    expect(await driver.lookup(idOf('c'), SIGNAL)).toBeUndefined();
    await driver.cancel(idOf('a'), SIGNAL);
    expect(await driver.openOrders(SIGNAL)).toHaveLength(1);
  });

  test('an account without money or goods is told so', async () => {
    const accounts = [
      {
        accountId: 'acc',
        key: 'key-of-acc',
        secret: 'secret-of-acc',
        balances: { USDT: '1000' },
        funding: 'cash' as const,
      },
    ];
    await using world = await ToyWorld.start({ config: configOf({ accounts, instruments: [FREE] }) });
    const { driver } = await world.driver();
    const reply = (name: string, overrides: Parameters<typeof venueOrderOf>[1]) =>
      driver.place(venueOrderOf(name, overrides), SIGNAL);
    expect(await reply('short', { side: 'sell', quantity: '1' })).toEqual({
      status: 'rejected',
      reason: 'INSUFFICIENT_FUNDS',
    });
    expect(await reply('all', {})).toMatchObject({ status: 'accepted' });
    expect(await reply('more', { quantity: '1', price: '1' })).toEqual({
      status: 'rejected',
      reason: 'INSUFFICIENT_FUNDS',
    });
  });

  test('carries for several accounts: fills by time, orders and holdings of each', async () => {
    const accounts = ['acc', 'two'].map((accountId) => ({
      accountId,
      key: `key-of-${accountId}`,
      secret: `secret-of-${accountId}`,
    }));
    await using world = await ToyWorld.start({ config: configOf({ accounts, instruments: [FREE] }) });
    const { driver, told } = await world.driver({ accounts });
    await driver.place(venueOrderOf('a'), SIGNAL);
    await driver.place(venueOrderOf('b', { accountId: 'two', side: 'sell', quantity: '4' }), SIGNAL);
    await until(() => told.filter(({ type }) => type === 'filled').length === 2);
    const fills = await driver.fills(0, SIGNAL);
    expect(fills.map(({ accountId, executionId, quantity }) => [accountId, executionId, quantity])).toEqual([
      ['acc', 'T1', '4'],
      ['two', 'T1', '4'],
    ]);
    expect(await driver.positions(SIGNAL)).toEqual([
      { accountId: 'acc', instrumentId: 'GOLD', quantity: '4' },
      { accountId: 'two', instrumentId: 'GOLD', quantity: '-4' },
    ]);
    expect(await driver.lookup(idOf('b'), SIGNAL)).toMatchObject({ accountId: 'two', state: 'filled' });
    await driver.cancel(idOf('a'), SIGNAL);
    await expect(driver.place(venueOrderOf('c', { accountId: 'three' }), SIGNAL)).rejects.toMatchObject({
      code: 'ACCOUNT_UNKNOWN',
    });
  });

  test('a wait ends with its signal; the request goes on regardless', async () => {
    await using world = await ToyWorld.start({ latencyMs: 60 });
    const { driver, told } = await world.driver();
    const stop = new AbortController();
    const placing = driver.place(venueOrderOf('a'), stop.signal);
    await until(() => world.exchange.log().some(({ op }) => op === 'place'));
    stop.abort(new Error('enough'));
    await expect(placing).rejects.toThrow('enough');
    await until(() => told.some(({ type }) => type === 'accepted'));
  });

  test('after close nothing is told and nothing can be asked', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await driver.close();
    await expect(driver.place(venueOrderOf('a'), SIGNAL)).rejects.toThrow('closed');
    expect(told).toEqual([{ type: 'connected' }]);
  });
});
