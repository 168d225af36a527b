import assert from 'node:assert/strict';
import { driverCase } from './session-case.ts';
import type { VenueSession } from './venue-session.ts';
import { messageOf } from '../../core/message-of.ts';

/** Every method that waits, asked about an order that rests. */
const WAITS: Readonly<
  Record<string, (session: VenueSession, signal: AbortSignal) => Promise<unknown> | undefined>
> = {
  place: (session, signal) => session.driver.place(session.order('another', { price: -1 }), signal),
  amend: (session, signal) => session.driver.amend?.(session.order('rests', { quantity: 5 }), signal),
  lookup: (session, signal) => session.driver.lookup(session.id('rests'), signal),
  openOrders: ({ driver }, signal) => driver.openOrders(signal),
  fills: ({ driver }, signal) => driver.fills(0, signal),
  positions: ({ driver }, signal) => driver.positions(signal),
  balances: ({ driver }, signal) => driver.balances(signal),
  cancel: (session, signal) => session.driver.cancel(session.id('rests'), signal),
};

/** How a wait stands one turn of the event loop later. */
async function aTurnLater({ subject }: VenueSession, waiting: Promise<unknown>): Promise<string> {
  let how = 'still waiting';
  waiting.then(
    () => (how = 'answered'),
    (error: unknown) => (how = messageOf(error)),
  );
  await subject.clock.turn();
  return how;
}

/** What a signal does. */
export const waitCases = [
  ...Object.entries(WAITS).map(([name, ask]) =>
    driverCase(`${name}: a signal that aborts ends the wait within a tick`, async (session) => {
      await session.quote();
      await session.place('rests');
      const abort = new AbortController();
      const waiting = ask(session, abort.signal);
      if (waiting === undefined) return;
      const before = aTurnLater(session, waiting);
      abort.abort(new Error('enough'));
      assert.equal(await before, 'enough');
      await session.quiet();
    }),
  ),
  driverCase('a signal that has aborted before sends nothing', async (session) => {
    await session.quote();
    await session.place('rests');
    for (const [name, ask] of Object.entries(WAITS)) {
      const waiting = ask(session, AbortSignal.abort(new Error('too late')));
      if (waiting !== undefined) assert.equal(await aTurnLater(session, waiting), 'too late', name);
    }
    await session.quiet();
    assert.equal(await session.lookup('another'), undefined);
    assert.equal((await session.lookup('rests'))?.quantity, 4);
    assert.equal((await session.openOrders()).size, 1);
  }),
  driverCase('an order whose wait was ended is not taken back', async (session) => {
    await session.quote();
    const abort = new AbortController();
    const waiting = session.driver.place(session.order('one'), abort.signal);
    const how = aTurnLater(session, waiting);
    abort.abort(new Error('enough'));
    await how;
    await session.quiet();
    const report = await session.lookup('one');
    if (report === undefined) return; // it had not left yet
    assert.equal(report.state, 'working');
    await session.trade('sell', 0, 4);
    assert.deepEqual(session.story('one'), ['filled 4']);
  }),
  driverCase('a cancel whose wait was ended is not taken back', async (session) => {
    await session.quote();
    await session.place('one');
    const abort = new AbortController();
    const waiting = session.driver.cancel(session.id('one'), abort.signal);
    const how = aTurnLater(session, waiting);
    abort.abort(new Error('enough'));
    await how;
    await session.quiet();
    const report = await session.lookup('one');
    if (report?.state === 'working') return; // it had not left yet
    assert.deepEqual(session.story('one'), ['over at 0']);
  }),
];
