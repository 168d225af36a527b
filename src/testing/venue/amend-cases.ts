import assert from 'node:assert/strict';
import type { DeskSession } from './desk-session.ts';
import { deskCase, driverCase } from './session-case.ts';
import type { AskedOrder, VenueSession } from './venue-session.ts';

/** A case for venues that can change an order; on others it passes. */
const amendCase = (name: string, run: (session: VenueSession) => Promise<void>) =>
  driverCase(name, async (session) => {
    if (session.driver.amend === undefined) return;
    await session.quote();
    await run(session);
  });

/** As above, over a desk. */
const deskAmendCase = (name: string, run: (session: DeskSession) => Promise<void>) =>
  deskCase(name, async (session) => {
    if (session.driver.amend === undefined) return;
    await session.quote();
    await run(session);
  });

/** Asks for a change, and gives the status of the answer. */
async function amend(session: VenueSession, name: string, asked: AskedOrder): Promise<string> {
  assert.ok(session.driver.amend);
  const order = session.order(name, asked);
  const reply = await session.arrives(session.driver.amend(order, session.signal));
  if (reply.status === 'rejected') assert.ok(reply.reason.length > 0, 'a rejection has a reason');
  return reply.status;
}

const resting = { side: 'buy', price: 0, state: 'working' };

/** What may be changed of an order that works. */
export const amendCases = [
  amendCase('amends a quantity down: it fills no more than that in all', async (session) => {
    await session.place('one', { quantity: 6 });
    await session.trade('sell', 0, 2);
    assert.equal(await amend(session, 'one', { quantity: 3 }), 'amended');
    assert.deepEqual(await session.lookup('one'), { ...resting, quantity: 3, cumulative: 2 });
    await session.trade('sell', 0, 1);
    await session.trade('sell', 0, 1);
    assert.deepEqual(await session.lookup('one'), {
      ...resting,
      quantity: 3,
      cumulative: 3,
      state: 'filled',
    });
    assert.deepEqual(
      session.story('one').filter((line) => line !== 'amended'),
      ['filled 2', 'filled 1'],
    );
  }),
  amendCase('amends a quantity up: it fills that in all, and no more', async (session) => {
    await session.place('one', { quantity: 2 });
    await session.trade('sell', 0, 1);
    assert.equal(await amend(session, 'one', { quantity: 5 }), 'amended');
    assert.deepEqual((await session.openOrders()).get(session.id('one')), {
      ...resting,
      quantity: 5,
      cumulative: 1,
    });
    await session.trade('sell', 0, 4);
    await session.trade('sell', 0, 1);
    assert.equal((await session.lookup('one'))?.cumulative, 5);
    assert.equal((await session.lookup('one'))?.state, 'filled');
  }),
  amendCase('amends a price: it fills at the new one', async (session) => {
    await session.place('one');
    assert.equal(await amend(session, 'one', { price: 3 }), 'amended');
    assert.deepEqual(await session.lookup('one'), { ...resting, quantity: 4, price: 3, cumulative: 0 });
    await session.trade('sell', 3, 4);
    await session.until(() => session.told('one').some(({ type }) => type === 'filled'), 'no fill was told');
    const prices = session
      .told('one')
      .flatMap((event) => (event.type === 'filled' ? [session.away(event.price)] : []));
    assert.deepEqual([...new Set(prices)], [3]);
  }),
  amendCase('amended across the touch, it takes, up to its quantity in all', async (session) => {
    await session.place('one', { quantity: 4 });
    await session.trade('sell', 0, 1);
    assert.equal(await amend(session, 'one', { quantity: 6, price: 10 }), 'amended');
    await session.until(() => session.story('one').length > 1, 'no fill was told');
    await session.quiet();
    assert.deepEqual(await session.lookup('one'), {
      side: 'buy',
      quantity: 6,
      price: 10,
      cumulative: 6,
      state: 'filled',
    });
    const last = session.told('one').at(-1);
    assert.ok(last?.type === 'filled' && last.liquidity === 'taker');
  }),
  amendCase('refuses to let a post-only order take, and leaves it as it was', async (session) => {
    await session.place('one', { postOnly: true });
    assert.equal(await amend(session, 'one', { price: 10, postOnly: true }), 'rejected');
    assert.deepEqual(await session.lookup('one'), { ...resting, quantity: 4, cumulative: 0 });
    assert.equal(await amend(session, 'one', { price: 9, postOnly: true }), 'amended');
  }),
  amendCase('refuses a quantity that has been filled, and leaves the order as it was', async (session) => {
    await session.place('one', { quantity: 6 });
    await session.trade('sell', 0, 2);
    assert.equal(await amend(session, 'one', { quantity: 2 }), 'rejected');
    assert.equal(await amend(session, 'one', { quantity: 1 }), 'rejected');
    assert.deepEqual(await session.lookup('one'), { ...resting, quantity: 6, cumulative: 2 });
    assert.equal(await amend(session, 'one', { quantity: 3 }), 'amended');
  }),
  amendCase('refuses to amend an order that is unknown, filled or cancelled', async (session) => {
    await session.place('filled');
    await session.trade('sell', 0, 4);
    await session.place('cancelled');
    await session.arrives(session.driver.cancel(session.id('cancelled'), session.signal));
    for (const name of ['unknown', 'filled', 'cancelled']) {
      assert.equal(await amend(session, name, { quantity: 8 }), 'rejected', name);
    }
    assert.equal((await session.openOrders()).size, 0);
    assert.equal((await session.lookup('filled'))?.quantity, 4);
  }),
  deskAmendCase('amended by a desk, it is held as it is now, and fills so', async (session) => {
    const change = (quantity: number, price: number) =>
      session.arrives(
        session.desk.amend(session.id('one'), {
          quantity: session.quantity(quantity),
          limit: session.price(price),
        }),
      );
    await session.accepted('one', { quantity: 4 });
    await session.trade('sell', 0, 1);
    assert.equal((await change(7, 0)).kind, 'amended');
    await session.holds({ pos: 1, buy: 6 });
    assert.equal((await change(3, 2)).kind, 'amended');
    await session.holds({ pos: 1, buy: 2 });
    assert.deepEqual(await session.lookup('one'), { ...resting, quantity: 3, price: 2, cumulative: 1 });
    await session.agrees();
    await session.trade('sell', 2, 5);
    await session.holds({ pos: 3 });
    assert.equal((await change(9, 2)).kind, 'finished');
  }),
  deskAmendCase(
    'a post-only order that would take is refused to a desk, and held as it was',
    async (session) => {
      await session.accepted('one', { quantity: 4, postOnly: true });
      session.mark(-10, 15); // the desk sees the market as it was
      const limit = session.price(12);
      const outcome = await session.arrives(session.desk.amend(session.id('one'), { limit }));
      assert.equal(outcome.kind, 'rejected', JSON.stringify(outcome));
      await session.holds({ buy: 4 });
      assert.deepEqual(await session.lookup('one'), { ...resting, quantity: 4, cumulative: 0 });
    },
  ),
];
