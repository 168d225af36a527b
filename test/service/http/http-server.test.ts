import { describe, expect, test } from 'vitest';
import { urlOf } from '../../../src/service/http/http-server.ts';
import type { ServiceApp } from '../../../src/service/index.ts';
import { as, problem, problemIn, serving } from './support.ts';

describe('own routes', () => {
  test('answer 503 until the service has started, and to the end of it', async () => {
    const { ask, box } = serving((own) => own.get('/status', () => ({ ok: true })));
    box.state = 'starting';
    const early = await ask({ url: '/status', ...as('c1') });
    expect(problemIn(early)).toEqual(
      problem(503, {
        title: 'Service Unavailable',
        detail: 'the service is starting',
        instance: '/status',
        correlationId: 'c1',
      }),
    );
    expect(early.headers['retry-after']).toBe('1');
    box.state = 'ready';
    const ready = await ask('/status');
    expect([ready.json(), ready.headers['connection']]).toEqual([{ ok: true }, 'keep-alive']);
    box.state = 'stopping';
    const late = await ask('/status');
    expect([late.json(), late.headers['connection']]).toEqual([{ ok: true }, 'close']);
  });

  test('cannot take the place of a chassis route', async () => {
    const { ask } = serving((own) => own.get('/live', () => 'mine'));
    await expect(ask('/live')).rejects.toThrow(/already declared/);
  });
});

describe('methods', () => {
  const routes = (own: ServiceApp): void => {
    own.get('/quotes', () => ({ price: '1.5' }));
  };

  test('HEAD is GET without its body, on the template of the route', async () => {
    const { ask, requests } = serving(routes);
    const answer = await ask({ method: 'HEAD', url: '/quotes' });
    expect([answer.status, answer.body, answer.headers['content-length']]).toEqual([200, '', '15']);
    expect(await requests()).toEqual(['http_requests_total{method="HEAD",route="/quotes",status="2xx"} 1']);
  });

  test('HEAD of nothing is 404', async () => {
    const { ask } = serving(routes);
    expect((await ask({ method: 'HEAD', url: '/none' })).status).toBe(404);
  });

  test.each(['OPTIONS', 'POST', 'DELETE', 'TRACE', 'PROPFIND'])(
    '%s where there is only GET is 404',
    async (method) => {
      const { ask, requests } = serving(routes);
      const answer = await ask({ method: method as 'GET', url: '/quotes', ...as('c1') });
      expect(problemIn(answer)).toEqual(
        problem(404, {
          title: 'Not Found',
          detail: 'there is nothing here',
          instance: '/quotes',
          correlationId: 'c1',
        }),
      );
      expect(await requests()).toHaveLength(1);
    },
  );

  test('no answer lets a page of another origin read it', async () => {
    const { ask } = serving(routes);
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' };
    const answers = [
      await ask({ method: 'OPTIONS', url: '/quotes', headers }),
      await ask({ url: '/quotes', headers }),
    ];
    for (const answer of answers)
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('limits', () => {
  const routes = (own: ServiceApp): void => {
    own.post('/echo', ({ body }) => body);
    own.get('/orders/:id', () => 'x');
  };
  const json = (bytes: number): string => JSON.stringify('x'.repeat(bytes - 2));
  const post = (payload: string) => ({
    method: 'POST' as const,
    url: '/echo',
    payload,
    headers: { 'content-type': 'application/json', 'x-correlation-id': 'c1' },
  });

  test('a body at the limit is taken, one byte more is 413', async () => {
    const { ask } = serving(routes, { limits: { maxBodyBytes: 2000 } });
    expect((await ask(post(json(2000)))).status).toBe(200);
    expect(problemIn(await ask(post(json(2001))))).toEqual(
      problem(413, {
        title: 'Payload Too Large',
        detail: 'Request body is too large',
        instance: '/echo',
        correlationId: 'c1',
      }),
    );
  });

  test('a URL at the limit is looked for, one character more is 414, known or not', async () => {
    const { ask } = serving(routes, { limits: { maxUrlLength: 100 } });
    const url = (length: number, base = '/orders/1?x=') => base.padEnd(length, 'y');
    expect((await ask(url(100))).status).toBe(200);
    expect(problemIn(await ask({ url: url(101), ...as('c1') }))).toEqual(
      problem(414, {
        title: 'URI Too Long',
        detail: 'expected a URL of at most 100 characters',
        instance: '/orders/1',
        correlationId: 'c1',
      }),
    );
    expect((await ask(url(101, '/none?x='))).status).toBe(414);
  });

  test('a path parameter of more than 100 characters is 414', async () => {
    const { ask, requests } = serving(routes);
    expect((await ask(`/orders/${'1'.repeat(100)}`)).status).toBe(200);
    const url = `/orders/${'1'.repeat(101)}`;
    expect(problemIn(await ask({ url: `${url}?x=1`, ...as('c1') }))).toEqual(
      problem(414, {
        title: 'URI Too Long',
        detail: 'a part of the path is too long',
        instance: url,
        correlationId: 'c1',
      }),
    );
    expect(await requests()).toEqual([
      'http_requests_total{method="GET",route="unmatched",status="4xx"} 1',
      'http_requests_total{method="GET",route="/orders/:id",status="2xx"} 1',
    ]);
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
