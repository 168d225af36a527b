import assert from 'node:assert/strict';
import { correlation } from '../../telemetry/correlation.ts';
import { traceParentOf } from '../../telemetry/trace-context.ts';
import { traceHeaders } from '../../telemetry/tracing-scope.ts';
import { Tracing } from '../../telemetry/tracing.ts';
import { lookAlike, tickSeen } from './contract-events.ts';
import { Recorder, busCase, upTo } from './recorder.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What `publish` checks, makes and answers. */
export const publishCases = [
  busCase('says where it has put an event, and gives it to a group with that place', async ({ bus }, t) => {
    const { handler, attempts } = new Recorder();
    await bus.subscribe('readers', [tickSeen], handler).ready;
    const receipt = await bus.publish(tickSeen, { instrument: 'A', n: 1 });
    assert.equal(receipt.outcome, 'published');
    assert.ok(receipt.position.length > 0);
    await t.until(() => attempts.length > 0, 'the event');
    const [{ event, delivery } = assert.fail()] = attempts;
    const { group, topic, position, attempt, signal } = delivery;
    assert.deepEqual(
      { id: event.id, data: event.data, group, topic, position, attempt, aborted: signal.aborted },
      {
        id: receipt.id,
        data: { instrument: 'A', n: 1 },
        ...{ group: 'readers', topic: 'tick', position: receipt.position, attempt: 1, aborted: false },
      },
    );
  }),
  busCase(
    'refuses data off its schema by field, value and expectation, and delivers nothing',
    async ({ bus }, t) => {
      const { handler, attempts } = new Recorder();
      await bus.subscribe('readers', '*', handler).ready;
      await assert.rejects(bus.publish(tickSeen, { instrument: 'A', n: -7 }), (error: Error) => {
        assert.equal((error as { code?: unknown }).code, 'INPUT_INVALID');
        assert.match(error.message, /tick\.seen.*\bn\b.*>=\s?0.*-7/s);
        return true;
      });
      await assert.rejects(bus.publish(tickSeen, { instrument: '', n: Number.NaN }), {
        code: 'INPUT_INVALID',
      });
      await bus.publish(tickSeen, { instrument: 'A', n: 1 });
      await t.until(() => attempts.length > 0, 'the event that follows its schema');
      assert.deepEqual(
        attempts.map(({ event }) => event.data.n),
        [1],
      );
    },
  ),
  busCase('refuses a type that only has the name of one that it knows', async ({ bus }) => {
    await assert.rejects(bus.publish(lookAlike, { instrument: 'A', n: 1 }), { code: 'OPTION_INVALID' });
  }),
  busCase('refuses an id with blanks, an empty key, a time that is none', async ({ bus }) => {
    const data = { instrument: 'A', n: 1 };
    for (const wrong of [{ id: 'a b' }, { key: '' }, { atMs: Number.NaN }, { source: 'x'.repeat(129) }]) {
      await assert.rejects(bus.publish(tickSeen, data, wrong), { code: 'INPUT_INVALID' });
    }
  }),
  busCase('takes the data as it is within the call', async ({ bus }, t) => {
    const { handler, attempts } = new Recorder();
    await bus.subscribe('readers', [tickSeen], handler).ready;
    const data = { instrument: 'A', n: 1, note: 'as published' };
    const receipt = bus.publish(tickSeen, data);
    data.n = 2;
    data.note = 'changed later';
    await receipt;
    await t.until(() => attempts.length > 0, 'the event');
    assert.deepEqual(attempts[0]?.event.data, { instrument: 'A', n: 1, note: 'as published' });
  }),
  busCase('takes events in the order of calls, none of them awaited', async ({ bus }, t) => {
    const recorder = new Recorder();
    await bus.subscribe('readers', [tickSeen], recorder.handler).ready;
    const receipts = await Promise.all(upTo(100).map((n) => bus.publish(tickSeen, { instrument: 'A', n })));
    await t.until(() => recorder.done.length >= 100, 'a hundred events');
    assert.deepEqual(recorder.numbers, upTo(100));
    assert.equal(new Set(receipts.map(({ id }) => id)).size, 100);
  }),
  busCase('makes an event of CloudEvents 1.0', async ({ bus, readRaw }, t) => {
    const { handler, attempts } = new Recorder();
    await bus.subscribe('readers', [tickSeen], handler).ready;
    const data = { instrument: 'A', n: 1 };
    await bus.publish(tickSeen, data, { atMs: Date.UTC(2026, 10, 21, 12, 30, 0, 7), key: 'book-1' });
    await bus.publish(tickSeen, data, { id: 'mine', source: '/desk/paper', subject: 'B' });
    await t.until(() => attempts.length === 2, 'both events');
    const [first, second] = attempts.map(({ event }) => event);
    assert.ok(first !== undefined && second !== undefined);
    const common = { specversion: '1.0', type: 'tick.seen', dataversion: 1, data };
    assert.deepEqual(JSON.parse(JSON.stringify(first)), {
      ...{ ...common, id: first.id, source: '/contract', time: '2026-11-21T12:30:00.007Z' },
      ...{ subject: 'A', partitionkey: 'book-1' },
    });
    assert.match(second.time, RFC_3339);
    assert.ok(Math.abs(Date.parse(second.time) - t.nowMs()) < 60_000);
    const { partitionkey, ...rest } = JSON.parse(JSON.stringify(second)) as Record<string, unknown>;
    assert.deepEqual(rest, { ...common, id: 'mine', source: '/desk/paper', subject: 'B', time: second.time });
    assert.equal(partitionkey, 'A'); // the key that the type gives, since the subject is another
    const raw = (await readRaw?.('tick'))?.map((text): unknown => JSON.parse(text));
    if (raw !== undefined) assert.deepEqual(raw, JSON.parse(JSON.stringify([first, second])));
  }),
  busCase('carries the correlation id and the trace to the handler', async ({ bus }, t) => {
    const seen: unknown[] = [];
    const recorder = new Recorder(({ event }) => {
      seen.push([event.correlationid, correlation.id(), event.traceparent, traceHeaders().traceparent]);
    });
    await bus.subscribe('readers', [tickSeen], recorder.handler).ready;
    const parent = traceParentOf({ traceparent: TRACEPARENT });
    await new Tracing().span('test', { parent, correlationId: 'request-7' }, () =>
      bus.publish(tickSeen, { instrument: 'A', n: 1 }),
    );
    await bus.publish(tickSeen, { instrument: 'A', n: 2 }, { correlationId: 'request-8' });
    await bus.publish(tickSeen, { instrument: 'A', n: 3 });
    await t.until(() => recorder.done.length === 3, 'three events');
    assert.deepEqual(seen, [
      ['request-7', 'request-7', TRACEPARENT, TRACEPARENT],
      ['request-8', 'request-8', undefined, undefined],
      [undefined, undefined, undefined, undefined],
    ]);
  }),
  busCase('takes an id of one source once', async ({ bus }, t) => {
    const recorder = new Recorder();
    await bus.subscribe('readers', [tickSeen], recorder.handler).ready;
    const publish = (n: number, id: string, source?: string) =>
      bus.publish(tickSeen, { instrument: 'A', n }, { id, source });
    const receipts = await Promise.all([
      publish(1, 'one'),
      publish(1, 'one'),
      publish(2, 'one', '/elsewhere'),
      publish(3, 'two'),
    ]);
    receipts.push(await publish(1, 'one'), await publish(4, 'three'));
    assert.deepEqual(
      receipts.map(({ outcome, id }) => `${outcome} ${id}`),
      [
        'published one',
        'duplicate one',
        'published one',
        'published two',
        'duplicate one',
        'published three',
      ],
    );
    await t.until(() => recorder.numbers.includes(4), 'the last event');
    assert.deepEqual(recorder.numbers, [1, 2, 3, 4]);
  }),
  busCase('knows the ids that it took before it was opened anew', async ({ bus, reopen, crash }) => {
    if (reopen === undefined || crash === undefined) return;
    const data = { instrument: 'A', n: 1 };
    await bus.publish(tickSeen, data, { id: 'one' });
    const reopened = await reopen();
    assert.deepEqual(await reopened.publish(tickSeen, data, { id: 'one' }), {
      outcome: 'duplicate',
      id: 'one',
    });
    assert.equal((await reopened.publish(tickSeen, data, { id: 'two' })).outcome, 'published');
    const after = await crash();
    assert.deepEqual(await after.publish(tickSeen, data, { id: 'two' }), { outcome: 'duplicate', id: 'two' });
  }),
  busCase('carries text of every kind', async ({ bus }, t) => {
    const recorder = new Recorder();
    await bus.subscribe('readers', [tickSeen], recorder.handler).ready;
    const notes = [
      'line\nfeed\r\u2028',
      'nul\0',
      '\ud83d\udcb0 \u00e9 \ufeff',
      '',
      '{"a":"\\"}',
      'x'.repeat(100_000),
    ];
    for (const [n, note] of notes.entries()) await bus.publish(tickSeen, { instrument: 'A', n, note });
    await t.until(() => recorder.done.length === notes.length, 'every note');
    assert.deepEqual(
      recorder.attempts.map(({ event }) => (event.data as { note?: string }).note),
      notes,
    );
  }),
];
