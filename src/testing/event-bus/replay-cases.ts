import assert from 'node:assert/strict';
import type { EventBus } from '../../events/event-bus.ts';
import { fillBooked, tickRevised, tickSeen } from './contract-events.ts';
import { Gate, Recorder, SOON, busCase, upTo } from './recorder.ts';

async function publishAll(bus: EventBus, numbers: readonly number[]): Promise<string[]> {
  const receipts = await Promise.all(numbers.map((n) => bus.publish(tickSeen, { instrument: 'A', n })));
  return receipts.map((receipt) => (receipt.outcome === 'published' ? receipt.position : ''));
}

/** Handling once more what was published before. */
export const replayCases = [
  busCase('replays what is there, and moves no group', async ({ bus }, t) => {
    const live = new Recorder();
    const subscription = bus.subscribe('live', '*', live.handler);
    await subscription.ready;
    await publishAll(bus, upTo(5));
    await t.until(() => live.done.length === 5, 'the live group');
    await subscription.stop();
    await publishAll(bus, upTo(8, 6));
    const replayed = new Recorder();
    const report = await bus.replay('*', replayed.handler, { from: 'beginning' }).done;
    assert.deepEqual(report, { handled: 8, failed: 0, complete: true });
    assert.deepEqual(replayed.numbers, upTo(8));
    const rest = new Recorder();
    await bus.subscribe('live', '*', rest.handler).ready;
    await t.until(() => rest.done.length >= 3, 'what the live group has not had');
    await t.quiet();
    assert.deepEqual(live.numbers, upTo(5));
    assert.deepEqual(rest.numbers, upTo(8, 6));
  }),
  busCase('does not list a replay, and leaves nothing of it', async ({ bus }, t) => {
    await publishAll(bus, [1, 2]);
    const gate = new Gate();
    const replayed = new Recorder(() => gate.opened);
    const replay = bus.replay('*', replayed.handler, { from: 'beginning' });
    await t.until(() => replayed.running === 1, 'the first event');
    assert.deepEqual(await bus.groups(), []);
    gate.open();
    assert.deepEqual(await replay.done, { handled: 2, failed: 0, complete: true });
    await replay.stop();
    assert.deepEqual(await bus.groups(), []);
  }),
  busCase('replays only what was there when it began', async ({ bus }, t) => {
    await publishAll(bus, upTo(3));
    const gate = new Gate();
    const replayed = new Recorder(() => gate.opened);
    const replay = bus.replay('*', replayed.handler, { from: 'beginning' });
    await t.until(() => replayed.running === 1, 'the first event');
    await publishAll(bus, [4]);
    gate.open();
    assert.deepEqual(await replay.done, { handled: 3, failed: 0, complete: true });
    assert.deepEqual(replayed.numbers, upTo(3));
  }),
  busCase('has nothing to replay where nothing is', async ({ bus }) => {
    const replayed = new Recorder();
    const report = await bus.replay('*', replayed.handler, { from: 'beginning' }).done;
    assert.deepEqual(report, { handled: 0, failed: 0, complete: true });
  }),
  busCase('follows what is published meanwhile, until it is stopped', async ({ bus }, t) => {
    await publishAll(bus, upTo(3));
    const replayed = new Recorder();
    const replay = bus.replay('*', replayed.handler, { from: 'beginning', follow: true });
    await t.until(() => replayed.done.length === 3, 'what was there');
    await publishAll(bus, [4, 5]);
    await t.until(() => replayed.done.length === 5, 'what is published meanwhile');
    await replay.stop();
    const { handled, failed } = await replay.done;
    assert.deepEqual({ handled, failed }, { handled: 5, failed: 0 });
    await publishAll(bus, [6]);
    await t.quiet();
    assert.deepEqual(replayed.numbers, upTo(5));
    assert.deepEqual(await bus.groups(), []);
  }),
  busCase('follows from what is new on, and has nothing to do without following', async ({ bus }, t) => {
    await publishAll(bus, upTo(3));
    const replayed = new Recorder();
    const replay = bus.replay('*', replayed.handler, { from: 'new', follow: true });
    await replay.ready;
    await publishAll(bus, [4, 5]);
    await t.until(() => replayed.done.length >= 2, 'what is new');
    await replay.stop();
    assert.deepEqual(replayed.numbers, [4, 5]);
    const report = await bus.replay('*', replayed.handler, { from: 'new' }).done;
    assert.deepEqual(report, { handled: 0, failed: 0, complete: true });
  }),
  busCase('replays from a time and from behind a position', async ({ bus }, t) => {
    const [, second = ''] = await publishAll(bus, upTo(3));
    await t.sleep(20);
    const timeMs = t.nowMs();
    await t.sleep(20);
    await publishAll(bus, [4, 5]);
    const byTime = new Recorder();
    const byPosition = new Recorder();
    await bus.replay('*', byTime.handler, { from: { timeMs } }).done;
    await bus.replay('*', byPosition.handler, { from: { topic: 'tick', position: second } }).done;
    assert.deepEqual(byTime.numbers, [4, 5]);
    assert.deepEqual(byPosition.numbers, [3, 4, 5]);
  }),
  busCase('replays the types that it names', async ({ bus }) => {
    await publishAll(bus, [1]);
    await bus.publish(tickRevised, { instrument: 'A', n: 2 });
    await bus.publish(fillBooked, { instrument: 'A', n: 3 });
    const replayed = new Recorder();
    const { handled } = await bus.replay([tickRevised], replayed.handler, { from: 'beginning' }).done;
    assert.equal(handled, 1);
    assert.deepEqual(replayed.numbers, [2]);
  }),
  busCase('counts what a replay could not handle, and writes no letters of it', async ({ bus }) => {
    await publishAll(bus, upTo(4));
    const replayed = new Recorder(({ event, delivery }) => {
      if (event.data.n === 2) throw new Error('never');
      if (event.data.n === 3 && delivery.attempt === 1) throw new Error('at first');
    });
    const options = { from: 'beginning', ...SOON, maxAttempts: 2 } as const;
    const report = await bus.replay('*', replayed.handler, options).done;
    assert.deepEqual(report, { handled: 3, failed: 1, complete: true });
    assert.deepEqual(replayed.numbers, [1, 2, 2, 3, 3, 4]);
    assert.deepEqual(await bus.deadLetters.list(), []);
  }),
  busCase('says that a replay that was stopped is not complete', async ({ bus }, t) => {
    await publishAll(bus, upTo(10));
    const gate = new Gate();
    const replayed = new Recorder(({ event }) => (event.data.n === 3 ? gate.opened : undefined));
    const replay = bus.replay('*', replayed.handler, { from: 'beginning' });
    await t.until(() => replayed.numbers.includes(3), 'the third event');
    const stopped = replay.stop();
    gate.open();
    await stopped;
    assert.deepEqual(await replay.done, { handled: 3, failed: 0, complete: false });
    assert.deepEqual(replayed.numbers, upTo(3));
  }),
  busCase('replays in order by key with several at once', async ({ bus }, t) => {
    const instruments = ['A', 'B', 'C', 'D'];
    await Promise.all(
      upTo(20).flatMap((n) => instruments.map((instrument) => bus.publish(tickSeen, { instrument, n }))),
    );
    const replayed = new Recorder(() => t.sleep(1));
    const { handled } = await bus.replay('*', replayed.handler, { from: 'beginning', concurrency: 3 }).done;
    assert.equal(handled, 80);
    assert.ok(replayed.most > 1 && replayed.most <= 3);
    for (const each of instruments) assert.deepEqual(replayed.numbersOf(each), upTo(20), each);
  }),
];
