import { describe, expect, test } from 'vitest';
import { PortcullisError } from '../../src/core/index.ts';
import type { PublishReceipt } from '../../src/events/index.ts';
import { cloudEvent, eventWorld, problemOf } from './support/world.ts';

const PROBLEM = 'application/problem+json';

describe('POST /v1/events', () => {
  test.each([
    'application/cloudevents+json',
    'application/json',
    'application/cloudevents+json; charset=utf-8',
  ])('takes one event as %s, with all that it says of itself', async (type) => {
    const { post, bus } = await eventWorld();
    const event = cloudEvent({ subject: 'BTC', partitionkey: 'k', correlationid: 'c7', comexample: 'x' });
    const answer = await post(JSON.stringify(event), type);
    expect([answer.status, answer.json()]).toEqual([
      200,
      { receipts: [{ outcome: 'published', id: 'a1', position: '1' }] },
    ]);
    const atMs = Date.parse('2026-01-02T11:59:59.250Z');
    const options = { id: 'a1', source: '/feed', atMs, subject: 'BTC', key: 'k', correlationId: 'c7' };
    expect(bus.published).toEqual([
      { type: 'market.priced', data: { symbol: 'BTC-USD', price: '50000.5' }, options },
    ]);
  });

  test('an event without a time has happened now', async () => {
    const { post, bus, clock } = await eventWorld();
    await post(cloudEvent({ time: undefined }));
    expect(bus.published[0]?.options.atMs).toBe(clock.nowMs());
  });

  test('the same id and source again is a duplicate', async () => {
    const { post } = await eventWorld();
    await post(cloudEvent());
    expect((await post(cloudEvent())).json()).toEqual({ receipts: [{ outcome: 'duplicate', id: 'a1' }] });
  });

  test.each(['application/cloudevents-batch+json', 'application/json'])(
    'takes a batch in order as %s',
    async (type) => {
      const { post, bus } = await eventWorld();
      const events = [1, 2, 3].map((n) => cloudEvent({ id: `b${n}` }));
      const answer = await post(JSON.stringify(events), type);
      expect(answer.json()).toEqual({
        receipts: [1, 2, 3].map((n) => ({ outcome: 'published', id: `b${n}`, position: String(n) })),
      });
      expect(bus.published.map(({ options }) => options.id)).toEqual(['b1', 'b2', 'b3']);
    },
  );

  test.each([
    [1_000, 200],
    [1_001, 400],
    [0, 400],
  ])('a batch of %i is %i', async (length, status) => {
    const { post } = await eventWorld();
    const events = Array.from({ length }, (_, at) => cloudEvent({ id: `b${at}` }));
    expect((await post(events)).status).toBe(status);
  });

  test('an event of an older version is brought up to the present one', async () => {
    const { post, bus } = await eventWorld();
    await post(cloudEvent({ dataversion: undefined, data: { symbol: 'X', price: 5 } }));
    expect(bus.published[0]?.data).toEqual({ symbol: 'X', price: '5' });
  });

  test('an unknown type is refused with those that are known, and nothing of the batch goes out', async () => {
    const { post, bus } = await eventWorld();
    const answer = await post([cloudEvent(), cloudEvent({ id: 'a2', type: 'market.prized' })]);
    expect(problemOf(answer)).toEqual({
      ...{ type: PROBLEM, status: 422, detail: 'the catalogue of the bus does not take it' },
      issues: [
        {
          at: 'body/1/type',
          message: 'unknown type market.prized, expected one of market.priced, risk.alerted',
        },
      ],
    });
    expect(bus.published).toEqual([]);
  });

  test('an unknown version is refused with those that are known', async () => {
    const { post } = await eventWorld();
    expect(problemOf(await post(cloudEvent({ dataversion: 3 })))).toMatchObject({
      status: 422,
      issues: [
        { at: 'body/0/dataversion', message: 'unknown version 3 of market.priced, expected one of 1, 2' },
      ],
    });
  });

  test('data off its schema is refused with what is wrong', async () => {
    const { post } = await eventWorld();
    const { status, issues } = problemOf(await post(cloudEvent({ data: { symbol: 'X', price: 5 } })));
    expect([status, issues?.[0]?.at, issues?.[0]?.message]).toEqual([
      422,
      'body/0/data',
      expect.stringContaining('price: '),
    ]);
  });

  test.each([
    [{ specversion: '0.3' }],
    [{ id: 'with blank' }],
    [{ id: 'x'.repeat(129) }],
    [{ source: '' }],
    [{ time: 'yesterday' }],
    [{ datacontenttype: 'text/xml' }],
    [{ data: undefined }],
    [{ subject: '' }],
    [{ dataversion: 0 }],
  ])('%j does not fit the envelope: 400', async (overrides) => {
    const { post, bus } = await eventWorld();
    expect(problemOf(await post(cloudEvent(overrides)))).toMatchObject({ type: PROBLEM, status: 400 });
    expect(bus.published).toEqual([]);
  });

  test.each([
    ['{"specversion":', 'application/cloudevents+json', 400],
    ['{"__proto__":{"x":1}}', 'application/cloudevents+json', 400],
    ['<event/>', 'application/xml', 415],
  ])('%s as %s is %i', async (payload, type, status) => {
    const { post } = await eventWorld();
    expect(problemOf(await post(payload, type))).toMatchObject({ type: PROBLEM, status });
  });

  test('content said to be JSON is JSON', async () => {
    const { post } = await eventWorld();
    expect((await post(cloudEvent({ datacontenttype: 'application/json; charset=utf-8' }))).status).toBe(200);
  });
});

describe('a bus that does not take it', () => {
  const unavailable = (): Promise<PublishReceipt> =>
    Promise.reject(new PortcullisError('BUS_UNAVAILABLE', 'the disk is full'));
  const dropped = ({ id = '' }): PublishReceipt => ({ outcome: 'dropped', id });

  test.each([
    ['refuses', unavailable, 'the disk is full'],
    ['gives up', dropped, 'given up: the bus is full'],
  ])('%s: 503, and says which', async (_, refuse, message) => {
    const { post, bus } = await eventWorld();
    bus.answer = (event) =>
      event.id === 'b2' ? refuse({ id: 'b2' }) : { outcome: 'published', id: event.id ?? '', position: '1' };
    const answer = await post([cloudEvent({ id: 'b1' }), cloudEvent({ id: 'b2' })]);
    expect(problemOf(answer)).toEqual({
      ...{ type: PROBLEM, status: 503, detail: 'the bus has not taken all of it' },
      issues: [{ at: 'body/1', message }],
    });
    expect(answer.headers['retry-after']).toBe('1');
  });

  test('is not waited for without end: 503 at the time limit', async () => {
    const { post, bus, clock } = await eventWorld({ events: { publishTimeoutMs: 2_000 } });
    bus.answer = () => new Promise(() => undefined);
    const answer = post(cloudEvent());
    await expect.poll(() => bus.published.length).toBe(1);
    clock.advance(1_999);
    await clock.turn();
    clock.advance(1);
    expect(problemOf(await answer)).toMatchObject({
      status: 503,
      detail: 'the bus has not taken all of it within 2000 ms',
    });
  });

  test('an event that waits on disk is taken', async () => {
    const { post, bus } = await eventWorld();
    bus.answer = () => ({ outcome: 'spilled', id: 'a1' });
    const answer = await post(cloudEvent());
    expect([answer.status, answer.json()]).toEqual([200, { receipts: [{ outcome: 'spilled', id: 'a1' }] }]);
  });

  test('a fault of this process is 500, and says nothing', async () => {
    const { post, bus } = await eventWorld();
    bus.answer = () => Promise.reject(new Error('secret'));
    const answer = await post(cloudEvent());
    expect([answer.status, answer.body.includes('secret')]).toEqual([500, false]);
  });
});
