import assert from 'node:assert/strict';
import { ZERO, decimal } from '../../core/decimal.ts';
import { deskCase, driverCase } from './session-case.ts';
import type { VenueSession } from './venue-session.ts';

const fillsOf = (session: VenueSession, sinceMs = 0) =>
  session.arrives(session.driver.fills(sinceMs, session.signal));

/** Positions in units. */
async function positionsOf(session: VenueSession) {
  const positions = await session.arrives(session.driver.positions(session.signal));
  return positions.map(({ accountId, instrumentId, quantity }) => {
    assert.equal(accountId, session.subject.accountId);
    assert.equal(instrumentId, session.subject.instrument.instrumentId);
    return session.units(quantity);
  });
}

/** Cash in the quote currency; `undefined` when the account is left out. */
async function balanceOf(session: VenueSession): Promise<string | undefined> {
  const { accountId, instrument } = session.subject;
  const balances = await session.arrives(session.driver.balances(session.signal));
  return balances.find((one) => one.accountId === accountId && one.currency === instrument.quote)?.amount;
}

/** What a venue says when it is asked. */
export const questionCases = [
  driverCase('has nothing to tell when nothing happened', async (session) => {
    await session.quote();
    assert.equal(await session.lookup('never'), undefined);
    assert.equal((await session.openOrders()).size, 0);
    assert.deepEqual(await fillsOf(session), []);
    assert.deepEqual(await positionsOf(session), []);
    const balance = await balanceOf(session);
    assert.ok(
      balance !== undefined && decimal(balance).eq(session.subject.balance),
      `balance: ${String(balance)}`,
    );
  }),
  driverCase('shows as open all that may still fill, and nothing else', async (session) => {
    await session.quote(-10, 10, 3);
    await session.place('rests', { quantity: 4, price: -1 });
    await session.place('partly', { quantity: 5, price: 10 });
    await session.place('sells', { side: 'sell', quantity: 2, price: 12 });
    await session.place('over', { quantity: 1, price: -2 });
    await session.arrives(session.driver.cancel(session.id('over'), session.signal));
    await session.quiet();
    const open = await session.openOrders();
    const working = { side: 'buy', cumulative: 0, state: 'working' };
    assert.deepEqual(open.get(session.id('rests')), { ...working, quantity: 4, price: -1 });
    assert.deepEqual(open.get(session.id('sells')), { ...working, side: 'sell', quantity: 2, price: 12 });
    assert.deepEqual(open.get(session.id('partly')), { ...working, quantity: 5, price: 10, cumulative: 3 });
    assert.equal(open.size, 3);
  }),
  driverCase('gives the fills that it told, oldest first, each under an id of its own', async (session) => {
    await session.quote(-10, 10, 3);
    await session.place('taker', { quantity: 5, price: 10 });
    await session.trade('sell', 10, 1);
    await session.trade('sell', 10, 1);
    await session.place('seller', { side: 'sell', quantity: 2, price: 12 });
    await session.trade('buy', 12, 2);
    await session.until(() => session.story('seller').length > 0, 'the last fill was not told');
    const fills = await fillsOf(session);
    assert.equal(new Set(fills.map(({ executionId }) => executionId)).size, fills.length);
    const told = session.driver.heard.flatMap((event) => {
      if (event.type !== 'filled') return [];
      return [event];
    });
    assert.deepEqual(
      fills.map(({ clientOrderId, executionId, quantity, price, fee, liquidity }) => ({
        clientOrderId,
        executionId,
        quantity: session.units(quantity),
        price: session.away(price),
        fee: [decimal(fee.amount).toFixed(), fee.currency],
        liquidity,
      })),
      told.map(({ clientOrderId, executionId, quantity, price, fee, liquidity }) => ({
        clientOrderId,
        executionId,
        quantity: session.units(quantity),
        price: session.away(price),
        fee: [decimal(fee.amount).toFixed(), fee.currency],
        liquidity,
      })),
    );
    assert.deepEqual(
      fills.map(({ side }) => side),
      fills.map(({ clientOrderId }) => (clientOrderId === session.id('seller') ? 'sell' : 'buy')),
    );
    for (const { accountId, instrumentId } of fills) {
      assert.equal(accountId, session.subject.accountId);
      assert.equal(instrumentId, session.subject.instrument.instrumentId);
    }
  }),
  driverCase('gives the fills since a time, that time included', async (session) => {
    await session.quote();
    await session.place('one', { quantity: 3 });
    for (let n = 0; n < 3; n += 1) await session.trade('sell', 0, 1);
    await session.until(() => session.story('one').length === 3, 'the fills were not told');
    const all = await fillsOf(session);
    const times = all.map(({ atMs }) => atMs);
    assert.equal(all.length, 3);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    for (const sinceMs of [0, ...times, (times.at(-1) ?? 0) + 1]) {
      assert.deepEqual(
        await fillsOf(session, sinceMs),
        all.filter(({ atMs }) => atMs >= sinceMs),
      );
    }
  }),
  deskCase('has the positions and the cash of the desk’s own Book, to the last digit', async (session) => {
    const agree = async (pos: number): Promise<void> => {
      await session.holds({ pos });
      assert.deepEqual(await positionsOf(session), pos === 0 ? [] : [pos]);
      const balance = await balanceOf(session);
      assert.ok(balance !== undefined, 'balances: the account is left out');
      assert.equal(decimal(balance).toFixed(), session.cash.toFixed());
    };
    await session.quote(-10, 10, 7);
    await session.accepted('takes', { price: 10, quantity: 7 });
    await agree(7);
    await session.accepted('makes', { side: 'sell', price: 3, quantity: 3 });
    await session.trade('buy', 3, 2);
    await session.trade('buy', 3, 1);
    await agree(4);
    await session.quote(-7, 13, 4);
    await session.accepted('ends', { side: 'sell', price: -7, quantity: 4, timeInForce: 'IOC' });
    await agree(0);
    await session.quote(-8, 12, 5);
    await session.accepted('again', { price: 12, quantity: 6 });
    await session.trade('sell', 12, 1);
    await agree(6);
    const fees = (await fillsOf(session)).reduce((sum, { fee }) => sum.plus(fee.amount), ZERO);
    const account = session.desk.book.account(session.subject.accountId);
    assert.equal(account?.fees.toFixed(), fees.toFixed());
  }),
];
