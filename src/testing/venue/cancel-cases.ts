import assert from 'node:assert/strict';
import { deskCase, driverCase } from './session-case.ts';

/** How an order is ended. */
export const cancelCases = [
  deskCase('ends a working order, and says what it filled', async (session) => {
    await session.quote();
    await session.accepted('one', { quantity: 4 });
    await session.trade('sell', 0, 1);
    const outcome = await session.arrives(session.desk.cancel(session.id('one')));
    assert.equal(outcome.kind, 'requested', JSON.stringify(outcome));
    await session.holds({ pos: 1 });
    assert.deepEqual(session.story('one'), ['filled 1', 'over at 1']);
    assert.match((await session.lookup('one'))?.state ?? '', /cancelled|expired/);
    assert.equal((await session.lookup('one'))?.cumulative, 1);
    assert.equal((await session.openOrders()).size, 0);
    await session.trade('sell', 0, 1);
    await session.holds({ pos: 1 });
  }),
  driverCase('rejects the cancel of an id that it does not know', async (session) => {
    await session.quote();
    await session.place('other');
    await assert.rejects(session.arrives(session.driver.cancel(session.id('unknown'), session.signal)));
    assert.equal((await session.lookup('other'))?.state, 'working');
  }),
  driverCase('ends an order once, however often that is asked', async (session) => {
    await session.quote();
    await session.place('one');
    await session.arrives(session.driver.cancel(session.id('one'), session.signal));
    await session.until(() => session.told('one').length > 0, 'the end was not told');
    await assert.rejects(session.arrives(session.driver.cancel(session.id('one'), session.signal)));
    await session.quiet();
    assert.deepEqual(session.story('one'), ['over at 0']);
  }),
  driverCase('rejects the cancel of an order that is filled', async (session) => {
    await session.quote();
    await session.place('one');
    await session.trade('sell', 0, 4);
    await session.until(() => session.told('one').length === 1, 'the fill was not told');
    await assert.rejects(session.arrives(session.driver.cancel(session.id('one'), session.signal)));
    await session.quiet();
    assert.deepEqual(session.story('one'), ['filled 4']);
    assert.equal((await session.lookup('one'))?.state, 'filled');
  }),
  deskCase('ends everything that works when the desk stops', async (session) => {
    await session.quote();
    for (const [n, name] of ['a', 'b', 'c'].entries()) await session.accepted(name, { quantity: n + 1 });
    await session.holds({ buy: 6 });
    await session.agrees();
    await session.stops();
    await session.holds({});
    assert.equal((await session.openOrders()).size, 0);
  }),
];
