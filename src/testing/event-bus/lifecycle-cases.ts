import assert from 'node:assert/strict';
import type { EventBus } from '../../events/event-bus.ts';
import { fillBooked, tickSeen } from './contract-events.ts';
import { Gate, Recorder, SOON, busCase, lettersOf, statusOf, upTo } from './recorder.ts';

/** Stopping, closing, what a bus tells of itself, and that it is away. */
export const lifecycleCases = [
  busCase('lets running handlers end when a subscription stops, and begins no more', async ({ bus }, t) => {
    const gate = new Gate();
    const recorder = new Recorder(() => gate.opened);
    const subscription = bus.subscribe('readers', '*', recorder.handler);
    assert.equal(subscription.group, 'readers');
    await subscription.ready;
    for (const n of upTo(3)) await bus.publish(tickSeen, { instrument: 'A', n });
    await t.until(() => recorder.running === 1, 'the first event');
    const stops = [subscription.stop(), subscription.stop()];
    gate.open();
    await Promise.all(stops);
    assert.deepEqual(recorder.done, ['A 1']);
    await bus.publish(tickSeen, { instrument: 'A', n: 4 });
    await t.quiet();
    assert.deepEqual(recorder.numbers, [1]);
    assert.equal((await statusOf(bus, 'readers'))?.members, 0);
    await subscription[Symbol.asyncDispose]();
  }),
  busCase('tells how groups stand', async ({ bus }, t) => {
    const gate = new Gate();
    const recorder = new Recorder(({ event }) => {
      if (event.data.n === 1) throw new Error('never');
      return event.data.n > 3 ? gate.opened : undefined;
    });
    const options = { ...SOON, maxAttempts: 1, maxInFlight: 1 };
    await bus.subscribe('readers', '*', recorder.handler, options).ready;
    await bus.subscribe('fills', [fillBooked], new Recorder().handler).ready;
    for (const n of upTo(6)) await bus.publish(tickSeen, { instrument: 'A', n });
    await t.until(() => recorder.numbers.includes(4), 'the fourth event');
    await t.until(async () => (await statusOf(bus, 'readers'))?.pending === 1, 'one event under way');
    const groups = await bus.groups();
    const known = groups.map(({ lag, ...rest }) => ({ ...rest, lag: lag === undefined ? 'unknown' : lag }));
    const common = { members: 1, deadLetters: 0, pending: 0, lag: 0 };
    const expected = [
      { ...common, group: 'fills', topic: 'fill' },
      { ...common, group: 'readers', topic: 'fill' },
      { ...common, group: 'readers', topic: 'tick', pending: 1, deadLetters: 1, lag: 2 },
    ];
    assert.deepEqual(
      known.sort((a, b) => `${a.group} ${a.topic}`.localeCompare(`${b.group} ${b.topic}`)),
      expected.map((each, at) => (known[at]?.lag === 'unknown' ? { ...each, lag: 'unknown' } : each)),
    );
    gate.open();
    await t.until(() => recorder.done.length === 5, 'all events');
    await t.until(async () => (await statusOf(bus, 'readers'))?.pending === 0, 'nothing under way');
  }),
  busCase('counts the members of all processes', async ({ bus, connect }, t) => {
    if (connect === undefined) return;
    const other = await connect();
    const subscription = bus.subscribe('shared', '*', new Recorder().handler);
    await subscription.ready;
    await other.subscribe('shared', '*', new Recorder().handler).ready;
    await t.until(async () => (await statusOf(bus, 'shared'))?.members === 2, 'two members');
    await subscription.stop();
    await t.until(async () => (await statusOf(bus, 'shared'))?.members === 1, 'one member');
  }),
  busCase('tells of groups at which nobody works', async ({ bus, reopen }) => {
    const subscription = bus.subscribe('readers', [tickSeen], new Recorder().handler);
    await subscription.ready;
    await subscription.stop();
    for (const n of upTo(3)) await bus.publish(tickSeen, { instrument: 'A', n });
    const stands = async (each: EventBus) => {
      const status = await statusOf(each, 'readers');
      assert.ok(
        status !== undefined && (status.lag === undefined || status.lag === 3),
        JSON.stringify(status),
      );
      assert.deepEqual([status.pending, status.members, status.deadLetters], [0, 0, 0]);
    };
    await stands(bus);
    if (reopen !== undefined) await stands(await reopen());
  }),
  busCase('forgets a group that is dropped, with its place and its letters', async ({ bus, reopen }, t) => {
    const recorder = new Recorder(() => {
      throw new Error('never');
    });
    const subscription = bus.subscribe('readers', '*', recorder.handler, { maxAttempts: 1 });
    await subscription.ready;
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    await t.until(async () => (await lettersOf(bus, 'readers')).length === 1, 'the letter');
    assert.equal(await bus.dropGroup('readers'), false);
    await subscription.stop();
    await bus.publish(tickSeen, { instrument: 'A', n: 2 });
    assert.equal(await bus.dropGroup('readers'), true);
    assert.equal(await bus.dropGroup('readers'), false);
    assert.equal(await bus.dropGroup('never-there'), false);
    const then = (await reopen?.()) ?? bus;
    assert.deepEqual(await then.groups(), []);
    assert.deepEqual(await then.deadLetters.list(), []);
    const anew = new Recorder();
    await then.subscribe('readers', '*', anew.handler).ready;
    await then.publish(tickSeen, { instrument: 'A', n: 3 });
    await t.until(() => anew.done.length > 0, 'the new event');
    assert.deepEqual(anew.numbers, [3]);
  }),
  busCase('is connected, with nothing waiting, when all is well', async ({ bus }) => {
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    const { connected, waiting, spilled, dropped } = bus.status();
    assert.deepEqual(
      { connected, waiting, spilled, dropped },
      { connected: true, waiting: 0, spilled: 0, dropped: 0 },
    );
    assert.ok(bus.name.length > 0);
  }),
  busCase('ends what is under way when it closes, and refuses what comes after', async ({ bus }, t) => {
    const gate = new Gate();
    const recorder = new Recorder(() => gate.opened);
    const subscription = bus.subscribe('readers', '*', recorder.handler);
    await subscription.ready;
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    await t.until(() => recorder.running === 1, 'the event');
    const last = bus.publish(tickSeen, { instrument: 'A', n: 2 });
    const closed = bus.close();
    gate.open();
    assert.equal((await last).outcome, 'published');
    assert.deepEqual(await closed, { unsent: 0, spilled: 0 });
    assert.ok(recorder.done.includes('A 1'));
    const gone = { code: 'BUS_CLOSED' };
    const { handler } = new Recorder();
    await assert.rejects(bus.publish(tickSeen, { instrument: 'A', n: 3 }), gone);
    assert.throws(() => bus.subscribe('readers', '*', handler), gone);
    assert.throws(() => bus.replay('*', handler, { from: 'beginning' }), gone);
    await assert.rejects(bus.groups(), gone);
    await assert.rejects(bus.dropGroup('readers'), gone);
    await assert.rejects(bus.deadLetters.list(), gone);
    await assert.rejects(bus.deadLetters.requeue(['1']), gone);
    await assert.rejects(bus.deadLetters.discard(['1']), gone);
    await subscription.stop();
    assert.deepEqual(await bus.close(), { unsent: 0, spilled: 0 });
    assert.equal(bus.status().connected, false);
  }),
  busCase('delivers in order, and once, what was published while it was away', async (subject, t) => {
    const { bus, outage, recover } = subject;
    if (outage === undefined || recover === undefined) return;
    const recorder = new Recorder();
    await bus.subscribe('readers', '*', recorder.handler, SOON).ready;
    const publish = (n: number) => bus.publish(tickSeen, { instrument: 'A', n });
    await Promise.all(upTo(10).map(publish));
    await outage();
    const receipts = upTo(20, 11).map(publish);
    await t.until(() => !bus.status().connected, 'the bus to notice');
    assert.ok(bus.status().waiting > 0);
    assert.ok((bus.status().error ?? '').length > 0);
    receipts.push(...upTo(30, 21).map(publish));
    await recover();
    for (const { outcome } of await Promise.all(receipts)) assert.equal(outcome, 'published');
    await t.until(() => recorder.done.length >= 30, 'all events');
    await t.until(() => bus.status().connected, 'the bus to be back');
    assertEachOnce(recorder.numbers);
    assert.equal(bus.status().waiting, 0);
    assert.equal(bus.status().dropped, 0);
  }),
];

/** Attempts may repeat after an outage; first ones come in order, and the log has each once. */
function assertEachOnce(numbers: readonly number[]): void {
  assert.deepEqual([...new Set(numbers)], upTo(30));
}
