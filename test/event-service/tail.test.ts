import { describe, expect, test } from 'vitest';
import { ALERTED, type FakeBus, PRICED } from './support/fake-bus.ts';
import { sentEvents } from './support/sse.ts';
import { START, eventWorld, problemOf } from './support/world.ts';

const price = (bus: FakeBus, symbol: string) => bus.publish(PRICED, { symbol, price: '1' });
const alert = (bus: FakeBus, text: string) => bus.publish(ALERTED, { text });

/** Two prices around an alert. */
async function withHistory() {
  const world = await eventWorld();
  await price(world.bus, 'BTC');
  world.clock.advance(1_000);
  await alert(world.bus, 'hot');
  world.clock.advance(1_000);
  await price(world.bus, 'ETH');
  return world;
}

describe('GET /v1/events?until=now', () => {
  test('is all that is there as Server-Sent Events, then the end', async () => {
    const { ask } = await withHistory();
    const answer = await ask('/v1/events?until=now');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(sentEvents(answer.body)).toEqual([
      {
        event: 'market.priced',
        id: '@=0;market=1',
        data: expect.objectContaining({ id: 'e1', subject: 'BTC' }) as unknown,
      },
      {
        event: 'risk.alerted',
        id: 'market=1;risk=1',
        data: expect.objectContaining({ id: 'e2' }) as unknown,
      },
      {
        event: 'market.priced',
        id: 'market=2;risk=1',
        data: expect.objectContaining({ id: 'e3' }) as unknown,
      },
      { event: '$end', id: undefined, data: { because: 'complete', events: 3 } },
    ]);
  });

  test('as lines of JSON has one CloudEvent on each, and nothing else', async () => {
    const { ask } = await withHistory();
    const answer = await ask({
      url: '/v1/events?until=now&topic=market',
      headers: { accept: 'application/x-ndjson' },
    });
    expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const lines = answer.body.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        ...{ specversion: '1.0', id: 'e1', source: '/test', type: 'market.priced', dataversion: 2 },
        ...{ time: '2026-01-02T12:00:00.000Z', subject: 'BTC', data: { symbol: 'BTC', price: '1' } },
        position: '1',
      },
      expect.objectContaining({ id: 'e3', position: '2' }),
    ]);
  });

  test.each([
    ['types=risk.alerted', ['e2']],
    ['types=risk.alerted,market.priced', ['e1', 'e2', 'e3']],
    ['types=risk.alerted&types=market.priced', ['e1', 'e2', 'e3']],
    ['topic=market', ['e1', 'e3']],
    ['subject=ETH', ['e3']],
    ['subject=nobody', []],
    ['from=beginning', ['e1', 'e2', 'e3']],
    ['from=new', []],
    ['topic=market&from=1', ['e3']],
    ['from=%40%3D0%3Bmarket%3D1', ['e2', 'e3']],
    ['since=2026-01-02T12:00:01Z', ['e2', 'e3']],
    ['since=2026-01-02T13:00:01.001%2B01:00', ['e3']],
  ])('?%s gives %j', async (query, ids) => {
    const { ask, clock } = await withHistory();
    clock.advance(1);
    const sent = sentEvents((await ask(`/v1/events?until=now&${query}`)).body);
    expect(sent.slice(0, -1).map(({ data }) => (data as { id: string }).id)).toEqual(ids);
    expect(sent.at(-1)).toEqual({
      event: '$end',
      id: undefined,
      data: { because: 'complete', events: ids.length },
    });
  });

  test('in one topic the id of an event is its position', async () => {
    const { ask } = await withHistory();
    const sent = sentEvents((await ask('/v1/events?until=now&topic=market')).body);
    expect(sent.map(({ id }) => id)).toEqual(['1', '2', undefined]);
  });

  test('goes on behind the Last-Event-ID, whatever else it says', async () => {
    const { ask } = await withHistory();
    const url = '/v1/events?until=now&from=beginning';
    const answer = await ask({ url, headers: { 'last-event-id': 'market=1;risk=1' } });
    expect(sentEvents(answer.body).map(({ id }) => id)).toEqual(['market=2;risk=1', undefined]);
  });

  test('an event between two of them that the filter leaves out moves the place on', async () => {
    const { ask, bus } = await withHistory();
    await price(bus, 'BTC');
    const sent = sentEvents((await ask('/v1/events?until=now&topic=market&subject=BTC')).body);
    expect(sent.map(({ id }) => id)).toEqual(['1', '3', undefined]);
  });

  test('is a replay: it joins no group', async () => {
    const { ask, bus } = await withHistory();
    await ask('/v1/events?until=now');
    expect(bus.replays.map(({ types, options }) => [types, options.from, options.follow])).toEqual([
      [['market.priced', 'risk.alerted'], 'beginning', false],
    ]);
  });
});

describe('what a tail is asked for', () => {
  test.each([
    [
      'types=market.prized',
      'types',
      'unknown type market.prized, expected some of market.priced, risk.alerted',
    ],
    ['topic=order', 'topic', 'unknown topic order, expected one of market, risk'],
    ['topic=risk&types=market.priced', 'types', 'expected types of the topic'],
    ['from=7', 'from', '7 is a position in one topic, and there are 2: add topic'],
    ['from=%40%3Dx', 'from', '@=x is no position'],
    ['from=market%3D', 'from', 'market= is no position'],
    ['from=market%3D%25', 'from', 'market=% is no position'],
    ['from=new&since=2026-01-02T12:00:01Z', 'since', 'expected from or since, not both'],
  ])('?%s is 400 and says why', async (query, at, message) => {
    const { ask, bus } = await eventWorld();
    expect(problemOf(await ask(`/v1/events?until=now&${query}`))).toEqual({
      ...{ type: 'application/problem+json', status: 400, detail: 'the request does not fit its schema' },
      issues: [{ at: `querystring/${at}`, message }],
    });
    expect(bus.replays).toEqual([]);
  });

  test.each(['until=tomorrow', 'since=yesterday', 'form=new', 'topic='])('?%s is 400', async (query) => {
    const { ask } = await eventWorld();
    expect((await ask(`/v1/events?until=now&${query}`)).status).toBe(400);
  });

  test('a position that the bus does not take is 400, and no reader is left', async () => {
    const { ask, metric } = await eventWorld();
    const answer = await ask('/v1/events?until=now&topic=market&from=abc');
    expect(problemOf(answer)).toMatchObject({ status: 400, detail: 'replay: from: abc is no position' });
    expect(await metric('trading_event_tails')).toEqual([]);
  });

  test('a bus that is closed is 503', async () => {
    const { ask, bus } = await eventWorld();
    bus.isClosed = true;
    expect(problemOf(await ask('/v1/events?until=now'))).toMatchObject({
      status: 503,
      detail: 'BUS_CLOSED: the bus is closed',
    });
  });

  test('lines of JSON have an end: without until=now 406', async () => {
    const { ask } = await eventWorld();
    const answer = await ask({ url: '/v1/events', headers: { accept: 'application/x-ndjson' } });
    expect(answer.status).toBe(406);
  });

  test('HEAD opens no tail', async () => {
    const { ask, bus } = await eventWorld();
    expect((await ask({ method: 'HEAD', url: '/v1/events' })).status).toBe(404);
    expect(bus.replays).toEqual([]);
  });
});

describe('GET /v1/events, which goes on', () => {
  /** Waits until so many replays are at work, then ends the service, which ends the answers. */
  const ended = async (world: Awaited<ReturnType<typeof eventWorld>>, replays = 1): Promise<void> => {
    await expect.poll(() => world.bus.replays.length).toBe(replays);
    await world.clock.turn();
    await world.service.stop();
  };

  test('begins with what is published from now on, and says so when the service ends', async () => {
    const world = await withHistory();
    world.clock.advance(1);
    const answer = world.ask('/v1/events');
    await expect.poll(() => world.bus.replays.length).toBe(1);
    await price(world.bus, 'XRP');
    await ended(world);
    expect(sentEvents((await answer).body)).toEqual([
      {
        event: 'market.priced',
        id: `@=${START + 2_001};market=3`,
        data: expect.anything() as unknown,
      },
      { event: '$end', id: undefined, data: { because: 'stopping', events: 1 } },
    ]);
    expect(world.bus.replays.map(({ stopped, options }) => [stopped, options.follow, options.from])).toEqual([
      [true, true, 'new'],
    ]);
    expect(world.bus.isClosed).toBe(true);
    expect(await world.metric('trading_event_tails')).toEqual([
      'trading_event_tails_ended_total{because="stopping"} 1',
    ]);
  });

  test('resumes each topic where it was, and from the time it began where it had none', async () => {
    const world = await withHistory();
    const answer = world.ask({ url: '/v1/events', headers: { 'last-event-id': `@=${START};market=1` } });
    await ended(world, 2);
    expect(world.bus.replays.map(({ types, options }) => [types, options.from])).toEqual([
      [['risk.alerted'], { timeMs: START }],
      [['market.priced'], { topic: 'market', position: '1' }],
    ]);
    const ids = sentEvents((await answer).body).map(({ data }) => (data as { id?: string }).id);
    expect(ids.toSorted()).toEqual(['e2', 'e3', undefined]);
  });

  test.each([
    ['', `@=${START + 2_000}`],
    ['?from=beginning', '@=0'],
    ['?topic=market&from=1', '1'],
    ['?from=%40%3D5%3Bmarket%3D1', '@=5;market=1'],
  ])('%s says where it stands before its first event', async (query, id) => {
    const world = await withHistory();
    const answer = world.ask(`/v1/events${query}`);
    await expect.poll(() => world.bus.replays.length).toBeGreaterThan(0);
    await world.clock.turn();
    await world.service.stop();
    expect((await answer).body.startsWith(`retry: 2000\nid: ${id}\n\n`)).toBe(true);
  });

  test('says nothing until it has its place', async () => {
    const world = await eventWorld();
    const place = Promise.withResolvers<undefined>();
    const original = world.bus.replay.bind(world.bus);
    world.bus.replay = (types, handler, options) => ({
      ...original(types, handler, options),
      ready: place.promise.then(() => undefined),
    });
    const answer = world.ask('/v1/events');
    await expect.poll(() => world.bus.replays.length).toBe(1);
    world.clock.advance(15_000);
    place.resolve(undefined);
    await ended(world);
    expect((await answer).body).toMatch(/^:\n\nretry: 2000\nid: /);
  });

  test('says something now and then while nothing happens', async () => {
    const world = await eventWorld({ events: { heartbeatMs: 1_000 } });
    const answer = world.ask('/v1/events');
    await expect.poll(() => world.bus.replays.length).toBe(1);
    world.clock.advance(999);
    world.clock.advance(1_001);
    await ended(world);
    expect((await answer).body).toBe(
      `retry: 2000\nid: @=${START}\n\n:\n\n:\n\nevent: $end\ndata: {"because":"stopping","events":0}\n\n`,
    );
  });

  test('has room for so many readers', async () => {
    const world = await eventWorld({ events: { maxTails: 1 } });
    const first = world.ask('/v1/events');
    await expect.poll(() => world.bus.replays.length).toBe(1);
    const second = await world.ask('/v1/events');
    expect(problemOf(second)).toMatchObject({ status: 503, detail: '1 readers are here already' });
    expect(await world.metric('trading_event_tails ')).toEqual(['trading_event_tails 1']);
    await ended(world);
    expect((await first).status).toBe(200);
  });

  test('that the bus ends by itself is cut, and tells the log why', async () => {
    const world = await eventWorld();
    const answer = world.ask('/v1/events');
    await expect.poll(() => world.bus.replays.length).toBe(1);
    for (let turn = 0; turn < 5; turn += 1) await world.clock.turn();
    world.bus.replays[0]?.fail(new Error('the server is gone'));
    await expect(answer).rejects.toThrow();
    await expect
      .poll(() => world.metric('trading_event_tails'))
      .toEqual(['trading_event_tails_ended_total{because="failed"} 1']);
    expect(world.lines).toContain('error tail failed');
  });
});

test('a replay that the end of the service cuts short does not look whole', async () => {
  const world = await withHistory();
  // The bus never gets to the end of it.
  world.bus.publish = () => Promise.reject(new Error('not asked'));
  const original = world.bus.replay.bind(world.bus);
  world.bus.replay = (types, handler, options) => original(types, handler, { ...options, follow: true });
  const answer = world.ask({ url: '/v1/events?until=now', headers: { accept: 'application/x-ndjson' } });
  await expect.poll(() => world.bus.replays.length).toBe(1);
  await world.service.stop();
  await expect(answer).rejects.toThrow();
});
