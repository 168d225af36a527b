import assert from 'node:assert/strict';
import type { EventBus } from '../../events/event-bus.ts';
import { fillBooked, lookAlike, tickRevised, tickSeen } from './contract-events.ts';
import { type Attempt, Gate, Recorder, SOON, busCase, statusOf, upTo } from './recorder.ts';

const INSTRUMENTS = ['A', 'B', 'C', 'D', 'E', 'F'] as const;

async function publishAll(bus: EventBus, instruments: readonly string[], numbers: readonly number[]) {
  await Promise.all(
    numbers.flatMap((n) => instruments.map((instrument) => bus.publish(tickSeen, { instrument, n }))),
  );
}

/** Who gets which events, in which order and how many at once. */
export const deliveryCases = [
  busCase('gives every group every event of the types that it names', async ({ bus }, t) => {
    const all = new Recorder();
    const ticks = new Recorder();
    const revised = new Recorder();
    await bus.subscribe('all', '*', all.handler).ready;
    await bus.subscribe('ticks', [tickSeen, tickRevised], ticks.handler).ready;
    await bus.subscribe('revised', [tickRevised], revised.handler).ready;
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    await bus.publish(tickRevised, { instrument: 'A', n: 2 });
    await bus.publish(fillBooked, { instrument: 'A', n: 3 });
    await bus.publish(tickSeen, { instrument: 'A', n: 4 });
    await bus.publish(tickRevised, { instrument: 'A', n: 5 });
    await t.until(() => all.done.length >= 5 && ticks.done.length >= 4, 'all events');
    await t.until(() => revised.done.length >= 2, 'those of one type');
    assert.deepEqual([...all.numbers].sort(), [1, 2, 3, 4, 5]); // two topics have no order between them
    assert.deepEqual(ticks.numbers, [1, 2, 4, 5]);
    assert.deepEqual(revised.numbers, [2, 5]);
  }),
  busCase('does not hold one group up for another', async ({ bus }, t) => {
    const gate = new Gate();
    const stuck = new Recorder(() => gate.opened);
    const brisk = new Recorder();
    await bus.subscribe('stuck', '*', stuck.handler).ready;
    await bus.subscribe('brisk', '*', brisk.handler).ready;
    await publishAll(bus, ['A'], upTo(200));
    await t.until(() => brisk.done.length === 200, 'the group that keeps up');
    assert.deepEqual(stuck.numbers, [1]);
    gate.open();
    await t.until(() => stuck.done.length === 200, 'the group that waited');
    assert.deepEqual(stuck.numbers, upTo(200));
  }),
  busCase('keeps what a handler does to its event from other groups', async ({ bus }, t) => {
    const changing = new Recorder(({ event }) => {
      try {
        (event.data as { n: number }).n = 99;
      } catch {
        // It may as well be frozen.
      }
    });
    const other = new Recorder();
    await bus.subscribe('changing', '*', changing.handler).ready;
    await bus.subscribe('other', '*', other.handler).ready;
    await publishAll(bus, ['A'], [1]);
    await t.until(() => changing.done.length === 1 && other.done.length === 1, 'both groups');
    assert.deepEqual(other.numbers, [1]);
  }),
  busCase('shares the events of a group among its members, each to one of them', async ({ bus }, t) => {
    const members = [new Recorder(), new Recorder()];
    for (const { handler } of members) await bus.subscribe('shared', '*', handler).ready;
    await publishAll(bus, INSTRUMENTS, upTo(10));
    const done = () => members.flatMap((each) => each.done);
    await t.until(() => done().length >= 60, 'sixty events');
    await t.quiet();
    assert.equal(new Set(done()).size, 60);
    assert.equal(done().length, 60);
  }),
  busCase('shares the events of a group among processes, in order by key', async ({ bus, connect }, t) => {
    if (connect === undefined) return;
    const other = await connect();
    const order: string[] = [];
    const running = new Set<string>();
    const overlaps: string[] = [];
    const react = async ({ event }: Attempt) => {
      const { instrument, n } = event.data;
      if (running.has(instrument)) overlaps.push(instrument);
      running.add(instrument);
      order.push(`${instrument}${n}`);
      await t.sleep(1);
      running.delete(instrument);
    };
    const recorders = [new Recorder(react), new Recorder(react)];
    const subscriptions = [bus, other].map((each, at) =>
      each.subscribe('shared', '*', (recorders[at] ?? assert.fail()).handler, { concurrency: 4 }),
    );
    await Promise.all(subscriptions.map(({ ready }) => ready));
    await Promise.all([
      publishAll(bus, ['A', 'B', 'C'], upTo(20)),
      publishAll(other, ['D', 'E', 'F'], upTo(20)),
    ]);
    await t.until(() => recorders.flatMap(({ done }) => done).length >= 120, 'all events');
    assert.deepEqual(overlaps, [], 'two of one key at once');
    assert.equal(order.length, 120);
    for (const instrument of INSTRUMENTS) {
      const ofIt = order.filter((each) => each.startsWith(instrument));
      assert.deepEqual(
        ofIt,
        upTo(20).map((n) => `${instrument}${n}`),
      );
    }
  }),
  busCase('handles one at a time unless told otherwise', async ({ bus }, t) => {
    const recorder = new Recorder(() => t.sleep(1));
    await bus.subscribe('single', '*', recorder.handler).ready;
    await publishAll(bus, INSTRUMENTS, upTo(3));
    await t.until(() => recorder.done.length === 18, 'all events');
    assert.equal(recorder.most, 1);
  }),
  busCase('handles as many keys at once as it may, each in order and one at a time', async ({ bus }, t) => {
    const running = new Set<string>();
    const overlaps: string[] = [];
    let held = false;
    const recorder: Recorder = new Recorder(async ({ event: { data } }) => {
      if (running.has(data.instrument)) overlaps.push(data.instrument);
      running.add(data.instrument);
      // One is held for a while: the next of its key would run beside it if it could, on a busy machine as well.
      const isHeld = !held && data.instrument === INSTRUMENTS[0];
      held ||= isHeld;
      for (let waits = 0; isHeld && waits < 100 && recorder.done.length < 20; waits += 1) await t.sleep(10);
      await t.sleep(5 + ((data.n * 7) % 5) * 5);
      running.delete(data.instrument);
    });
    await bus.subscribe('parallel', '*', recorder.handler, { concurrency: 4 }).ready;
    await publishAll(bus, INSTRUMENTS, upTo(10));
    await t.until(() => recorder.done.length === 60, 'all events');
    assert.deepEqual(overlaps, [], 'two of one key at once');
    assert.equal(recorder.most, 4);
    for (const each of INSTRUMENTS) assert.deepEqual(recorder.numbersOf(each), upTo(10), each);
  }),
  busCase('goes by the key of a publication before that of its type', async ({ bus }, t) => {
    const gate = new Gate();
    const recorder = new Recorder(() => gate.opened);
    await bus.subscribe('keyed', '*', recorder.handler, { concurrency: 4 }).ready;
    await bus.publish(tickSeen, { instrument: 'A', n: 1 }, { key: 'x' });
    await bus.publish(tickSeen, { instrument: 'B', n: 2 }, { key: 'x' });
    await bus.publish(tickSeen, { instrument: 'A', n: 3 }, { key: 'y' });
    await t.until(() => recorder.running === 2, 'both keys');
    await t.quiet();
    assert.deepEqual(recorder.numbers, [1, 3]);
    gate.open();
    await t.until(() => recorder.done.length === 3, 'all events');
  }),
  busCase('takes no more than it may have in flight', async ({ bus }, t) => {
    const gate = new Gate();
    const recorder = new Recorder(() => gate.opened);
    await bus.subscribe('slow', '*', recorder.handler, { maxInFlight: 3 }).ready;
    await publishAll(bus, ['A'], upTo(20));
    await t.until(() => recorder.running === 1, 'the first event');
    await t.quiet();
    const status = await statusOf(bus, 'slow');
    assert.ok(status !== undefined && status.pending >= 1 && status.pending <= 3, JSON.stringify(status));
    if (status.lag !== undefined) assert.equal(status.lag + status.pending, 20);
    gate.open();
    await t.until(() => recorder.done.length === 20, 'all events');
    assert.deepEqual(recorder.numbers, upTo(20));
  }),
  busCase('refuses to subscribe with what makes no sense, by name', ({ bus }) => {
    const { handler } = new Recorder();
    const wrong = { code: 'OPTION_INVALID' };
    assert.throws(() => bus.subscribe('No Group', '*', handler), wrong);
    assert.throws(() => bus.subscribe('', '*', handler), wrong);
    assert.throws(() => bus.subscribe('readers', [], handler), wrong);
    assert.throws(() => bus.subscribe('readers', [lookAlike], handler), wrong);
    assert.throws(() => bus.subscribe('readers', '*', handler, { maxAttempts: 0 }), wrong);
    assert.throws(() => bus.subscribe('readers', '*', handler, { concurrency: Number.NaN }), wrong);
    assert.throws(() => bus.subscribe('readers', '*', handler, { ...SOON, wait: 1 } as never), wrong);
    assert.throws(() => bus.replay([lookAlike], handler, { from: 'beginning' }), wrong);
    return Promise.resolve();
  }),
];
