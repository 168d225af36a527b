import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { secret } from '../../../src/service/index.ts';
import { load, schema } from './support/loading.ts';

const FILE = '/etc/quotes.json';

describe('explain', () => {
  test('says where every value comes from, and what it took the place of', async () => {
    const loaded = await load(schema, {
      defaults: { http: { port: 1, host: 'a' } },
      profile: 'own',
      profiles: { own: { http: { port: 2 } } },
      file: FILE,
      files: { [FILE]: '{"http":{"port":3}}', '/.env': 'QUOTES_HTTP__PORT=4' },
      envFile: '/.env',
      env: { PORT: '5' },
      aliases: { PORT: 'http.port' },
      overrides: { symbols: ['A'] },
    });
    expect(loaded.explain()).toEqual([
      { path: 'region', value: 'here', source: 'default', overrode: [] },
      {
        path: 'http.host',
        value: 'a',
        source: 'defaults of the service',
        overrode: [{ value: '127.0.0.1', source: 'default' }],
      },
      {
        path: 'http.port',
        value: 5,
        source: 'environment PORT',
        overrode: [
          { value: 4, source: 'file /.env QUOTES_HTTP__PORT' },
          { value: 3, source: `file ${FILE} at http.port` },
          { value: 2, source: 'profile own' },
          { value: 1, source: 'defaults of the service' },
          { value: 0, source: 'default' },
        ],
      },
      { path: 'http.requestTimeoutMs', value: 1000, source: 'default', overrode: [] },
      { path: 'symbols', value: ['A'], source: 'overrides', overrode: [{ value: [], source: 'default' }] },
    ]);
    expect(Object.isFrozen(loaded.explain())).toBe(true);
  });

  test('a record has a line for each of its members', async () => {
    const records = z.strictObject({ limits: z.record(z.string(), z.number()).default({}) });
    const given = { defaults: { limits: { a: 1, b: 1 } }, overrides: { limits: { b: 2 } } };
    const lines = (await load(records, given)).explain().map(({ path, source }) => [path, source]);
    expect(lines).toEqual([
      ['limits.a', 'defaults of the service'],
      ['limits.b', 'overrides'],
    ]);
    expect((await load(records)).explain()).toEqual([
      { path: 'limits', value: {}, source: 'default', overrode: [] },
    ]);
  });

  test('the default of a whole object is called so', async () => {
    const whole = z.strictObject({ a: z.strictObject({ x: z.int(), y: z.int() }).default({ x: 1, y: 2 }) });
    const lines = (await load(whole, { overrides: { a: { y: 3 } } })).explain();
    expect(lines).toEqual([
      { path: 'a.x', value: 1, source: 'default', overrode: [] },
      { path: 'a.y', value: 3, source: 'overrides', overrode: [{ value: 2, source: 'default' }] },
    ]);
  });

  test('shows what JSON has no form for as text', async () => {
    const odd = z.strictObject({
      big: z.bigint(),
      day: z.coerce.date(),
      endless: z.any(),
      made: z.string().transform((text) => new Map([[text, 1]])),
      nothing: z.null(),
      fn: z.any(),
      deep: z.any(),
    });
    const lines = (
      await load(odd, {
        env: {
          QUOTES_BIG: '7',
          QUOTES_DAY: '2026-01-02T00:00:00Z',
          QUOTES_MADE: 'a',
          QUOTES_NOTHING: 'null',
        },
        overrides: { endless: Infinity, fn: () => 1, deep: { list: [true, { token: 't', n: 1 }] } },
      })
    ).explain();
    expect(Object.fromEntries(lines.map(({ path, value }) => [path, value]))).toEqual({
      big: '7',
      day: '2026-01-02T00:00:00.000Z',
      endless: 'Infinity',
      made: '[Map]',
      nothing: null,
      fn: '[function]',
      deep: { list: [true, { token: '[redacted]', n: 1 }] },
    });
  });

  test('redacts secrets, what is called as one, and the user of a URL', async () => {
    const keyed = z.strictObject({
      key: secret({ allowLiteral: true }),
      password: z.string(),
      store: z.string(),
      auth: z.union([z.literal('none'), z.strictObject({ bearer: secret() })]),
      venues: z.record(z.string(), z.strictObject({ key: secret(), size: z.number() })),
    });
    const loaded = await load(keyed, {
      defaults: { key: 'old-sesame' },
      overrides: {
        key: 'sesame',
        password: 'pass',
        store: 'redis://me:pass@host:1/2?x=1',
        auth: { bearer: 'env:SESAME' },
        venues: { x: { key: 'env:SESAME', size: 1 } },
      },
      env: { SESAME: 'sesame' },
    });
    const source = 'overrides';
    expect(loaded.explain()).toEqual([
      {
        path: 'key',
        value: '[redacted]',
        source,
        overrode: [{ value: '[redacted]', source: 'defaults of the service' }],
        reference: 'a literal',
        warning: 'a literal: only for tests and development',
      },
      { path: 'password', value: '[redacted]', source, overrode: [] },
      { path: 'store', value: 'redis://[redacted]@host:1/2?x=1', source, overrode: [] },
      { path: 'auth', value: '[redacted]', source, overrode: [] },
      { path: 'venues.x.key', value: '[redacted]', source, overrode: [], reference: 'env:SESAME' },
      { path: 'venues.x.size', value: 1, source, overrode: [] },
    ]);
    expect(inspect(loaded, { depth: 9, showHidden: true })).not.toContain('sesame');
    expect(JSON.stringify([loaded, loaded.explain()])).not.toContain('sesame');
  });
});

describe('hash', () => {
  const hashOf = async (given: Parameters<typeof load<typeof schema>>[1]) => (await load(schema, given)).hash;

  test('is that of the settings, wherever they come from', async () => {
    const hash = await hashOf({ overrides: { region: 'x', http: { port: 1 } } });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashOf({ env: { QUOTES_HTTP__PORT: '1' }, defaults: { region: 'x' } })).toBe(hash);
    expect(await hashOf({ overrides: { region: 'x', http: { port: 2 } } })).not.toBe(hash);
  });

  test('says nothing of a secret', async () => {
    const keyed = z.strictObject({ key: secret({ allowLiteral: true }) });
    const hashes = ['one', 'two'].map(async (key) => (await load(keyed, { overrides: { key } })).hash);
    expect(new Set(await Promise.all(hashes)).size).toBe(1);
  });
});
