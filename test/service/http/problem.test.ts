import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { problemOf } from '../../../src/service/http/problem.ts';
import { HttpProblem, type ServiceApp } from '../../../src/service/index.ts';
import { as, problem, problemIn, serving } from './support.ts';

const asked = { id: 'c1', url: '/orders?token=hunter2' };
const about = { instance: '/orders', correlationId: 'c1' };

const fault = (members: object, message = 'SELECT failed at 10.0.0.7') =>
  Object.assign(new Error(message), members);

describe('HttpProblem', () => {
  test('has the words of its status as title, and the message as detail', () => {
    expect(problemOf(new HttpProblem(409, 'the order has been filled'), asked)).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'the order has been filled',
      ...about,
    });
  });

  test('takes type, title, issues and cause from whoever throws it', () => {
    const cause = new Error('inside');
    const issues = [{ at: 'body/quantity', message: 'is more than there is' }];
    const thrown = new HttpProblem(422, 'too much', {
      type: 'https://example.com/problems/too-much',
      title: 'Too much',
      issues,
      cause,
    });
    expect(thrown.cause).toBe(cause);
    expect(problemOf(thrown, asked)).toEqual({
      type: 'https://example.com/problems/too-much',
      title: 'Too much',
      status: 422,
      detail: 'too much',
      issues,
      ...about,
    });
  });

  test.each([
    [399, 500],
    [400, 400],
    [599, 599],
    [600, 500],
    [404.5, 500],
    [NaN, 500],
  ])('with the status %d has %i', (given, status) => {
    expect(new HttpProblem(given, 'x').status).toBe(status);
  });

  test('of a status without words is titled Error', () => {
    expect(new HttpProblem(599, 'x').title).toBe('Error');
  });
});

describe('what whoever asked is told of an error', () => {
  test.each([
    ['an error', new Error('password is hunter2')],
    ['a status below 400', fault({ statusCode: 302 })],
    ['a status above 599', fault({ statusCode: 600 })],
    ['a status that is no number', fault({ statusCode: 'x' })],
    ['a text', 'password is hunter2'],
    ['nothing', undefined],
    ['null', null],
    ['one of Fastify', fault({ statusCode: 500, code: 'FST_ERR_X' })],
    ['one of Fastify without a status', fault({ code: 'FST_ERR_X' })],
    ['one of Fastify with half a status', fault({ statusCode: 404.5, code: 'FST_ERR_X' })],
    ['one of Fastify with a text for a status', fault({ statusCode: '404', code: 'FST_ERR_X' })],
    ['one of Fastify with a status below 400', fault({ statusCode: 399, code: 'FST_ERR_X' })],
    ['one of Fastify with a status above 599', fault({ statusCode: 600, code: 'FST_ERR_X' })],
    ['a client inside that was told 404', fault({ statusCode: 404 })],
    ['a client inside that was told 401', fault({ statusCode: 401, code: 'ERR_BAD_REQUEST' })],
    ['a client inside that was told 503', fault({ statusCode: 503 })],
    ['one that asks to be shown', fault({ statusCode: 415, expose: true })],
  ])('of %s: that it is 500, and no more', (_, error) => {
    expect(problemOf(error, asked)).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      ...about,
    });
  });

  test('of one that Fastify says is a fault of theirs: status and message', () => {
    const members = { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' };
    expect(problemOf(fault(members, 'no such media type'), asked)).toEqual({
      type: 'about:blank',
      title: 'Unsupported Media Type',
      status: 415,
      detail: 'no such media type',
      ...about,
    });
  });
});

describe('an error as an answer', () => {
  const routes = (own: ServiceApp): void => {
    own.get('/boom', () => {
      throw new Error('password is hunter2');
    });
    own.get('/wrong', { schema: { response: { 200: z.strictObject({ ok: z.boolean() }) } } }, () => {
      return { ok: 'hunter2' } as never;
    });
    own.get('/busy', () => {
      throw new HttpProblem(503, 'no quotes yet');
    });
    own.get('/gone', () => {
      throw new HttpProblem(410, 'it was delisted');
    });
    own.post('/orders/:id', {
      schema: {
        params: z.strictObject({ id: z.coerce.number() }),
        querystring: z.strictObject({ dry: z.stringbool().optional() }),
        body: z.strictObject({ symbol: z.string(), legs: z.array(z.strictObject({ lots: z.int() })) }),
      },
      handler: () => 'x',
    });
  };

  test('from inside is logged, and says nothing but the id', async () => {
    const { ask, lines, requests } = serving(routes);
    const answer = await ask({ url: '/boom', ...as('c1') });
    expect(problemIn(answer)).toEqual(
      problem(500, { title: 'Internal Server Error', instance: '/boom', correlationId: 'c1' }),
    );
    expect(lines[0]).toMatchObject({
      level: 'error',
      correlationId: 'c1',
      msg: 'request failed',
      err: { message: 'password is hunter2' },
    });
    expect(await requests()).toEqual(['http_requests_total{method="GET",route="/boom",status="5xx"} 1']);
  });

  test.each<[string, unknown, string]>([
    ['a text', 'disk full', "'disk full'"],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['an object', { statusCode: 404 }, '{ statusCode: 404 }'],
  ])('%s that is thrown for one is 500 as well, and logged', async (_, thrown, words) => {
    const { ask, lines, requests } = serving((own) => {
      own.get('/later', async () => {
        await Promise.resolve();
        throw thrown;
      });
      own.get('/now', () => {
        throw thrown;
      });
    });
    for (const url of ['/later', '/now']) {
      lines.length = 0;
      const answer = await ask({ url, ...as('c1') });
      expect(problemIn(answer)).toEqual(
        problem(500, { title: 'Internal Server Error', instance: url, correlationId: 'c1' }),
      );
      expect(lines[0]).toMatchObject({
        level: 'error',
        correlationId: 'c1',
        msg: 'request failed',
        err: { message: `expected an error to be thrown, got ${words}` },
      });
    }
    expect(await requests()).toHaveLength(2);
  });

  test('with the status of a server further inside is 500 and logged', async () => {
    const { ask, lines } = serving((own) => {
      own.get('/quotes', () => {
        throw fault({ statusCode: 404 });
      });
    });
    const answer = await ask({ url: '/quotes', ...as('c1') });
    expect(problemIn(answer)).toEqual(
      problem(500, { title: 'Internal Server Error', instance: '/quotes', correlationId: 'c1' }),
    );
    expect(lines[0]).toMatchObject({ level: 'error', msg: 'request failed' });
  });

  test('is 500 when the answer does not fit its schema, and the log says so', async () => {
    const { ask, lines } = serving(routes);
    expect(problemIn(await ask({ url: '/wrong', ...as('c1') }))).toEqual(
      problem(500, { title: 'Internal Server Error', instance: '/wrong', correlationId: 'c1' }),
    );
    expect(lines[0]).toMatchObject({ level: 'error', msg: 'answer does not fit its schema' });
  });

  test('that a handler wanted is not logged as a failure; 503 says when to come back', async () => {
    const { ask, lines } = serving(routes);
    const [busy, gone] = [await ask({ url: '/busy', ...as('c1') }), await ask('/gone')];
    expect(problemIn(busy)).toEqual(
      problem(503, {
        title: 'Service Unavailable',
        detail: 'no quotes yet',
        instance: '/busy',
        correlationId: 'c1',
      }),
    );
    expect([busy.headers['retry-after'], gone.headers['retry-after']]).toEqual(['1', undefined]);
    expect(lines.map(({ level }) => level)).toEqual(['info', 'info']);
  });

  test.each([
    [
      'params',
      '/orders/x',
      { symbol: 'a', legs: [] },
      [{ at: 'params/id', message: 'Invalid input: expected number, received NaN' }],
    ],
    [
      'querystring',
      '/orders/1?dry=perhaps',
      { symbol: 'a', legs: [] },
      [
        {
          at: 'querystring/dry',
          message: expect.stringContaining('expected one of') as string,
        },
      ],
    ],
    [
      'body',
      '/orders/1',
      { legs: [{ lots: 0.5 }] },
      [
        { at: 'body/symbol', message: 'Invalid input: expected string, received undefined' },
        { at: 'body/legs/0/lots', message: 'Invalid input: expected int, received number' },
      ],
    ],
  ])('names every field of %s that does not fit', async (_, url, payload, issues) => {
    const { ask, lines } = serving(routes);
    const answer = await ask({ method: 'POST', url, payload, ...as('c1') });
    expect(problemIn(answer)).toEqual(
      problem(400, {
        title: 'Bad Request',
        detail: 'the request does not fit its schema',
        instance: url.split('?')[0],
        correlationId: 'c1',
        issues,
      }),
    );
    expect(lines.map(({ level }) => level)).toEqual(['info']);
  });

  test.each([
    ['is not JSON', 'application/json', '{bad', 400, 'Bad Request', 'not valid JSON'],
    ['is empty', 'application/json', '', 400, 'Bad Request', 'cannot be empty'],
    [
      'poisons the prototype',
      'application/json',
      '{"__proto__":{"a":1}}',
      400,
      'Bad Request',
      'not valid JSON',
    ],
    [
      'is of another type',
      'application/xml',
      '<a/>',
      415,
      'Unsupported Media Type',
      'Unsupported Media Type',
    ],
  ])('says that a body %s', async (_, type, payload, status, title, words) => {
    const { ask } = serving(routes);
    const headers = { 'content-type': type, 'x-correlation-id': 'c1' };
    const answer = await ask({ method: 'POST', url: '/orders/1', payload, headers });
    expect(problemIn(answer)).toEqual(
      problem(status, {
        title,
        detail: expect.stringContaining(words) as string,
        instance: '/orders/1',
        correlationId: 'c1',
      }),
    );
  });

  test('says that there is nothing at a path, without its query', async () => {
    const { ask } = serving();
    expect(problemIn(await ask({ url: '/none?token=hunter2', ...as('c3') }))).toEqual(
      problem(404, {
        title: 'Not Found',
        detail: 'there is nothing here',
        instance: '/none',
        correlationId: 'c3',
      }),
    );
  });

  test('says that a URL is none, without its query', async () => {
    const { ask } = serving();
    const answer = await ask({ url: '/%zz?token=hunter2', ...as('c4') });
    expect(problemIn(answer)).toEqual(
      problem(400, {
        title: 'Bad Request',
        detail: 'this is no URL',
        instance: '/%zz',
        correlationId: 'c4',
      }),
    );
    expect(answer.headers['x-correlation-id']).toBe('c4');
    expect(answer.body).not.toContain('hunter2');
  });
});
