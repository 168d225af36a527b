import { describe, expect, test } from 'vitest';
import { RequestTelemetry } from '../../../src/service/http/request-telemetry.ts';
import { Tracing } from '../../../src/telemetry/index.ts';
import { serving } from './support.ts';

describe('metrics and logs of requests', () => {
  test('carry the template of the route, not the path', async () => {
    const { ask, requests, lines } = serving((own) => own.get('/orders/:id', () => 'x'));
    await ask('/orders/1');
    await ask('/orders/2');
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
    const { ask, metrics } = serving((own, { clock }) =>
      own.get('/slow', () => {
        clock.advance(250);
        return 'x';
      }),
    );
    await ask('/slow');
    expect(await metrics.exposition()).toContain(
      'http_request_duration_seconds_sum{method="GET",route="/slow"} 0.25\n',
    );
  });

  test('exist at 0 for each route before its first request', async () => {
    const { ask, metrics } = serving((own) =>
      own.route({ method: ['GET', 'PUT'], url: '/a', handler: () => 'x' }),
    );
    await ask('/live');
    const text = await metrics.exposition();
    for (const method of ['GET', 'PUT']) {
      expect(text).toContain(`http_requests_total{method="${method}",route="/a",status="5xx"} 0\n`);
      expect(text).toContain(`http_request_duration_seconds_count{method="${method}",route="/a"} 0\n`);
    }
    expect(text).not.toContain('method="HEAD",route="/a"');
    expect(text).toContain('http_requests_total{method="GET",route="unmatched",status="4xx"} 0\n');
  });

  test('whatever matches no route is one series, a URL that is none included', async () => {
    const { ask, requests } = serving();
    for (let i = 0; i < 50; i++) expect((await ask(`/scan/${i}.php`)).status).toBe(404);
    expect((await ask('/%zz')).status).toBe(400);
    expect(await requests()).toEqual(['http_requests_total{method="GET",route="unmatched",status="4xx"} 51']);
  });

  test('a method out of the ordinary is called other', async () => {
    const { ask, requests } = serving();
    await ask({ method: 'TRACE' as 'GET', url: '/x' });
    expect(await requests()).toEqual([
      'http_requests_total{method="other",route="unmatched",status="4xx"} 1',
    ]);
  });

  test('probes are logged at debug level only', async () => {
    const { ask, lines } = serving();
    await ask('/live');
    expect(lines.map(({ level }) => level)).toEqual(['debug']);
  });

  test('a status beyond the known classes counts as 5xx', async () => {
    const { ask, requests } = serving((own) =>
      own.get('/odd', (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(999);
        reply.raw.end();
      }),
    );
    await ask('/odd');
    expect(await requests()).toEqual(['http_requests_total{method="GET",route="/odd",status="5xx"} 1']);
  });
});

describe('requests in flight', () => {
  test('are counted up and down again', async () => {
    const { ask, metrics } = serving((own) => own.get('/a', async () => metrics.exposition()));
    expect((await ask('/a')).body).toContain('\nhttp_requests_in_flight 1\n');
    expect(await metrics.exposition()).toContain('\nhttp_requests_in_flight 0\n');
  });

  test('are those of both listeners together', async () => {
    const answer = Promise.withResolvers<string>();
    const { ask, metrics } = serving((own) => own.get('/slow', () => answer.promise), { admin: true });
    const slow = ask('/slow');
    const during = await ask({ url: '/metrics', admin: true });
    expect(during.body).toContain('\nhttp_requests_in_flight 2\n');
    answer.resolve('x');
    await slow;
    expect(await metrics.exposition()).toContain('\nhttp_requests_in_flight 0\n');
  });
});

describe('what was answered before it was a request', () => {
  const telemetry = () => {
    const { clock, log, metrics, lines, requests } = serving();
    const tracing = new Tracing();
    return { telemetry: new RequestTelemetry(new Set(), { clock, log, metrics, tracing }), lines, requests };
  };

  test('is counted without a method and a path, and logged at debug level with its id', async () => {
    const { telemetry: counted, lines, requests } = telemetry();
    counted.countRefused({}, 431, 'c9');
    expect(await requests()).toEqual([
      'http_requests_total{method="other",route="unmatched",status="4xx"} 1',
    ]);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'debug',
        msg: 'request',
        correlationId: 'c9',
        method: 'other',
        route: 'unmatched',
        status: 431,
      }),
    ]);
  });
});
