import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { queryLists } from '../../../src/service/http/query-lists.ts';
import { defineApi, serveApi } from '../../../src/service/index.ts';
import { sampleApi, sampleHandlers } from './sample-api.ts';
import { as, problem, problemIn, serving } from './support.ts';

const sample = () =>
  serving((app) => {
    serveApi(app, sampleApi, sampleHandlers);
  });

describe('serveApi', () => {
  test('hands the parts over as parsed, with their defaults', async () => {
    const { ask } = sample();
    const answer = await ask('/quotes/BTC?tag=a&tag=b&venue=x&venue=y&depth=3');
    expect([answer.status, answer.json()]).toEqual([
      200,
      { symbol: 'BTC', price: '1.5', tags: ['a', 'b', 'x', 'y', '3'] },
    ]);
    const plain = await ask('/quotes/BTC');
    expect(plain.json()).toEqual({ symbol: 'BTC', price: '1.5', tags: ['none', '1'] });
  });

  test('takes what came once for a list of one', async () => {
    const { ask } = sample();
    expect((await ask('/quotes/BTC?tag=a&venue=x')).json()).toMatchObject({ tags: ['a', 'x', '1'] });
  });

  test('answers with the status of the operation', async () => {
    const { ask, requests } = sample();
    const answer = await ask({ method: 'POST', url: '/orders', payload: { symbol: 'BTC', lots: 2 } });
    expect([answer.status, answer.json()]).toEqual([201, { id: 'BTC-2' }]);
    expect(await requests()).toEqual(['http_requests_total{method="POST",route="/orders",status="2xx"} 1']);
  });

  test('answers 400 to what does not fit, before the handler is asked', async () => {
    const { ask } = sample();
    const answer = await ask({ url: '/quotes/B?tag=1&tag=2&tag=3&tag=4', ...as('c1') });
    expect(problemIn(answer)).toEqual(
      problem(400, {
        title: 'Bad Request',
        detail: 'the request does not fit its schema',
        instance: '/quotes/B',
        correlationId: 'c1',
        issues: [{ at: 'params/symbol', message: 'Too small: expected string to have >=3 characters' }],
      }),
    );
  });

  test('answers 500 when the handler does not keep to its schema', async () => {
    const { ask } = serving((app) => {
      serveApi(app, sampleApi, { ...sampleHandlers, listVenues: () => [1] as never });
    });
    expect((await ask('/venues')).status).toBe(500);
  });

  test('hands over request and reply', async () => {
    const api = defineApi({ who: { method: 'GET', path: '/who', response: z.string() } });
    const { ask } = serving((app) => {
      serveApi(app, api, {
        who: ({ request, reply }) => {
          void reply.header('x-seen', 'yes');
          return request.id;
        },
      });
    });
    const answer = await ask({ url: '/who', ...as('c7') });
    expect([answer.json(), answer.headers['x-seen']]).toEqual(['c7', 'yes']);
  });

  test.each([
    ['a text', z.string(), 'x', '"x"'],
    ['null', z.null(), null, 'null'],
    ['a number', z.number(), 0, '0'],
  ])('sends %s as JSON', async (_, response, value, body) => {
    const api = defineApi({ one: { method: 'GET', path: '/one', response } });
    const { ask } = serving((app) => {
      serveApi(app, api, { one: () => value });
    });
    const answer = await ask('/one');
    expect([answer.headers['content-type'], answer.body]).toEqual(['application/json; charset=utf-8', body]);
  });

  test('answers 500 when the handler forgets to answer', async () => {
    const { ask } = serving((app) => {
      serveApi(app, sampleApi, { ...sampleHandlers, listVenues: () => undefined as never });
    });
    expect((await ask('/venues')).status).toBe(500);
  });

  test('an answer may have no content', async () => {
    const api = defineApi({
      drop: {
        method: 'DELETE',
        path: '/orders/:id',
        params: z.strictObject({ id: z.string() }),
        response: z.undefined(),
        status: 204,
      },
    });
    const { ask } = serving((app) => {
      serveApi(app, api, { drop: () => undefined });
    });
    const answer = await ask({ method: 'DELETE', url: '/orders/1' });
    expect([answer.status, answer.body]).toEqual([204, '']);
  });
});

describe('queryLists', () => {
  const lists = queryLists(
    z.strictObject({
      all: z.array(z.string()),
      some: z.array(z.string()).optional(),
      usual: z.array(z.string()).default(['a']),
      one: z.string(),
      own: z.preprocess((value) => value, z.array(z.string())),
    }),
  );

  test.each([
    [{}, { all: [] }],
    [
      { all: 'x', some: 'y', usual: 'z', one: 'o', own: 'p' },
      { all: ['x'], some: ['y'], usual: ['z'], one: 'o', own: 'p' },
    ],
    [
      { all: ['x', 'y'], one: ['o', 'q'], other: 'r' },
      { all: ['x', 'y'], one: ['o', 'q'], other: 'r' },
    ],
  ])('%j is taken for %j', (query, taken) => {
    expect(lists(query)).toEqual(taken);
  });

  test('of a schema that is no object changes nothing', () => {
    expect(queryLists(z.record(z.string(), z.string()))({ a: 'b' })).toEqual({ a: 'b' });
  });
});
