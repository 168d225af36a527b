import { describe, expect, test } from 'vitest';
import { serveApi } from '../../../src/service/index.ts';
import { sampleApi, sampleHandlers } from './sample-api.ts';
import { serving } from './support.ts';

const sample = () =>
  serving((app) => {
    serveApi(app, sampleApi, sampleHandlers);
  });

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };
const SYMBOL = { type: 'string', minLength: 3 };

const object = (properties: Readonly<Record<string, unknown>>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const content = (schema: unknown) => ({ 'application/json': { schema } });
const answered = (schema: unknown) => ({ description: 'Default Response', content: content(schema) });

describe('/openapi.json', () => {
  test('describes the whole API, and no chassis route', async () => {
    const answer = await sample().ask('/openapi.json');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toEqual({
      openapi: '3.1.0',
      info: { title: 'quotes', version: '1.2.3' },
      components: { schemas: {} },
      paths: {
        '/quotes/{symbol}': {
          get: {
            operationId: 'getQuote',
            summary: 'The last quote',
            description: 'Of one instrument.',
            tags: ['quotes'],
            parameters: [
              { in: 'query', name: 'tag', required: true, schema: { ...TEXTS, maxItems: 3 } },
              { in: 'query', name: 'venue', required: false, schema: TEXTS },
              { in: 'query', name: 'depth', required: false, schema: { type: 'number', default: 1 } },
              { in: 'path', name: 'symbol', required: true, schema: SYMBOL },
            ],
            responses: { 200: answered(object({ symbol: SYMBOL, price: TEXT, tags: TEXTS })) },
          },
        },
        '/orders': {
          post: {
            operationId: 'addOrder',
            requestBody: {
              required: true,
              content: content(
                object(
                  {
                    symbol: SYMBOL,
                    lots: {
                      type: 'integer',
                      minimum: Number.MIN_SAFE_INTEGER,
                      maximum: Number.MAX_SAFE_INTEGER,
                    },
                    note: TEXT,
                  },
                  ['symbol', 'lots'],
                ),
              ),
            },
            responses: { 201: answered(object({ id: TEXT })) },
          },
        },
        '/venues': {
          get: { operationId: 'listVenues', deprecated: true, responses: { 200: answered(TEXTS) } },
        },
      },
    });
  });

  test('of a service without routes has none', async () => {
    expect((await serving().ask('/openapi.json')).json()).toEqual({
      openapi: '3.1.0',
      info: { title: 'quotes', version: '1.2.3' },
      components: { schemas: {} },
      paths: {},
    });
  });
});

describe('/docs', () => {
  test('is a page that loads and runs nothing', async () => {
    const { headers, body, status } = await sample().ask('/docs');
    expect([status, headers['content-type'], headers['content-security-policy']]).toEqual([
      200,
      'text/html; charset=utf-8',
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ]);
    expect(body).toContain('<h2><b>GET</b> <code>/quotes/{symbol}</code></h2><p>The last quote</p>');
    expect(body).not.toMatch(/<script|<img|<link|<iframe|\son[a-z]+=|src=|https?:/i);
  });
});
