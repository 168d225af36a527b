import assert from 'node:assert/strict';
import type { EventBus } from '../../events/event-bus.ts';
import { fillBooked, tickSeen } from './contract-events.ts';
import { Gate, Recorder, SOON, busCase, upTo } from './recorder.ts';

async function publishAll(bus: EventBus, numbers: readonly number[]): Promise<string[]> {
  const receipts = await Promise.all(numbers.map((n) => bus.publish(tickSeen, { instrument: 'A', n })));
  return receipts.map((receipt) => (receipt.outcome === 'published' ? receipt.position : ''));
}

/** Where groups begin, and that they keep their places. */
export const placeCases = [
  busCase('begins a group with what is published once it is ready', async ({ bus }, t) => {
    await publishAll(bus, upTo(3));
    const recorder = new Recorder();
    await bus.subscribe('readers', '*', recorder.handler).ready;
    await publishAll(bus, [4, 5]);
    await t.until(() => recorder.done.length >= 2, 'the new events');
    await t.quiet();
    assert.deepEqual(recorder.numbers, [4, 5]);
  }),
  busCase('begins a group at the beginning', async ({ bus }, t) => {
    await publishAll(bus, upTo(3));
    const recorder = new Recorder();
    await bus.subscribe('readers', '*', recorder.handler, { from: 'beginning' }).ready;
    await publishAll(bus, [4]);
    await t.until(() => recorder.done.length >= 4, 'all events');
    assert.deepEqual(recorder.numbers, upTo(4));
  }),
  busCase('begins a group at a time', async ({ bus }, t) => {
    await publishAll(bus, upTo(3));
    await t.sleep(20);
    const timeMs = t.nowMs();
    await t.sleep(20);
    await bus.publish(tickSeen, { instrument: 'A', n: 4 }, { atMs: 0 }); // goes by when the bus took it
    await publishAll(bus, [5]);
    const recorder = new Recorder();
    await bus.subscribe('readers', '*', recorder.handler, { from: { timeMs } }).ready;
    await t.until(() => recorder.done.length >= 2, 'the later events');
    await t.quiet();
    assert.deepEqual(recorder.numbers, [4, 5]);
    const future = new Recorder();
    await bus.subscribe('future', '*', future.handler, { from: { timeMs: t.nowMs() + 60_000 } }).ready;
    await publishAll(bus, [6]);
    await t.until(() => recorder.numbers.includes(6), 'the last event');
    const past = new Recorder();
    await bus.subscribe('past', '*', past.handler, { from: { timeMs: 0 } }).ready;
    await t.until(() => past.done.length >= 6, 'all events');
    assert.deepEqual(past.numbers, upTo(6));
  }),
  busCase('begins a group behind a position, and with what is new in other topics', async ({ bus }, t) => {
    const [, second = ''] = await publishAll(bus, upTo(3));
    await bus.publish(fillBooked, { instrument: 'A', n: 10 });
    const recorder = new Recorder();
    const from = { topic: 'tick', position: second };
    await bus.subscribe('readers', '*', recorder.handler, { from }).ready;
    await publishAll(bus, [4]);
    await bus.publish(fillBooked, { instrument: 'A', n: 11 });
    await t.until(() => recorder.done.length >= 3, 'the later events');
    await t.quiet();
    assert.deepEqual(
      [...recorder.numbers].sort((a, b) => a - b),
      [3, 4, 11],
    );
  }),
  busCase('refuses to begin at a position that is none', ({ bus }) => {
    const { handler } = new Recorder();
    const from = { topic: 'no-such-topic', position: '1' };
    assert.throws(() => bus.subscribe('readers', '*', handler, { from }), { code: 'OPTION_INVALID' });
    return Promise.resolve();
  }),
  busCase('keeps the place of a group while nobody subscribes', async ({ bus }, t) => {
    const first = new Recorder();
    const subscription = bus.subscribe('readers', '*', first.handler);
    await subscription.ready;
    await publishAll(bus, upTo(3));
    await t.until(() => first.done.length === 3, 'the first events');
    await subscription.stop();
    await publishAll(bus, upTo(6, 4));
    const second = new Recorder();
    // It is there, so that where new ones begin does not matter.
    await bus.subscribe('readers', '*', second.handler, { from: 'beginning' }).ready;
    await t.until(() => second.done.length >= 3, 'what was published meanwhile');
    await t.quiet();
    assert.deepEqual(first.numbers, upTo(3));
    assert.deepEqual(second.numbers, upTo(6, 4));
  }),
  busCase('keeps a group that has had nothing yet', async ({ bus, reopen }, t) => {
    const nothing = new Recorder();
    const subscription = bus.subscribe('readers', '*', nothing.handler);
    await subscription.ready;
    await subscription.stop();
    const then = (await reopen?.()) ?? bus;
    await publishAll(then, upTo(2));
    const recorder = new Recorder();
    await then.subscribe('readers', '*', recorder.handler).ready;
    await t.until(() => recorder.done.length >= 2, 'what was published meanwhile');
    assert.deepEqual(recorder.numbers, upTo(2));
  }),
  busCase('keeps places and events when it is closed and opened anew', async ({ bus, reopen }, t) => {
    if (reopen === undefined) return;
    const first = new Recorder();
    await bus.subscribe('readers', '*', first.handler).ready;
    await publishAll(bus, upTo(5));
    await t.until(() => first.done.length === 5, 'the first events');
    const reopened = await reopen();
    await publishAll(reopened, [6]);
    const again = await reopen();
    const second = new Recorder();
    await again.subscribe('readers', '*', second.handler).ready;
    await publishAll(again, [7]);
    await t.until(() => second.done.length >= 2, 'the later events');
    await t.quiet();
    assert.deepEqual(second.numbers, [6, 7]);
    const all = new Recorder();
    await again.subscribe('historians', '*', all.handler, { from: 'beginning' }).ready;
    await t.until(() => all.done.length >= 7, 'all events');
    assert.deepEqual(all.numbers, upTo(7));
  }),
  busCase('keeps out of order what failed when it is closed and opened anew', async ({ bus, reopen }, t) => {
    if (reopen === undefined) return;
    const first = new Recorder(({ event: { data } }) => {
      if (data.instrument === 'bad') throw new Error('not yet');
    });
    const patient = { backoffMs: 1, maxBackoffMs: 1, maxAttempts: 1_000_000 };
    await bus.subscribe('readers', '*', first.handler, patient).ready;
    await bus.publish(tickSeen, { instrument: 'bad', n: 1 });
    await publishAll(bus, upTo(5));
    await bus.publish(tickSeen, { instrument: 'bad', n: 2 });
    await t.until(() => first.done.length === 5, 'the key that does not fail');
    const reopened = await reopen();
    const second = new Recorder();
    await reopened.subscribe('readers', '*', second.handler, SOON).ready;
    await t.until(() => second.numbersOf('bad').includes(2), 'the events that had failed');
    assert.deepEqual(second.numbersOf('bad'), [1, 2]);
  }),
  busCase('gives back at once what it had not handled when it was stopped', async ({ bus }, t) => {
    const gate = new Gate();
    const first = new Recorder(({ event }) => (event.data.n > 2 ? gate.opened : undefined));
    const subscription = bus.subscribe('readers', '*', first.handler);
    await subscription.ready;
    await publishAll(bus, upTo(10));
    await t.until(() => first.numbers.includes(3), 'the event that takes long');
    await subscription.stop(20);
    assert.equal(first.attempts.at(-1)?.delivery.signal.aborted, true);
    const second = new Recorder();
    await bus.subscribe('readers', '*', second.handler).ready;
    await t.until(() => second.done.length >= 8, 'what was given back');
    assert.deepEqual(second.numbers, upTo(10, 3));
    gate.open();
    await t.quiet();
    assert.deepEqual(first.numbers, upTo(3));
    assert.deepEqual(second.numbers, upTo(10, 3));
  }),
];
