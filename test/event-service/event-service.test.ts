import { describe, expect, onTestFinished, test } from 'vitest';
import { system } from '../../src/core/index.ts';
import { eventRoutes, EventService } from '../../src/event-service/index.ts';
import { createService } from '../../src/service/index.ts';
import { FakeBus } from './support/fake-bus.ts';
import { BY_ANNA, BY_NOBODY, authenticator, cloudEvent, eventWorld } from './support/world.ts';

describe('EventService', () => {
  test('is ready while the bus is connected, and says why it is not', async () => {
    const { ask, bus, clock } = await eventWorld({ options: { healthCacheMs: 0 } });
    expect((await ask('/ready')).status).toBe(200);
    bus.state = { connected: false, waiting: 7, spilled: 7, dropped: 0, error: 'ECONNREFUSED' };
    for (let asked = 0; asked < 3; asked += 1) {
      clock.advance(1_000);
      await ask('/health');
    }
    expect((await ask('/ready')).status).toBe(503);
    expect((await ask('/health')).json()).toMatchObject({
      checks: { 'event-bus': { status: 'down', reason: 'ECONNREFUSED; 7 events wait' } },
    });
  });

  test('closes the bus at its end', async () => {
    const { service, bus } = await eventWorld();
    const { steps } = await service.stop();
    expect(steps).toContainEqual(expect.objectContaining({ name: 'close event-bus', outcome: 'done' }));
    expect(bus.isClosed).toBe(true);
  });

  test('opens the bus with what it has itself', async () => {
    const seen: EventService[] = [];
    const { service } = await eventWorld({
      ports: {
        openBus: async (opening) => {
          seen.push(opening);
          return new FakeBus();
        },
      },
    });
    expect(seen).toEqual([service]);
  });

  test('has no bus before it is open', () => {
    const service = new EventService({ name: 'events' }, { openBus: () => new FakeBus() });
    expect(() => service.bus).toThrow(expect.objectContaining({ code: 'SERVICE_STOPPED' }));
  });

  test('documents what it serves', async () => {
    const { ask } = await eventWorld();
    const { paths } = (await ask('/openapi.json')).json() as {
      readonly paths: Record<
        string,
        Record<string, { readonly responses: Record<string, { content?: object }> }>
      >;
    };
    expect(Object.entries(paths).map(([path, item]) => [path, Object.keys(item)])).toEqual([
      ['/v1/events', ['post', 'get']],
      ['/v1/groups/{group}', ['delete']],
      ['/v1/dead-letters/requeue', ['post']],
      ['/v1/dead-letters/discard', ['post']],
      ['/v1/groups', ['get']],
      ['/v1/dead-letters', ['get']],
    ]);
    expect(Object.keys(paths['/v1/events']?.['get']?.responses['200']?.content ?? {})).toEqual([
      'text/event-stream',
      'application/x-ndjson',
    ]);
  });
});

const ALL = [
  ['GET', '/v1/events?until=now'],
  ['GET', '/v1/groups'],
  ['GET', '/v1/dead-letters'],
  ['POST', '/v1/events'],
] as const;
const requestOf = (method: 'GET' | 'POST', url: string, headers: Record<string, string>) => ({
  ...{ method, url, headers },
  ...(method === 'POST' && { payload: cloudEvent() }),
});

describe('protect', () => {
  test.each(ALL)('all, the default: %s %s is 401 for nobody known', async (method, url) => {
    const { ask, bus } = await eventWorld();
    const statuses = [
      await ask(requestOf(method, url, BY_NOBODY)),
      await ask(requestOf(method, url, BY_ANNA)),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([401, 200]);
    expect(bus.published.length).toBe(method === 'POST' ? 1 : 0);
  });

  test.each(ALL)('changes: of %s %s whoever asks may only read', async (method, url) => {
    const { ask } = await eventWorld({ events: { protect: 'changes' } });
    expect((await ask(requestOf(method, url, BY_NOBODY))).status).toBe(method === 'POST' ? 401 : 200);
  });

  test.each(ALL)('changes without an authenticator: %s %s is there to read only', async (method, url) => {
    const ports = { authenticator: undefined as never };
    const { ask, bus } = await eventWorld({ events: { protect: 'changes' }, ports });
    expect((await ask(requestOf(method, url, BY_ANNA))).status).toBe(method === 'POST' ? 404 : 200);
    expect(bus.published).toEqual([]);
  });

  test('all needs an authenticator', async () => {
    const service = new EventService(
      { name: 'events', logLevel: 'error' },
      { env: {}, openBus: () => new FakeBus() },
    );
    await expect(service.start()).rejects.toMatchObject({
      code: 'SERVICE_START_FAILED',
      message: expect.stringContaining('protect: all: expected an authenticator') as string,
    });
  });
});

describe('eventRoutes', () => {
  test('are added to any service', async () => {
    const bus = new FakeBus();
    const service = createService(
      {
        name: 'quotes',
        logLevel: 'error',
        routes: (app) => {
          eventRoutes(app, { bus: () => bus, service, authenticator });
        },
      },
      { env: {} },
    );
    onTestFinished(async () => {
      await service.stop();
    });
    await service.start();
    const payload = cloudEvent();
    expect(
      (await service.inject({ method: 'POST', url: '/v1/events', payload, headers: BY_ANNA })).status,
    ).toBe(200);
    expect((await service.inject({ url: '/v1/events?until=now', headers: BY_ANNA })).body).toContain(
      'id: @=0;market=1',
    );
  });

  test('refuse a misspelt option by name', async () => {
    const service = new EventService(
      { name: 'events', logLevel: 'error', events: { maxTail: 1 } as never },
      { env: {}, openBus: () => new FakeBus() },
    );
    await expect(service.start()).rejects.toMatchObject({
      message: expect.stringContaining('maxTail') as string,
    });
  });

  test('without an audit log a change stands in the log', async () => {
    const { bus, lines, ask } = await eventWorld({ ports: { audit: undefined as never } });
    bus.letters = [];
    const payload = { letterIds: ['l1'], reason: 'x' };
    await ask({ method: 'POST', url: '/v1/dead-letters/discard', payload, headers: BY_ANNA });
    expect(lines).toContain('warn not audited: the service has no audit log');
  });

  test('an operator may be a part of the system', async () => {
    const robot = { authenticate: () => system('janitor') };
    const { ask, changes } = await eventWorld({ ports: { authenticator: robot } });
    const payload = { letterIds: ['l1'], reason: 'old' };
    await ask({ method: 'POST', url: '/v1/dead-letters/discard', payload });
    expect(changes()).toMatchObject([{ kind: 'dead-letters.discarded', by: system('janitor') }]);
  });
});
