import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { environmentName, prefixOf } from '../../../src/service/config/environment-names.ts';
import { secret } from '../../../src/service/index.ts';
import { issuesOf, load, refused, schema } from './support/loading.ts';

describe('names of environment variables', () => {
  test.each([
    ['quotes', 'QUOTES_'],
    ['order-gateway', 'ORDER_GATEWAY_'],
    ['s3', 'S3_'],
  ])('the prefix of %s', (name, prefix) => {
    expect(prefixOf(name)).toBe(prefix);
  });

  test.each([
    [['port'], 'Q_PORT'],
    [['http', 'requestTimeoutMs'], 'Q_HTTP__REQUEST_TIMEOUT_MS'],
    [['maxRSSBytes'], 'Q_MAX_RSS_BYTES'],
    [['ipv4Only'], 'Q_IPV4_ONLY'],
    [['a-b', 'c.d'], 'Q_A_B__C_D'],
  ])('%j', (path, name) => {
    expect(environmentName('Q_', path)).toBe(name);
  });

  test('two fields of one name are refused', async () => {
    const twins = z.strictObject({ httpPort: z.int().optional(), http_port: z.int().optional() });
    expect((await refused(load(twins))).message).toBe(
      'loadConfig: http_port and httpPort would both be QUOTES_HTTP_PORT in the environment',
    );
  });

  test('no field can be called as the profile is', async () => {
    const error = await refused(load(z.strictObject({ profile: z.string().optional() })));
    expect(error.message).toContain('profile and the profile would both be QUOTES_PROFILE');
  });
});

describe('the environment', () => {
  test('is read by what the schema takes', async () => {
    const { value } = await load(schema, {
      env: { QUOTES_REGION: '007', QUOTES_HTTP__PORT: '8080', QUOTES_SYMBOLS: '["A"]', PATH: '/bin' },
    });
    expect(value).toMatchObject({ region: '007', http: { port: 8080 }, symbols: ['A'] });
  });

  test('may name an object as JSON, which is merged as any other', async () => {
    const { value } = await load(schema, {
      defaults: { http: { host: 'x' } },
      env: { QUOTES_HTTP: '{"port":5}', QUOTES_HTTP__REQUEST_TIMEOUT_MS: '9' },
    });
    expect(value.http).toEqual({ host: 'x', port: 5, requestTimeoutMs: 9 });
  });

  test('a variable that is undefined is none, an empty one is', async () => {
    expect((await load(schema, { env: { QUOTES_REGION: undefined } })).value.region).toBe('here');
    expect((await load(schema, { env: { QUOTES_REGION: '' } })).value.region).toBe('');
  });

  test('with a prefix of its own', async () => {
    const { value } = await load(schema, { envPrefix: 'APP_', env: { APP_REGION: 'a', QUOTES_REGION: 'b' } });
    expect(value.region).toBe('a');
  });

  test('a misspelt name is refused, with what was meant, and without its value', async () => {
    expect(await issuesOf(load(schema, { env: { QUOTES_HTTP__PROT: '1', QUOTES_X_Y_Z: '1' } }))).toEqual([
      {
        field: 'QUOTES_HTTP__PROT',
        expected: 'expected the name of a field; nearest: QUOTES_HTTP__PORT, QUOTES_HTTP__HOST',
        source: 'environment QUOTES_HTTP__PROT',
      },
      { field: 'QUOTES_X_Y_Z', expected: 'expected the name of a field', source: 'environment QUOTES_X_Y_Z' },
    ]);
  });

  test('a name in the .env file is looked at as well', async () => {
    const given = { envFile: '/.env', files: { '/.env': 'QUOTES_REGOIN=x\nOTHER=1' } };
    const issues = await issuesOf(load(schema, given));
    expect(issues.map(({ source }) => source)).toEqual(['file /.env QUOTES_REGOIN']);
  });

  test('what belongs to others is left alone', async () => {
    const env = { QUOTES_CACHE_SIZE: '1' };
    expect((await load(schema, { env, otherPrefixes: ['QUOTES_CACHE_'] })).value.region).toBe('here');
  });

  test('a variable that holds a secret is no misspelt field', async () => {
    const withKey = z.strictObject({ key: secret(), more: z.array(secret()).default([]) });
    const env = {
      QUOTES_KEY: 'env:QUOTES_KEY_TEXT',
      QUOTES_KEY_TEXT: 's',
      QUOTES_MORE: '["env:QUOTES_B"]',
      QUOTES_B: 't',
    };
    const { value } = await load(withKey, { env });
    expect([value.key.reveal(), value.more[0]?.reveal()]).toEqual(['s', 't']);
  });

  test('a text that stands for no value: field, text, what was expected, where', async () => {
    const needed = z.strictObject({ port: z.int() });
    expect(await issuesOf(load(needed, { env: { QUOTES_PORT: '80a' } }))).toEqual([
      { field: 'port', expected: 'expected a number', got: '"80a"', source: 'environment QUOTES_PORT' },
    ]);
  });
});

describe('aliases', () => {
  const aliases = { PORT: 'http.port', QUOTES_OLD_REGION: 'region' };

  test('are further names', async () => {
    const { value } = await load(schema, { aliases, env: { PORT: '9', QUOTES_OLD_REGION: 'old' } });
    expect([value.http.port, value.region]).toEqual([9, 'old']);
  });

  test('two names of one field conflict, also when they agree', async () => {
    const issues = await issuesOf(load(schema, { aliases, env: { PORT: '9', QUOTES_HTTP__PORT: '9' } }));
    expect(issues).toEqual([
      {
        field: 'http.port',
        expected: 'expected one of two names for one field, not both',
        source: 'environment PORT and QUOTES_HTTP__PORT',
      },
    ]);
  });

  test('an object and a field in it conflict when both name the field', async () => {
    const env = { QUOTES_HTTP: '{"host":"a","port":1}', QUOTES_HTTP__PORT: '2' };
    const issues = await issuesOf(load(schema, { env }));
    expect(issues.map(({ field, source }) => [field, source])).toEqual([
      ['http.port', 'environment QUOTES_HTTP and QUOTES_HTTP__PORT'],
    ]);
  });

  test('over two layers the stronger one counts', async () => {
    const given = {
      aliases,
      envFile: '/.env',
      files: { '/.env': 'PORT=1' },
      env: { QUOTES_HTTP__PORT: '2' },
    };
    expect((await load(schema, given)).value.http.port).toBe(2);
  });
});

describe('links that Kubernetes makes for a Service of the same name', () => {
  const links = {
    QUOTES_SERVICE_HOST: '10.0.0.1',
    QUOTES_SERVICE_PORT: '80',
    QUOTES_SERVICE_PORT_HTTP: '80',
    QUOTES_PORT: 'tcp://10.0.0.1:80',
    QUOTES_PORT_80_TCP: 'tcp://10.0.0.1:80',
    QUOTES_PORT_80_TCP_PROTO: 'tcp',
    QUOTES_PORT_80_TCP_PORT: '80',
    QUOTES_PORT_80_TCP_ADDR: '10.0.0.1',
    QUOTES_CACHE_SERVICE_HOST: '10.0.0.2',
    QUOTES_CACHE_SERVICE_PORT: '81',
    QUOTES_CACHE_PORT: 'tcp://10.0.0.2:81',
  };
  const flat = z.strictObject({ port: z.int().default(0) });

  test('are no misspelt fields', async () => {
    expect((await load(flat, { env: links })).value.port).toBe(0);
  });

  test('a port of ours is still ours', async () => {
    expect((await load(flat, { env: { ...links, QUOTES_PORT: '7' } })).value.port).toBe(7);
  });

  test.each([
    { QUOTES_SERVICE_HOST: '10.0.0.1' },
    { QUOTES_SERVICE_PORT: '80' },
    { QUOTES_SERVICE_HOST: '10.0.0.1', QUOTES_SERVICE_PORT: 'eighty' },
    { QUOTES_PORT_80_TCP: 'tcp://10.0.0.1:80' },
  ])('a part of one is: %j', async (env) => {
    expect(await issuesOf(load(flat, { env }))).toHaveLength(Object.keys(env).length);
  });
});
