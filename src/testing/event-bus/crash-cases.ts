import assert from 'node:assert/strict';
import type { EventBus } from '../../events/event-bus.ts';
import { tickSeen } from './contract-events.ts';
import { Recorder, SOON, assertInOrder, busCase, lettersOf, upTo } from './recorder.ts';

const publishAll = (bus: EventBus, instrument: string, numbers: readonly number[]) =>
  Promise.all(numbers.map((n) => bus.publish(tickSeen, { instrument, n })));

/** That a process dies, between handling and acknowledging among other times. */
export const crashCases = [
  busCase('delivers again what was being handled when the process died', async ({ bus, crash }, t) => {
    if (crash === undefined) return;
    const first = new Recorder(({ event }) =>
      event.data.n === 3 ? new Promise(() => undefined) : undefined,
    );
    await bus.subscribe('readers', '*', first.handler).ready;
    await publishAll(bus, 'A', upTo(6));
    await t.until(() => first.numbers.includes(3), 'the event that takes long');
    const after = await crash();
    const second = new Recorder();
    await after.subscribe('readers', '*', second.handler, SOON).ready;
    await publishAll(after, 'A', [7]);
    await t.until(() => second.done.includes('A 7'), 'the last event');
    assert.deepEqual(first.numbers, upTo(3));
    // What had been handled may come again; from the event that had not, each comes, and in order.
    const from = second.numbers[0] ?? 0;
    assert.ok(from >= 1 && from <= 3, `began with ${from}`);
    assertInOrder(second.numbers, upTo(7, from), 'all from there on');
  }),
  busCase('delivers what nobody had been given yet when the process died', async ({ bus, crash }, t) => {
    if (crash === undefined) return;
    const first = new Recorder();
    const subscription = bus.subscribe('readers', '*', first.handler);
    await subscription.ready;
    await subscription.stop();
    await publishAll(bus, 'A', upTo(50));
    const after = await crash();
    const second = new Recorder();
    await after.subscribe('readers', '*', second.handler, SOON).ready;
    await t.until(() => second.done.length >= 50, 'all events');
    assert.deepEqual(second.numbers, upTo(50));
  }),
  busCase('delivers again what had failed before the process died, in order', async ({ bus, crash }, t) => {
    if (crash === undefined) return;
    const first = new Recorder(({ event: { data } }) => {
      if (data.instrument === 'bad') throw new Error('not yet');
    });
    const patient = { backoffMs: 1, maxBackoffMs: 5, maxAttempts: 1_000_000 };
    await bus.subscribe('readers', '*', first.handler, patient).ready;
    await publishAll(bus, 'bad', [1]);
    await publishAll(bus, 'good', upTo(5));
    await publishAll(bus, 'bad', [2]);
    await t.until(() => first.done.length === 5, 'the other key');
    const after = await crash();
    const second = new Recorder();
    await after.subscribe('readers', '*', second.handler, patient).ready;
    await t.until(() => second.done.includes('bad 2'), 'what had failed');
    assert.deepEqual(second.numbersOf('bad'), [1, 2]);
  }),
  busCase('gives up an event on which every process dies', async ({ bus, crash }, t) => {
    if (crash === undefined) return;
    let present = bus;
    // More than two: a medium may not have noticed the first one.
    for (let deaths = 0; deaths < 5; deaths++) {
      const dying = new Recorder(({ event }) =>
        event.data.n === 1 ? new Promise(() => undefined) : undefined,
      );
      await present.subscribe('readers', '*', dying.handler, { ...SOON, maxAttempts: 2 }).ready;
      if (deaths === 0) await publishAll(present, 'A', [1, 2]);
      await t.until(() => dying.attempts.length > 0, 'the poison, or what stands behind it');
      const [letter] = await lettersOf(present, 'readers');
      if (letter !== undefined) {
        assert.equal(letter.reason, 'CRASHED');
        assert.ok(letter.attempts >= 2);
        await t.until(() => dying.done.includes('A 2'), 'the event behind the poison');
        assert.deepEqual(dying.numbers, [2]);
        return;
      }
      assert.deepEqual(dying.numbers, [1]);
      await t.quiet();
      present = await crash();
    }
    assert.fail('never given up');
  }),
  busCase('lets another process take over from one that has died', async ({ bus, connect, crash }, t) => {
    if (crash === undefined || connect === undefined) return;
    const survivor = await connect();
    const doomed = new Recorder(() => new Promise(() => undefined));
    await bus.subscribe('shared', '*', doomed.handler, { concurrency: 2 }).ready;
    await Promise.all(['A', 'B', 'C', 'D'].map((each) => publishAll(survivor, each, upTo(5))));
    await t.until(() => doomed.running > 0, 'the first events');
    const heir = new Recorder();
    await survivor.subscribe('shared', '*', heir.handler, { ...SOON, concurrency: 2 }).ready;
    await crash();
    await t.until(() => new Set(heir.done).size === 20, 'everything');
    for (const each of ['A', 'B', 'C', 'D']) assertInOrder(heir.numbersOf(each), upTo(5), each);
  }),
  busCase('lets another process take over at once from one that stops', async ({ bus, connect }, t) => {
    if (connect === undefined) return;
    const other = await connect();
    const leaving = new Recorder(() => new Promise(() => undefined));
    const subscription = bus.subscribe('shared', '*', leaving.handler);
    await subscription.ready;
    const staying = new Recorder();
    await other.subscribe('shared', '*', staying.handler).ready;
    await Promise.all(['A', 'B', 'C'].map((each) => publishAll(bus, each, upTo(5))));
    await t.quiet();
    await subscription.stop(10);
    await t.until(() => new Set(staying.done).size === 15, 'everything');
    for (const each of ['A', 'B', 'C']) assertInOrder(staying.numbersOf(each), upTo(5), each);
  }),
];
