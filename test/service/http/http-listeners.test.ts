import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { HttpListeners, type InjectOptions } from '../../../src/service/http/http-listeners.ts';
import { httpLimits } from '../../../src/service/http/http-limits.ts';
import { urlOf } from '../../../src/service/http/http-server.ts';
import { Health, type ServiceApp } from '../../../src/service/index.ts';
import type { ServiceState } from '../../../src/service/service-state.ts';
import { correlation, createLogger, MetricsRegistry } from '../../../src/telemetry/index.ts';

interface Line {
  level: string;
  msg: string;
  correlationId?: string;
  [key: string]: unknown;
}

function serving(routes: (app: ServiceApp, clock: ManualClock) => void = () => undefined) {
  const clock = new ManualClock(1_700_000_000_000);
  const lines: Line[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Line) };
  const log = createLogger({ name: 'quotes', level: 'debug' }, { clock, destination });
  const metrics = new MetricsRegistry();
  const health = new Health({ cacheMs: 0 }, { clock });
  const box: { state: ServiceState; hasServed: boolean } = { state: 'ready', hasServed: true };
  const places = { host: '127.0.0.1', port: 0, adminHost: '127.0.0.1' };
  const listeners = new HttpListeners(places, httpLimits.parse({}), {
    name: 'quotes',
    version: '1.2.3',
    clock,
    log,
    metrics,
    health,
    life: box,
    routes: (own) => {
      routes(own, clock);
    },
    adminRoutes: () => undefined,
  });
  const app = {
    inject: async (request: string | InjectOptions) => {
      const { status: statusCode, ...answer } = await listeners.inject(
        typeof request === 'string' ? { url: request } : request,
      );
      return { statusCode, ...answer };
    },
  };
  const requests = async (): Promise<string[]> => {
    const text = await metrics.exposition();
    return text.split('\n').filter((line) => line.startsWith('http_requests_total') && !line.endsWith(' 0'));
  };
  return { app, box, clock, health, lines, log, metrics, requests };
}

describe('/live', () => {
  test.each<ServiceState>(['starting', 'ready', 'stopping'])('is 200 while %s', async (state) => {
    const { app, box } = serving();
    box.state = state;
    const answer = await app.inject('/live');
    expect([answer.statusCode, answer.json(), answer.headers['cache-control']]).toEqual([
      200,
      { status: 'live' },
      'no-store',
    ]);
  });

  test('asks no dependency', async () => {
    const { app, health } = serving();
    let asked = 0;
    health.add('db', () => void (asked += 1), { critical: true });
    await app.inject('/live');
    expect(asked).toBe(0);
  });
});

describe('/ready', () => {
  test.each<[ServiceState, number, string]>([
    ['starting', 503, 'not ready'],
    ['ready', 200, 'ready'],
    ['stopping', 503, 'not ready'],
  ])('while %s is %i', async (state, code, status) => {
    const { app, box } = serving();
    box.state = state;
    const answer = await app.inject('/ready');
    expect([answer.statusCode, answer.json()]).toEqual([code, { status, state, down: [] }]);
  });

  test('is 503 while a critical dependency is down, and names it', async () => {
    const { app, health } = serving();
    health.add('cache', () => 'cold');
    expect((await app.inject('/ready')).statusCode).toBe(200);
    health.add('db', () => 'gone', { critical: true });
    const answer = await app.inject('/ready');
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      { status: 'not ready', state: 'ready', down: ['db'] },
    ]);
  });

  test('is 503 when the stop began while it asked', async () => {
    const { app, box, health } = serving();
    health.add(
      'db',
      () => {
        box.state = 'stopping';
      },
      { critical: true },
    );
    expect((await app.inject('/ready')).statusCode).toBe(503);
  });
});

describe('/health', () => {
  test('shows the whole tree', async () => {
    const { app, health, clock } = serving();
    health.add('db', () => 'slow');
    const answer = await app.inject('/health');
    const nowMs = clock.nowMs();
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        service: 'quotes',
        state: 'ready',
        status: 'degraded',
        checks: {
          db: {
            status: 'down',
            critical: false,
            latencyMs: 0,
            checkedAtMs: nowMs,
            lastChangeMs: nowMs,
            reason: 'slow',
          },
        },
      },
    ]);
  });

  test('is 503 while a critical dependency is down, and while not ready', async () => {
    const { app, box, health } = serving();
    box.state = 'starting';
    expect((await app.inject('/health')).json()).toMatchObject({ status: 'down', state: 'starting' });
    box.state = 'ready';
    health.add('db', () => 'gone', { critical: true });
    expect((await app.inject('/health')).statusCode).toBe(503);
  });
});

describe('/metrics', () => {
  test('is the exposition under its content type', async () => {
    const { app, metrics } = serving();
    metrics.counter({ name: 'ticks_total', help: 'Ticks.' }).inc();
    const answer = await app.inject('/metrics');
    expect(answer.headers['content-type']).toBe(metrics.contentType);
    expect(answer.body).toContain('\nticks_total 1\n');
  });
});

describe('own routes', () => {
  test('answer 503 until the service has started', async () => {
    const { app, box } = serving((own) => own.get('/status', () => ({ ok: true })));
    box.state = 'starting';
    const early = await app.inject('/status');
    expect([early.statusCode, early.json()]).toEqual([503, { error: 'starting' }]);
    box.state = 'ready';
    expect((await app.inject('/status')).json()).toEqual({ ok: true });
    box.state = 'stopping';
    const late = await app.inject('/status');
    expect([late.json(), late.headers['connection']]).toEqual([{ ok: true }, 'close']);
  });

  test('cannot take the place of a chassis route', async () => {
    const { app } = serving((own) => own.get('/live', () => 'mine'));
    await expect(app.ready()).rejects.toThrow(/already declared/);
  });
});

describe('the correlation id', () => {
  const routes = (own: FastifyInstance) => {
    own.post('/echo', async () => {
      await Promise.resolve();
      return { id: correlation.id() };
    });
  };

  test.each([['order-7.a:b_c'], ['x'.repeat(128)]])('%s is taken over and returned', async (id) => {
    const { app } = serving(routes);
    const answer = await app.inject({
      method: 'POST',
      url: '/echo',
      headers: { 'x-correlation-id': id },
      payload: {},
    });
    expect([answer.headers['x-correlation-id'], answer.json()]).toEqual([id, { id }]);
  });

  test.each([[undefined], [''], ['a b'], ['<script>'], ['x'.repeat(129)], ['a"b']])(
    '%s is replaced',
    async (id) => {
      const { app } = serving(routes);
      const headers = id === undefined ? {} : { 'x-correlation-id': id };
      const answer = await app.inject({ method: 'POST', url: '/echo', headers, payload: {} });
      const given = answer.headers['x-correlation-id'];
      expect(given).not.toBe(id);
      expect(correlation.isValid(given)).toBe(true);
      expect(answer.json()).toEqual({ id: given });
    },
  );

  test('is in each log line of its request and in none of another', async () => {
    const { app, lines, log } = serving();
    log.info('before');
    const call = (id: string) => app.inject({ url: `/none`, headers: { 'x-correlation-id': id } });
    await Promise.all([call('a'), call('b')]);
    expect(lines.map(({ correlationId, msg }) => [correlationId, msg]).toSorted()).toEqual(
      [
        [undefined, 'before'],
        ['a', 'request'],
        ['b', 'request'],
      ].toSorted(),
    );
  });
});

describe('request metrics and logs', () => {
  test('carry the template of the route, not the path', async () => {
    const { app, requests, lines } = serving((own) => own.get('/orders/:id', () => 'x'));
    await app.inject('/orders/1');
    await app.inject('/orders/2');
    expect(await requests()).toEqual([
      'http_requests_total{method="GET",route="/orders/:id",status="2xx"} 2',
    ]);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', method: 'GET', route: '/orders/:id', status: 200, tookMs: 0 }),
      expect.objectContaining({ route: '/orders/:id' }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('/orders/1');
  });

  test('measure from head to end with the clock', async () => {
    const { app, metrics } = serving((own, clock) =>
      own.get('/slow', () => {
        clock.advance(250);
        return 'x';
      }),
    );
    await app.inject('/slow');
    expect(await metrics.exposition()).toContain(
      'http_request_duration_seconds_sum{method="GET",route="/slow"} 0.25\n',
    );
  });

  test('exist at 0 for each route before its first request', async () => {
    const { app, metrics } = serving((own) =>
      own.route({ method: ['GET', 'PUT'], url: '/a', handler: () => 'x' }),
    );
    await app.ready();
    const text = await metrics.exposition();
    for (const method of ['GET', 'PUT']) {
      expect(text).toContain(`http_requests_total{method="${method}",route="/a",status="5xx"} 0\n`);
      expect(text).toContain(`http_request_duration_seconds_count{method="${method}",route="/a"} 0\n`);
    }
    expect(text).toContain('http_requests_total{method="GET",route="unmatched",status="4xx"} 0\n');
  });

  test('whatever matches no route is one series, a URL that is none included', async () => {
    const { app, requests } = serving();
    for (let i = 0; i < 50; i++) expect((await app.inject(`/scan/${i}.php`)).statusCode).toBe(404);
    const bad = await app.inject({ url: '/%zz', headers: { 'x-correlation-id': 'bad-url' } });
    expect([bad.statusCode, bad.headers['x-correlation-id']]).toEqual([400, 'bad-url']);
    expect(await requests()).toEqual(['http_requests_total{method="GET",route="unmatched",status="4xx"} 51']);
  });

  test('a method out of the ordinary is called other', async () => {
    const { app, requests } = serving();
    await app.inject({ method: 'TRACE' as 'GET', url: '/x' });
    expect(await requests()).toEqual([
      'http_requests_total{method="other",route="unmatched",status="4xx"} 1',
    ]);
  });

  test('probes are logged at debug level only', async () => {
    const { app, lines } = serving();
    await app.inject('/live');
    expect(lines.map(({ level }) => level)).toEqual(['debug']);
  });

  test('what is in flight is counted up and down again', async () => {
    const { app, metrics } = serving((own) => own.get('/a', async () => metrics.exposition()));
    const during = await app.inject('/a');
    expect(during.body).toContain('\nhttp_requests_in_flight 1\n');
    expect(await metrics.exposition()).toContain('\nhttp_requests_in_flight 0\n');
  });
});

describe('errors', () => {
  test('of the service are logged, and the client learns only the id', async () => {
    const { app, lines, requests } = serving((own) =>
      own.get('/boom', () => {
        throw new Error('password is hunter2');
      }),
    );
    const answer = await app.inject({ url: '/boom', headers: { 'x-correlation-id': 'c1' } });
    expect([answer.statusCode, answer.json()]).toEqual([
      500,
      { error: 'internal error', correlationId: 'c1' },
    ]);
    expect(lines[0]).toMatchObject({
      level: 'error',
      correlationId: 'c1',
      msg: 'request failed',
      err: { message: 'password is hunter2' },
    });
    expect(await requests()).toEqual(['http_requests_total{method="GET",route="/boom",status="5xx"} 1']);
  });

  test.each([
    [503, 503],
    [200, 500],
  ])('of the service that say %i are answered with %i', async (given, code) => {
    const { app } = serving((own) =>
      own.get('/boom', () => {
        throw Object.assign(new Error('x'), { statusCode: given });
      }),
    );
    expect((await app.inject('/boom')).statusCode).toBe(code);
  });

  test('of the client say what is wrong', async () => {
    const { app, lines } = serving((own) => own.post('/a', () => 'x'));
    const answer = await app.inject({
      method: 'POST',
      url: '/a',
      headers: { 'content-type': 'application/json', 'x-correlation-id': 'c2' },
      payload: '{bad',
    });
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      { error: expect.stringContaining('not valid JSON') as string, correlationId: 'c2' },
    ]);
    expect(lines.map(({ level }) => level)).toEqual(['info']);
  });

  test('an unknown path is 404 with the id', async () => {
    const { app } = serving();
    const answer = await app.inject({ url: '/none', headers: { 'x-correlation-id': 'c3' } });
    expect([answer.statusCode, answer.json()]).toEqual([404, { error: 'not found', correlationId: 'c3' }]);
  });
});

describe('urlOf', () => {
  test.each([
    ['IPv4', '127.0.0.1', 'http://127.0.0.1:80'],
    ['IPv6', '::1', 'http://[::1]:80'],
  ])('%s', (family, address, url) => {
    expect(urlOf({ family, address, port: 80 })).toBe(url);
  });

  test.each([[null], ['/a/pipe']])('refuses %j', (address) => {
    expect(() => urlOf(address)).toThrow(/expected an IP address/);
  });
});
