import assert from 'node:assert/strict';
import { deadLetter } from '../../events/dead-letter.ts';
import { fillBooked, tickSeen } from './contract-events.ts';
import { type Attempt, Gate, Recorder, SOON, busCase, lettersOf } from './recorder.ts';

const failingUntil = (attempts: number) => (attempt: Attempt) => {
  if (attempt.delivery.attempt < attempts) throw new Error(`attempt ${attempt.delivery.attempt}`);
};

/** What becomes of an event that a handler does not take. */
export const retryCases = [
  busCase('delivers again what a handler has thrown on', async ({ bus }, t) => {
    const thrower = (event: { data: { n: number } }, delivery: { attempt: number; position: string }) => {
      seen.push([event.data.n, delivery.attempt, delivery.position]);
      if (delivery.attempt === 1 && event.data.n === 1) throw new Error('at first');
    };
    const seen: unknown[] = [];
    await bus.subscribe('readers', [tickSeen], thrower, SOON).ready;
    const first = await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    const second = await bus.publish(tickSeen, { instrument: 'A', n: 2 });
    assert.ok(first.outcome === 'published' && second.outcome === 'published');
    await t.until(() => seen.length >= 3, 'the second attempt and the next event');
    assert.deepEqual(seen, [
      [1, 1, first.position],
      [1, 2, first.position],
      [2, 1, second.position],
    ]);
  }),
  busCase('delivers again what a handler has rejected, and counts the attempts', async ({ bus }, t) => {
    const recorder = new Recorder(failingUntil(4));
    const other = new Recorder();
    await bus.subscribe('failing', '*', recorder.handler, SOON).ready;
    await bus.subscribe('other', '*', other.handler, SOON).ready;
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    await t.until(() => recorder.done.length === 1, 'the fourth attempt');
    await t.until(() => other.done.length === 1, 'the other group');
    assert.deepEqual(
      recorder.attempts.map(({ delivery }) => delivery.attempt),
      [1, 2, 3, 4],
    );
    assert.deepEqual(other.numbers, [1]); // the failures of one group are not the other's
    assert.deepEqual(await lettersOf(bus, 'failing'), []);
  }),
  busCase('lets a key wait while other keys go on, even one at a time', async ({ bus }, t) => {
    const gate = new Gate();
    let isMended = false;
    const recorder = new Recorder(({ event: { data } }) => {
      if (data.instrument === 'bad' && !isMended) throw new Error('not yet');
    });
    await bus.subscribe('readers', '*', recorder.handler, { ...SOON, maxAttempts: 1_000 }).ready;
    for (const n of [1, 2]) await bus.publish(tickSeen, { instrument: 'bad', n });
    for (const n of [1, 2, 3]) await bus.publish(tickSeen, { instrument: 'good', n });
    await t.until(() => recorder.done.length === 3, 'the other key');
    assert.deepEqual(recorder.done, ['good 1', 'good 2', 'good 3']);
    assert.ok(recorder.numbersOf('bad').every((n) => n === 1));
    isMended = true;
    gate.open();
    await t.until(() => recorder.done.length === 5, 'the key that failed');
    assert.deepEqual(recorder.done.slice(3), ['bad 1', 'bad 2']);
  }),
  busCase('gives an event up after as many attempts as it may take', async ({ bus }, t) => {
    const recorder = new Recorder(({ event }) => {
      if (event.data.n === 1) throw new Error('no such book');
    });
    await bus.subscribe('readers', '*', recorder.handler, { ...SOON, maxAttempts: 3 }).ready;
    const receipt = await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    assert.ok(receipt.outcome === 'published');
    await bus.publish(tickSeen, { instrument: 'A', n: 2 });
    await t.until(() => recorder.done.length === 1, 'the next event of the key');
    assert.deepEqual(recorder.numbers, [1, 1, 1, 2]);
    assert.deepEqual(
      recorder.attempts.map(({ delivery }) => delivery.attempt),
      [1, 2, 3, 1],
    );
    const [letter, ...more] = await lettersOf(bus, 'readers');
    assert.ok(letter !== undefined && more.length === 0);
    const { letterId, atMs, detail, text, ...rest } = letter;
    assert.deepEqual(rest, {
      ...{ group: 'readers', topic: 'tick', position: receipt.position },
      ...{ reason: 'ATTEMPTS_EXHAUSTED', attempts: 3 },
    });
    assert.ok(letterId.length > 0);
    assert.match(detail, /no such book/);
    assert.ok(Math.abs(atMs - t.nowMs()) < 60_000);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(recorder.attempts[0]?.event)));
  }),
  busCase('gives an event up at once when the handler says so', async ({ bus }, t) => {
    const recorder = new Recorder(({ event }) =>
      event.data.n === 1 ? deadLetter('an instrument of the past') : undefined,
    );
    await bus.subscribe('readers', '*', recorder.handler, SOON).ready;
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    await bus.publish(tickSeen, { instrument: 'A', n: 2 });
    await t.until(() => recorder.done.length === 2, 'the next event of the key');
    assert.deepEqual(recorder.numbers, [1, 2]);
    const letters = await lettersOf(bus, 'readers');
    assert.deepEqual(
      letters.map(({ reason, detail, attempts }) => ({ reason, detail, attempts })),
      [{ reason: 'REFUSED', detail: 'an instrument of the past', attempts: 1 }],
    );
  }),
  busCase('does not let a poisonous event hold up other keys and topics', async ({ bus }, t) => {
    const recorder = new Recorder(({ event }) => {
      if (event.data.instrument === 'poison') throw new Error('poison');
    });
    const options = { ...SOON, maxAttempts: 2 };
    await bus.subscribe('readers', '*', recorder.handler, options).ready;
    for (let n = 1; n <= 20; n++) await bus.publish(tickSeen, { instrument: 'poison', n });
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    await bus.publish(fillBooked, { instrument: 'B', n: 1 });
    await t.until(() => recorder.done.length === 2, 'what is no poison');
    await t.until(async () => (await lettersOf(bus, 'readers')).length === 20, 'the dead letters');
    assert.equal(recorder.attempts.length, 42);
  }),
  busCase('aborts an attempt that takes too long, and counts it as failed', async ({ bus }, t) => {
    const recorder = new Recorder(({ event, delivery: { signal, attempt } }) =>
      event.data.n > 1 || attempt > 1
        ? undefined
        : new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('aborted'));
            });
          }),
    );
    await bus.subscribe('slow', '*', recorder.handler, { ...SOON, handlerTimeoutMs: 30 }).ready;
    await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    await bus.publish(tickSeen, { instrument: 'A', n: 2 });
    await t.until(() => recorder.done.length === 2, 'the second attempt');
    assert.deepEqual(recorder.numbers, [1, 1, 2]);
    assert.equal(recorder.attempts[0]?.delivery.signal.aborted, true);
    assert.equal(recorder.attempts[1]?.delivery.signal.aborted, false);
  }),
];
