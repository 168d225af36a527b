import { describe, expect, test } from 'vitest';
import type { ServiceState } from '../../../src/service/service-state.ts';
import { as, problem, problemIn, serving } from './support.ts';

describe('/live', () => {
  test.each<ServiceState>(['starting', 'ready', 'stopping'])('is 200 while %s', async (state) => {
    const { ask, box } = serving();
    box.state = state;
    const answer = await ask('/live');
    expect([answer.status, answer.json(), answer.headers['cache-control']]).toEqual([
      200,
      { status: 'live' },
      'no-store',
    ]);
  });

  test('asks no dependency', async () => {
    const { ask, health } = serving();
    let asked = 0;
    health.add('db', () => void (asked += 1), { critical: true });
    await ask('/live');
    expect(asked).toBe(0);
  });
});

describe('/startup', () => {
  test.each([
    [false, 'starting', 503, 'starting'],
    [true, 'ready', 200, 'started'],
    [true, 'draining', 200, 'started'],
  ] as const)('hasServed %s while %s is %i', async (hasServed, state, status, said) => {
    const { ask, box } = serving();
    Object.assign(box, { hasServed, state });
    const answer = await ask('/startup');
    expect([answer.status, answer.json()]).toEqual([status, { status: said, state }]);
  });
});

describe('/ready', () => {
  test.each<[ServiceState, number, string]>([
    ['starting', 503, 'not ready'],
    ['ready', 200, 'ready'],
    ['degraded', 200, 'ready'],
    ['draining', 503, 'not ready'],
    ['stopping', 503, 'not ready'],
  ])('while %s is %i', async (state, code, status) => {
    const { ask, box } = serving();
    box.state = state;
    const answer = await ask('/ready');
    expect([answer.status, answer.json()]).toEqual([code, { status, state, down: [] }]);
  });

  test('is 503 while a critical dependency is down, and names it', async () => {
    const { ask, health } = serving();
    health.add('cache', () => 'cold');
    expect((await ask('/ready')).status).toBe(200);
    health.add('db', () => 'gone', { critical: true });
    const answer = await ask('/ready');
    expect([answer.status, answer.json()]).toEqual([
      503,
      { status: 'not ready', state: 'ready', down: ['db'] },
    ]);
  });

  test('is 503 when the stop began while it asked', async () => {
    const { ask, box, health } = serving();
    health.add(
      'db',
      () => {
        box.state = 'stopping';
      },
      { critical: true },
    );
    expect((await ask('/ready')).status).toBe(503);
  });
});

describe('/health', () => {
  test('shows the whole tree', async () => {
    const { ask, health, clock } = serving();
    health.add('db', () => 'slow');
    const answer = await ask('/health');
    const nowMs = clock.nowMs();
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        service: 'quotes',
        version: '1.2.3',
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
    const { ask, box, health } = serving();
    box.state = 'starting';
    expect((await ask('/health')).json()).toMatchObject({ status: 'down', state: 'starting' });
    box.state = 'ready';
    health.add('db', () => 'gone', { critical: true });
    expect((await ask('/health')).status).toBe(503);
  });
});

describe('/metrics', () => {
  const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
  const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

  const scrape = async (headers: Record<string, string>) => {
    const { ask, metrics } = serving();
    metrics.counter({ name: 'ticks_total', help: 'Ticks.' }).inc();
    return ask({ url: '/metrics', headers });
  };

  test.each([
    ['nothing', {}],
    ['anything', { accept: '*/*' }],
    ['the text format', { accept: 'text/plain; version=0.0.4' }],
    ['the text format rather', { accept: 'application/openmetrics-text;q=0.3, text/plain;q=0.5' }],
  ])('is the text format for who asks for %s', async (_, headers) => {
    const answer = await scrape(headers);
    expect([answer.headers['content-type'], answer.headers['vary']]).toEqual([TEXT, 'accept']);
    expect(answer.body).toContain('# TYPE ticks_total counter\nticks_total 1\n');
    expect(answer.body).not.toContain('# EOF');
  });

  test.each([
    ['OpenMetrics', 'application/openmetrics-text; version=1.0.0'],
    [
      'it as Prometheus does',
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    ],
  ])('is OpenMetrics for who asks for %s', async (_, accept) => {
    const answer = await scrape({ accept });
    expect([answer.headers['content-type'], answer.headers['vary']]).toEqual([OPEN, 'accept']);
    expect(answer.body).toContain('# TYPE ticks counter\n');
    expect(answer.body).toMatch(/\n# EOF\n$/);
  });
});

describe('with a listener for operators', () => {
  const CHASSIS = ['/live', '/startup', '/ready', '/health', '/metrics', '/openapi.json', '/docs'];

  test.each(CHASSIS)('%s is there, and not on the public one', async (url) => {
    const { ask } = serving(undefined, { admin: true });
    expect((await ask({ url, admin: true })).status).toBe(200);
    expect(problemIn(await ask({ url, ...as('c') }))).toEqual(
      problem(404, {
        title: 'Not Found',
        detail: 'there is nothing here',
        instance: url,
        correlationId: 'c',
      }),
    );
  });

  test('the documentation is about the public one', async () => {
    const { ask } = serving((app) => app.get('/quotes', () => 'x'), { admin: true });
    const document = (await ask({ url: '/openapi.json', admin: true })).json() as { paths: object };
    expect(Object.keys(document.paths)).toEqual(['/quotes']);
  });

  test('own routes are on the public one alone', async () => {
    const { ask } = serving((app) => app.get('/quotes', () => 'x'), { admin: true });
    expect([(await ask('/quotes')).status, (await ask({ url: '/quotes', admin: true })).status]).toEqual([
      200, 404,
    ]);
  });
});
