import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { secret } from '../../../src/service/index.ts';
import { issuesOf, load, refused, schema } from './support/loading.ts';

const FILE = '/etc/quotes.json';

describe('the issues of a configuration', () => {
  test('come all at once, each with field, value, what was expected and where it stands', async () => {
    const full = z.strictObject({
      key: z.string(),
      mode: z.enum(['paper', 'live']),
      http: z.strictObject({ port: z.int().max(65_535), host: z.string() }),
      list: z.array(z.number()),
      even: z.number().refine((n) => n % 2 === 0, 'must be even'),
    });
    const error = await refused(
      load(full, {
        defaults: { even: 3 },
        profile: 'own',
        profiles: { own: { mode: 'play' as 'live' } },
        file: FILE,
        files: { [FILE]: '{"http":{"port":"80","hots":"x"},"list":[1,"2"]}' },
        env: { QUOTES_HTTP__PORT: '65536' },
      }),
    );
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.details['issues']).toEqual([
      {
        field: 'key',
        expected: 'expected string',
        got: 'nothing',
        source: 'not set; in the environment: QUOTES_KEY',
      },
      { field: 'mode', expected: 'expected one of "paper"|"live"', got: '"play"', source: 'profile own' },
      {
        field: 'http.port',
        expected: 'expected number to be <=65535',
        got: '65536',
        source: 'environment QUOTES_HTTP__PORT',
      },
      {
        field: 'http.host',
        expected: 'expected string',
        got: 'nothing',
        source: 'not set; in the environment: QUOTES_HTTP__HOST',
      },
      {
        field: 'http.hots',
        expected: 'expected a field of the schema; nearest: host',
        source: `file ${FILE} at http.hots`,
      },
      { field: 'list.1', expected: 'expected number', got: '"2"', source: `file ${FILE} at list.1` },
      { field: 'even', expected: 'must be even', got: '3', source: 'defaults of the service' },
    ]);
    expect(error.message).toContain(
      'configuration of quotes: key: expected string, got nothing (not set; in the environment: QUOTES_KEY); mode: ',
    );
    expect(error.message).toContain(
      'http.hots: expected a field of the schema; nearest: host (file /etc/quotes.json at http.hots)',
    );
  });

  test('a value that misses every choice', async () => {
    const choice = z.strictObject({ wait: z.union([z.literal('none'), z.strictObject({ ms: z.number() })]) });
    expect(await issuesOf(load(choice, { overrides: { wait: { ms: 'x' as never } } }))).toEqual([
      {
        field: 'wait',
        expected: 'expected "none", or ms: number',
        got: '{"ms":"x"}',
        source: 'overrides',
      },
    ]);
  });

  test('an exclusive choice without its kind', async () => {
    const choice = z.strictObject({
      store: z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('disk'), path: z.string() })]),
    });
    const [issue] = await issuesOf(load(choice, { overrides: { store: { kind: 'tape' as never } } }));
    expect([issue?.field, issue?.got, issue?.source]).toEqual(['store.kind', '"tape"', 'overrides']);
  });

  test('a rule over the whole, and one over a part', async () => {
    const ruled = schema.refine(({ region }) => region !== 'x', 'not there');
    expect(await issuesOf(load(ruled, { overrides: { region: 'x' } }))).toEqual([
      { field: '(whole)', expected: 'not there', source: 'all layers' },
    ]);
    const part = z.strictObject({
      http: z
        .strictObject({ low: z.number(), high: z.number() })
        .refine((h) => h.low < h.high, 'low below high'),
    });
    expect(await issuesOf(load(part, { defaults: { http: { low: 2, high: 1 } } }))).toEqual([
      {
        field: 'http',
        expected: 'low below high',
        got: '{"low":2,"high":1}',
        source: 'defaults of the service',
      },
    ]);
  });

  test('a long value is cut', async () => {
    const [issue] = await issuesOf(
      load(z.strictObject({ a: z.number() }), { env: { QUOTES_A: 'x'.repeat(200) } }),
    );
    expect(issue?.got).toBe(`"${'x'.repeat(76)}...`);
  });

  test('rules that wait are waited for, rules that throw are named without what they said', async () => {
    const slow = z.strictObject({ a: z.string().refine(async (a) => a === 'b', 'not b') });
    expect(await issuesOf(load(slow, { overrides: { a: 'c' } }))).toHaveLength(1);
    const broken = z.strictObject({
      a: z.string().transform((a) => {
        throw new TypeError(`no ${a}`);
      }),
    });
    expect(await issuesOf(load(broken, { overrides: { a: 'sesame' } }))).toEqual([
      {
        field: '(whole)',
        expected: 'expected a schema that does not throw, but it threw TypeError',
        source: 'the schema',
      },
    ]);
  });
});

describe('a secret in the wrong place', () => {
  const OPEN = 'open-sesame-0815';
  const everything = (error: Error): string =>
    [error.message, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), error.stack].join(
      '\n',
    );

  const keyed = z.strictObject({
    key: secret(),
    auth: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('none') }),
        z.strictObject({ kind: z.literal('token'), bearer: secret() }),
      ])
      .optional(),
    password: z
      .string()
      .max(3, { error: (issue) => `too long: ${JSON.stringify(issue.input)}` })
      .optional(),
    keys: z.array(secret()).optional(),
    byVenue: z.record(z.string(), secret()).optional(),
    pair: z.tuple([z.string(), secret()]).optional(),
    url: z.url({ protocol: /^amqp$/ }).optional(),
    apiKey: z.number().optional(),
  });

  test.each([
    ['as a literal', { key: OPEN }],
    ['as an object', { key: { text: OPEN } }],
    ['as a number', { key: 815 }],
    ['as an env name that is none', { key: `env:${OPEN}` }],
    ['as a relative file', { key: `file:${OPEN}` }],
    ['in a choice', { key: 'env:KEY', auth: { kind: 'token', bearer: OPEN } }],
    ['in a choice of no kind', { key: 'env:KEY', auth: { kind: 'tokn', bearer: OPEN } }],
    ['instead of a choice', { key: 'env:KEY', auth: OPEN }],
    ['in a list', { key: 'env:KEY', keys: [OPEN] }],
    ['instead of a list', { key: 'env:KEY', keys: OPEN }],
    ['in a record', { key: 'env:KEY', byVenue: { x: OPEN } }],
    ['in a tuple', { key: 'env:KEY', pair: ['a', OPEN] }],
    ['in a tuple that is too short', { key: 'env:KEY', pair: [OPEN] }],
    ['under a misspelt name', { key: 'env:KEY', kye: OPEN }],
    ['in a field that is no secret but called one', { key: 'env:KEY', password: OPEN }],
    ['of another type', { key: 'env:KEY', apiKey: OPEN }],
    ['in a URL', { key: 'env:KEY', url: `redis://me:${OPEN}@host/1` }],
  ])('%s: refused without saying it', async (_what, overrides) => {
    const error = await refused(load(keyed, { overrides: overrides as never, env: { KEY: 'k' } }));
    expect(error.code).toBe('CONFIG_INVALID');
    const shown = everything(error);
    expect(shown).not.toContain(OPEN);
    expect(shown).not.toMatch(/\b815\b/);
  });

  test.each([
    ['QUOTES_KEY', OPEN],
    ['QUOTES_KEYS', OPEN],
    ['QUOTES_KEYS', `["${OPEN}"`],
    ['QUOTES_API_KEY', OPEN],
    ['QUOTES_AUTH', OPEN],
    ['QUOTES_BY_VENUE', `{"x":"${OPEN}"}`],
    ['QUOTES_KYE', OPEN],
  ])('in the environment as %s: refused without saying it', async (name, text) => {
    const error = await refused(load(keyed, { env: { KEY: 'k', QUOTES_KEY: 'env:KEY', [name]: text } }));
    expect(everything(error)).not.toContain(OPEN);
  });

  test('says how it is written', async () => {
    expect(await issuesOf(load(keyed, { env: { QUOTES_KEY: OPEN } }))).toEqual([
      {
        field: 'key',
        expected:
          'expected where the secret stands, not the secret: env:NAME, file:/absolute/path or vault:reference',
        got: '[redacted]',
        source: 'environment QUOTES_KEY',
      },
    ]);
  });
});
