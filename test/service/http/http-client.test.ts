import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ManualClock, type PortcullisError } from '../../../src/core/index.ts';
import {
  createClient,
  type HttpClientDeps,
  type HttpClientOptions,
  serveApi,
} from '../../../src/service/index.ts';
import { correlation, Tracing } from '../../../src/telemetry/index.ts';
import { sampleApi, sampleHandlers } from './sample-api.ts';
import { serving } from './support.ts';

const BASE = 'http://quotes.test/v1';
const QUOTE = { symbol: 'BTC', price: '1.5', tags: [] };
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const PARENT = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
};
const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
  readonly headers: Headers;
}

/** A client whose requests end in a list, and are answered as told. */
function client(
  answer: (sent: Sent) => Response | Promise<Response> = () => json(QUOTE),
  options: Partial<HttpClientOptions> = {},
  deps: HttpClientDeps = {},
) {
  const sent: Sent[] = [];
  const clock = new ManualClock();
  const fetching: typeof fetch = async (url, init = {}) => {
    const one = { url: (url as URL).href, init, headers: new Headers(init.headers) };
    sent.push(one);
    return answer(one);
  };
  const api = createClient(sampleApi, { baseUrl: BASE, ...options }, { fetch: fetching, clock, ...deps });
  return { api, sent, clock };
}

/** Never answers, but hears the signal. */
const hanging = ({ init }: Sent): Promise<Response> =>
  new Promise((_, reject) => {
    const fail = () => reject(init.signal?.reason as Error);
    if (init.signal?.aborted === true) fail();
    init.signal?.addEventListener('abort', fail);
  });

const errorOf = async (promise: Promise<unknown>): Promise<PortcullisError> =>
  promise.then(
    () => {
      throw new Error('expected an error');
    },
    (error: unknown) => error as PortcullisError,
  );

describe('a call', () => {
  test('sends parameters, query and headers', async () => {
    const { api, sent } = client();
    const answer = await api.getQuote({
      params: { symbol: 'BTC/EUR' },
      query: { tag: ['a', 'b'], depth: 2 },
    });
    expect(answer).toEqual(QUOTE);
    expect(sent.map(({ url, init, headers }) => [url, init.method, init.redirect, [...headers]])).toEqual([
      [
        `${BASE}/quotes/BTC%2FEUR?tag=a&tag=b&depth=2`,
        'GET',
        'error',
        [['accept', 'application/json, application/problem+json']],
      ],
    ]);
  });

  test('sends a body as JSON, and takes the status of the operation for success', async () => {
    const { api, sent } = client(() => json({ id: 'BTC-2' }, 201));
    expect(await api.addOrder({ body: { symbol: 'BTC', lots: 2 } })).toEqual({ id: 'BTC-2' });
    expect(sent[0]?.init.body).toBe('{"symbol":"BTC","lots":2}');
    expect(sent[0]?.headers.get('content-type')).toBe('application/json');
  });

  test('of an operation without input needs none', async () => {
    const { api } = client(() => json(['toy']));
    expect(await api.listVenues()).toEqual(['toy']);
  });

  test('carries correlation id and trace on', async () => {
    const { api, sent } = client(() => json(['toy']));
    await correlation.run('c1', () => new Tracing().span('work', { parent: PARENT }, () => api.listVenues()));
    expect(sent.map(({ headers }) => [headers.get('x-correlation-id'), headers.get('traceparent')])).toEqual([
      ['c1', TRACEPARENT],
    ]);
  });

  test('has the headers of its options, and those made for each call, which win in any case', async () => {
    let calls = 0;
    const { api, sent } = client(
      () => json(['toy']),
      { headers: { 'X-Team': 'desk', 'X-Correlation-Id': 'mine', authorization: 'old' } },
      { headers: () => ({ Authorization: `new ${(calls += 1)}` }) },
    );
    await correlation.run('c1', () => api.listVenues());
    await api.listVenues();
    expect(
      sent.map(({ headers }) =>
        ['x-team', 'x-correlation-id', 'authorization'].map((name) => headers.get(name)),
      ),
    ).toEqual([
      ['desk', 'mine', 'new 1'],
      ['desk', 'mine', 'new 2'],
    ]);
  });

  test.each([
    ['a parameter', { params: { symbol: 'B' }, query: { tag: [] } }, 'getQuote: params: '],
    ['a query', { params: { symbol: 'BTC' }, query: { tag: 'a' } }, 'getQuote: query: '],
    ['a missing part', { params: { symbol: 'BTC' } }, 'getQuote: query: '],
  ])('does not send %s that does not fit', async (_, input, words) => {
    const { api, sent } = client();
    const error = await errorOf(api.getQuote(input as never));
    expect([error.code, error.message.startsWith(words), sent]).toEqual(['INPUT_INVALID', true, []]);
  });

  test('does not send a body that JSON cannot say', async () => {
    const fetching = () => Promise.reject(new Error('sent'));
    const api = createClient(
      { add: { method: 'POST', path: '/', body: z.object({ lots: z.bigint() }), response: z.null() } },
      { baseUrl: BASE },
      { fetch: fetching },
    );
    const error = await errorOf(api.add({ body: { lots: 1n } }));
    expect([error.name, error.code]).toEqual(['PortcullisError', 'INPUT_INVALID']);
    expect(error.message).toMatch(/^add: body: expected what JSON can say: /);
  });

  test.each([['hunter2\nx'], ['hunter2\u2028x'], ['hunter2\0']])(
    'names a header that can not be sent, and not its value %j',
    async (value) => {
      const { api, sent, clock } = client(undefined, {}, { headers: () => ({ 'x-api-key': value }) });
      const error = await errorOf(api.listVenues());
      expect([error.code, error.message, error.cause]).toEqual([
        'INPUT_INVALID',
        'listVenues: headers.x-api-key: expected what a header can hold',
        undefined,
      ]);
      expect([sent, clock.nextDueMs]).toEqual([[], Infinity]);
    },
  );

  test.each([
    ['a field of another type', () => json({ ...QUOTE, price: 1.5 })],
    ['no JSON', () => new Response('<html>')],
    ['nothing', () => new Response('')],
  ])('refuses an answer that is %s', async (_, answer) => {
    const { api } = client(answer);
    const error = await errorOf(api.getQuote({ params: { symbol: 'BTC' }, query: { tag: [] } }));
    expect(error.code).toBe('INPUT_INVALID');
    expect(error.message).toMatch(/^getQuote: the answer does not fit: /);
  });
});

describe('a call that fails', () => {
  const problem = { type: 'about:blank', status: 409, detail: 'more lots than there are' };

  test.each([
    [
      'a problem',
      () => json(problem, 409),
      'listVenues: 409 more lots than there are',
      { status: 409, problem },
    ],
    [
      'another JSON',
      () => json({ error: 'x' }, 500),
      'listVenues: 500',
      { status: 500, problem: { error: 'x' } },
    ],
    ['null', () => json(null, 500), 'listVenues: 500', { status: 500, problem: 'null' }],
    [
      'a long page',
      () => new Response('x'.repeat(500), { status: 502 }),
      'listVenues: 502',
      { status: 502, problem: 'x'.repeat(200) },
    ],
    ['another success', () => json(['toy'], 202), 'listVenues: 202', { status: 202, problem: ['toy'] }],
  ])('with %s tells status and what was said', async (_, answer, message, details) => {
    const { api } = client(answer);
    const error = await errorOf(api.listVenues());
    expect([error.code, error.message, error.details, error.retryable]).toEqual([
      'REQUEST_FAILED',
      message,
      details,
      true,
    ]);
  });

  test.each<[string, unknown, string]>([
    ['an error', new Error('reset'), 'reset'],
    [
      'an error of fetch',
      new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }),
      'fetch failed: ECONNREFUSED',
    ],
    ['a text', 'no', 'no'],
    ['null', null, 'null'],
  ])('without an answer, by %s, tells what is known', async (_, thrown, why) => {
    const { api } = client(async () => {
      throw thrown;
    });
    const error = await errorOf(api.listVenues());
    expect([error.code, error.message, error.details]).toEqual([
      'REQUEST_FAILED',
      `listVenues: GET /v1/venues: ${why}`,
      {},
    ]);
    expect(error.cause).toBe(thrown);
  });

  test('by its time, and not a millisecond before', async () => {
    const { api, clock } = client(hanging, { timeoutMs: 100 });
    let error: PortcullisError | undefined;
    const call = errorOf(api.listVenues()).then((one) => (error = one));
    clock.advance(99);
    await clock.turn();
    expect(error).toBeUndefined();
    clock.advance(1);
    await call;
    expect([error?.code, error?.message]).toEqual([
      'REQUEST_FAILED',
      'listVenues: GET /v1/venues: no answer within 100 ms',
    ]);
  });

  test.each([
    ['before', true],
    ['meanwhile', false],
  ])('by a signal that aborts %s', async (_, early) => {
    const { api, clock } = client(hanging);
    const abort = new AbortController();
    const reason = new Error('the desk closes');
    if (early) abort.abort(reason);
    const call = errorOf(api.listVenues({}, { signal: abort.signal }));
    abort.abort(reason);
    const error = await call;
    expect([error.code, error.cause]).toEqual(['REQUEST_FAILED', reason]);
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('leaves no timer behind, nor does one that succeeds', async () => {
    const { api, clock } = client(() => json(['toy'], 500));
    await errorOf(api.listVenues());
    expect(clock.nextDueMs).toBe(Infinity);
  });
});

describe('options', () => {
  test.each([
    [{ baseUrl: 'quotes.test' }],
    [{ baseUrl: 'ftp://quotes.test' }],
    [{ baseUrl: 'http://quotes.test/?x=1' }],
    [{ baseUrl: 'http://quotes.test/#x' }],
    [{ timeoutMs: 0 }],
    [{ timeoutMs: 600_001 }],
    [{ retries: 3 }],
  ])('%j are refused', (options) => {
    expect(() => client(undefined, options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  test('credentials in the URL are refused and not repeated', () => {
    for (const baseUrl of [
      'http://anna:hunter2@quotes.test',
      'http://:hunter2@quotes.test',
      'http://hunter2@q.test',
    ]) {
      const make = () => createClient(sampleApi, { baseUrl });
      expect(make).toThrow('createClient: baseUrl: credentials belong into a header');
      expect(make).not.toThrow('hunter2');
    }
  });
});

test('client and service understand each other', async () => {
  const { ask } = serving((app) => {
    serveApi(app, sampleApi, sampleHandlers);
  });
  const { api } = client(
    async ({ url, init, headers }) => {
      const answer = await ask({
        url: url.slice('http://quotes.test'.length),
        method: init.method as 'GET',
        headers: Object.fromEntries(headers),
        ...(typeof init.body === 'string' && { payload: init.body }),
      });
      return new Response(answer.body, { status: answer.status });
    },
    { baseUrl: 'http://quotes.test' },
  );
  const inputs = { params: { symbol: 'BTC/ü?#%' }, query: { tag: ['a'], venue: [], depth: 4 } };
  expect(await api.getQuote(inputs)).toEqual({ symbol: 'BTC/ü?#%', price: '1.5', tags: ['a', 'none', '4'] });
  expect(await api.addOrder({ body: { symbol: 'BTC', lots: 2 } })).toEqual({ id: 'BTC-2' });
  const error = await errorOf(
    correlation.run('c1', () => api.addOrder({ body: { symbol: 'BTC', lots: 11 } })),
  );
  expect(error.details).toEqual({
    status: 409,
    problem: {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'more lots than there are',
      instance: '/orders',
      correlationId: 'c1',
    },
  });
});
