import assert from 'node:assert/strict';
import { deskCase, driverCase } from './session-case.ts';

/** What becomes of an order that is sent. */
export const orderCases = [
  deskCase('accepts an order that crosses nothing, and lets it rest', async (session) => {
    await session.quote();
    await session.accepted('one', { quantity: 4 });
    await session.holds({ buy: 4 });
    const resting = { side: 'buy', quantity: 4, price: 0, cumulative: 0, state: 'working' };
    assert.deepEqual(await session.lookup('one'), resting);
    assert.deepEqual([...(await session.openOrders())], [[session.id('one'), resting]]);
    assert.deepEqual(session.story('one'), []);
  }),
  deskCase(
    'rejects a post-only order that would take, with a reason, and holds nothing of it',
    async (session) => {
      await session.quote(-10, 10);
      session.mark(-10, 15); // the desk sees the market as it was
      const outcome = await session.submit('late', { price: 10, postOnly: true });
      assert.equal(outcome.kind, 'rejected', JSON.stringify(outcome));
      assert.ok(outcome.reason.length > 0);
      await session.holds({});
      assert.equal((await session.openOrders()).size, 0);
      assert.notEqual((await session.lookup('late'))?.state, 'working');
      session.mark(-10, 15);
      await session.accepted('inside', { price: 9, postOnly: true });
      await session.holds({ buy: 4 });
    },
  ),
  deskCase('fills an order whole that takes what is shown, at the price shown', async (session) => {
    await session.quote(-10, 10, 10);
    await session.accepted('one', { price: 15, quantity: 4 });
    await session.holds({ pos: 4 });
    const told = session.told('one');
    assert.ok(told.every((event) => event.type === 'filled' && session.away(event.price) === 10));
    assert.ok(told.every((event) => event.type === 'filled' && event.liquidity === 'taker'));
    assert.equal((await session.lookup('one'))?.state, 'filled');
    assert.equal((await session.lookup('one'))?.cumulative, 4);
    assert.equal((await session.openOrders()).size, 0);
  }),
  deskCase('fills what is shown, and lets the rest rest and fill', async (session) => {
    await session.quote(-10, 10, 3);
    await session.accepted('one', { price: 10, quantity: 5 });
    await session.holds({ pos: 3, buy: 2 });
    assert.deepEqual(await session.lookup('one'), {
      side: 'buy',
      quantity: 5,
      price: 10,
      cumulative: 3,
      state: 'working',
    });
    await session.trade('sell', 10, 1);
    await session.holds({ pos: 4, buy: 1 });
    await session.trade('sell', 10, 1);
    await session.holds({ pos: 5 });
    assert.equal((await session.lookup('one'))?.state, 'filled');
  }),
  deskCase('fills a resting order as others trade with it, at its price, as maker', async (session) => {
    await session.quote();
    await session.accepted('buy', { quantity: 4, price: 10 });
    await session.holds({ pos: 4 });
    await session.accepted('sell', { side: 'sell', quantity: 4, price: 2 });
    await session.trade('buy', 2, 1);
    await session.trade('buy', 2, 10);
    await session.holds({});
    const fills = session.told('sell');
    assert.deepEqual(session.story('sell'), ['filled 1', 'filled 3']);
    assert.ok(fills.every((event) => event.type === 'filled' && session.away(event.price) === 2));
    assert.ok(fills.every((event) => event.type === 'filled' && event.liquidity === 'maker'));
  }),
  deskCase('fills the better price first', async (session) => {
    await session.quote();
    await session.accepted('low', { quantity: 2, price: -1 });
    await session.accepted('high', { quantity: 2, price: 1 });
    await session.trade('sell', 1, 2);
    await session.holds({ pos: 2, buy: 2 });
    assert.deepEqual([session.story('high'), session.story('low')], [['filled 2'], []]);
  }),
  deskCase('an immediate order never rests: what is left is over at once, and is told', async (session) => {
    await session.quote(-10, 10, 3);
    await session.accepted('part', { price: 10, quantity: 5, timeInForce: 'IOC' });
    await session.holds({ pos: 3 });
    assert.deepEqual(session.story('part'), ['filled 3', 'over at 3']);
    await session.quote(-10, 10, 4);
    await session.accepted('nothing', { price: 0, timeInForce: 'IOC' });
    await session.holds({ pos: 3 });
    assert.deepEqual(session.story('nothing'), ['over at 0']);
    assert.match((await session.lookup('part'))?.state ?? '', /cancelled|expired/);
    assert.equal((await session.lookup('part'))?.cumulative, 3);
    assert.equal((await session.openOrders()).size, 0);
  }),
  deskCase('fills a fill-or-kill order whole or not at all', async (session) => {
    await session.quote(-10, 10, 5);
    const outcome = await session.submit('much', { price: 10, quantity: 6, timeInForce: 'FOK' });
    assert.match(outcome.kind, /accepted|rejected/);
    await session.holds({});
    assert.deepEqual(session.story('much'), outcome.kind === 'accepted' ? ['over at 0'] : []);
    session.mark(-10, 10, 5);
    await session.accepted('fits', { price: 10, quantity: 5, timeInForce: 'FOK' });
    await session.holds({ pos: 5 });
    assert.ok(session.told('fits').every(({ type }) => type === 'filled'));
  }),
  deskCase('tells what happened to an order in the order in which it happened', async (session) => {
    await session.quote();
    await session.accepted('one', { quantity: 9 });
    for (const count of [1, 2, 3]) await session.trade('sell', 0, count);
    await session.arrives(session.desk.cancel(session.id('one')));
    await session.holds({ pos: 6 });
    assert.deepEqual(session.story('one'), ['filled 1', 'filled 2', 'filled 3', 'over at 6']);
  }),
  driverCase('takes an id once, for ever', async (session) => {
    await session.quote();
    assert.equal(await session.place('one', { quantity: 4 }), 'accepted');
    assert.equal(await session.place('one', { quantity: 4 }), 'rejected');
    assert.equal(await session.place('one', { quantity: 5, price: 1 }), 'rejected');
    const first = { side: 'buy', quantity: 4, price: 0, cumulative: 0, state: 'working' };
    assert.deepEqual([...(await session.openOrders())], [[session.id('one'), first]]);
    await session.trade('sell', 0, 40);
    assert.equal(await session.place('one'), 'rejected');
    assert.deepEqual(session.story('one'), ['filled 4']);
    assert.deepEqual(await session.lookup('one'), { ...first, cumulative: 4, state: 'filled' });
  }),
  deskCase('is sent an intent once, however often it is submitted', async (session) => {
    await session.quote();
    const [first, second] = await Promise.all([session.submit('one'), session.submit('one')]);
    assert.deepEqual([first.kind, second.kind], ['accepted', 'duplicate']);
    assert.equal((await session.submit('one')).kind, 'duplicate');
    assert.equal(session.driver.placed.length, 1);
    await session.holds({ buy: 4 });
  }),
  driverCase('tells every listener until it is disposed', async (session) => {
    await session.quote(-10, 10, 10);
    const heard = { first: 0, second: 0 };
    const first = session.driver.onEvent(({ type }) => (heard.first += type === 'filled' ? 1 : 0));
    const second = session.driver.onEvent(({ type }) => (heard.second += type === 'filled' ? 1 : 0));
    await session.place('one', { quantity: 1 });
    await session.trade('sell', 0, 1);
    await session.until(() => heard.second === 1, 'the fill was not told');
    first[Symbol.dispose]();
    await session.place('two', { quantity: 1 });
    await session.trade('sell', 0, 1);
    await session.until(() => heard.second === 2, 'the second fill was not told');
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    await session.place('three', { quantity: 1 });
    await session.trade('sell', 0, 1);
    await session.until(() => session.story('three').length === 1, 'the others are not told any more');
    assert.deepEqual(heard, { first: 1, second: 2 });
  }),
];
