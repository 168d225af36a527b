import { describe, expect, test } from 'vitest';
import { PortcullisError } from '../../src/core/index.ts';
import type { PublishReceipt } from '../../src/events/index.ts';
import { cloudEvent, eventWorld, problemOf } from './support/world.ts';

/** Lists in lists, so many. */
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

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
    [{ data: nested(65) }],
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

  test.each([2_500, 8_000, 200_000])('data of %i levels are 400, not a fault', async (levels) => {
    const { post, bus } = await eventWorld();
    const text = JSON.stringify(cloudEvent({ data: 0 })).replace(
      /"data":0/,
      `"data":${'['.repeat(levels)}${']'.repeat(levels)}`,
    );
    expect(problemOf(await post(text))).toMatchObject({ type: PROBLEM, status: 400 });
    expect(bus.published).toEqual([]);
  });

  test('data of 64 levels are for the catalogue to judge', async () => {
    const { post } = await eventWorld();
    expect((await post(cloudEvent({ data: nested(64) }))).status).toBe(422);
  });

  test.each([
    [{ sources: ['/feed', '/desk'] }, {}, 200],
    [{ sources: ['/desk'] }, {}, 403],
    [{ sources: [] }, {}, 403],
    [{ sources: ['/fee'] }, {}, 403],
    [{ types: ['market.priced'] }, {}, 200],
    [{ types: ['market'] }, {}, 403],
    [{ types: ['market.priced'] }, { type: 'market.prized' }, 403],
  ])('where %j may be published, %j is %i', async (publishable, overrides, status) => {
    const { post, bus } = await eventWorld({ events: { publishable } });
    const answer = await post([cloudEvent({ id: 'b1' }), cloudEvent({ id: 'b2', ...overrides })]);
    expect([answer.status, bus.published.length]).toEqual([status, status === 200 ? 2 : 0]);
  });

  test('says which may not be published, and in what', async () => {
    const { post } = await eventWorld({ events: { publishable: { sources: ['/desk'], types: [] } } });
    expect(problemOf(await post(cloudEvent()))).toMatchObject({
      detail: 'it may not be published here',
      issues: [
        { at: 'body/0/source', message: 'this source is not allowed' },
        { at: 'body/0/type', message: 'this type is not allowed' },
      ],
    });
  });

  test('content said to be JSON is JSON', async () => {
    const { post } = await eventWorld();
    expect((await post(cloudEvent({ datacontenttype: 'application/json; charset=utf-8' }))).status).toBe(200);
  });
});

describe('a bus that does not take it', () => {
  const unavailable = (): Promise<PublishReceipt> =>
    Promise.reject(new PortcullisError('BUS_UNAVAILABLE', 'no room in /var/lib'));
  const dropped = ({ id = '' }): PublishReceipt => ({ outcome: 'dropped', id });

  test.each([
    ['refuses', unavailable, 'BUS_UNAVAILABLE: the bus cannot do it now'],
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

  test('what is behind one of its key that was not taken is not tried; other keys are', async () => {
    const { post, bus } = await eventWorld();
    let isDown = true;
    const original = bus.answer;
    bus.answer = (event) => {
      if (isDown && event.id === 'b1') return unavailable();
      return { outcome: 'published', id: event.id ?? '', position: '1' };
    };
    const events = [
      cloudEvent({ id: 'b1' }),
      cloudEvent({ id: 'b2' }),
      cloudEvent({ id: 'c1', data: { symbol: 'ETH', price: '1' } }),
      cloudEvent({ id: 'c2', partitionkey: 'own' }),
      // Its key is that of the first, whatever it is about.
      cloudEvent({ id: 'b3', subject: 'own-subject' }),
    ];
    const answer = await post(events);
    expect([bus.published.map(({ options }) => options.id), problemOf(answer).issues]).toEqual([
      ['b1', 'c1', 'c2'],
      [
        { at: 'body/0', message: 'BUS_UNAVAILABLE: the bus cannot do it now' },
        { at: 'body/1', message: 'not tried: one of its key before it was not taken' },
        { at: 'body/4', message: 'not tried: one of its key before it was not taken' },
      ],
    ]);
    isDown = false;
    bus.answer = original;
    bus.published.length = 0;
    expect((await post(events)).status).toBe(200);
    expect(bus.published.map(({ options }) => options.id).filter((id) => id?.startsWith('b'))).toEqual([
      'b1',
      'b2',
      'b3',
    ]);
  });

  test('tells the log why, and whoever asks nothing of it', async () => {
    const { post, bus, lines } = await eventWorld();
    bus.answer = unavailable;
    expect((await post(cloudEvent())).body).not.toContain('/var/lib');
    expect(lines).toContain('warn events not published');
  });

  test('has so many events under way, those of requests that were given up included', async () => {
    const { post, bus, clock } = await eventWorld({
      events: { publishTimeoutMs: 2_000, maxPublishing: 1_000 },
    });
    let release = (_: PublishReceipt): void => undefined;
    bus.answer = () => new Promise((resolve) => (release = resolve));
    const given = post(Array.from({ length: 1_000 }, (_, at) => cloudEvent({ id: `b${at}` })));
    await expect.poll(() => bus.published.length).toBe(1);
    const full = { status: 503, detail: '1000 events wait for the bus already' };
    expect(problemOf(await post(cloudEvent()))).toMatchObject(full);
    clock.advance(2_000);
    expect((await given).status).toBe(503);
    expect(problemOf(await post(cloudEvent()))).toMatchObject(full);
    release({ outcome: 'published', id: 'b0', position: '1' });
    await clock.turn();
    bus.answer = undefined;
    expect((await post(cloudEvent())).status).toBe(200);
    // What nobody waited for any more was not tried.
    expect(bus.published.map(({ options }) => options.id)).toEqual(['b0', 'a1']);
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
