import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../../../../src/core/index.ts';
import { loadConfig } from '../../../../src/service/index.ts';
import { temporaryDirectory } from '../../../storage/support/temporary.ts';
import { issuesOf, load, refused, schema } from '../../../service/config/support/loading.ts';

const one = z.strictObject({ at: z.string().default('schema') });
const FILE = '/etc/quotes.json';
const ENV_FILE = '/srv/.env';

/** Every layer says its own name. */
const everyLayer = {
  defaults: { at: 'defaults' },
  profile: 'own',
  profiles: { own: { at: 'profile' } },
  file: FILE,
  envFile: ENV_FILE,
  files: { [FILE]: '{"at":"file"}', [ENV_FILE]: 'QUOTES_AT=env-file' },
  env: { QUOTES_AT: 'environment' },
  overrides: { at: 'overrides' },
};

describe('loadConfig: layers', () => {
  test('the strongest that names a field wins', async () => {
    const { overrides, ...upToEnv } = everyLayer;
    const { env, ...upToEnvFile } = upToEnv;
    const { envFile, ...upToFile } = upToEnvFile;
    const { file, ...upToProfile } = upToFile;
    const { profile, ...upToDefaults } = upToProfile;
    const at = async (given: Parameters<typeof load<typeof one>>[1]) => (await load(one, given)).value.at;
    expect(await at(everyLayer)).toBe('overrides');
    expect(await at(upToEnv)).toBe('environment');
    expect(await at(upToEnvFile)).toBe('env-file');
    expect(await at(upToFile)).toBe('file');
    expect(await at(upToProfile)).toBe('profile');
    expect(await at(upToDefaults)).toBe('defaults');
    expect(await at({})).toBe('schema');
    expect([overrides, env, envFile, file, profile]).not.toContain(undefined);
  });

  test('objects are put together, lists and scalars replace', async () => {
    const { value } = await load(schema, {
      defaults: { http: { host: 'a', port: 1 }, symbols: ['A', 'B'] },
      file: FILE,
      files: { [FILE]: '{"http":{"port":2},"symbols":["C"]}' },
      env: { QUOTES_HTTP__REQUEST_TIMEOUT_MS: '5' },
    });
    expect(value).toEqual({
      region: 'here',
      http: { host: 'a', port: 2, requestTimeoutMs: 5 },
      symbols: ['C'],
    });
  });

  test('records are put together as well, exclusive choices are not', async () => {
    const mixed = z.strictObject({
      limits: z.record(z.string(), z.number()).default({}),
      store: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('memory'), size: z.number() }),
        z.strictObject({ kind: z.literal('disk'), path: z.string() }),
      ]),
    });
    const { value } = await load(mixed, {
      defaults: { limits: { a: 1, b: 1 }, store: { kind: 'memory', size: 9 } },
      overrides: { limits: { b: 2 }, store: { kind: 'disk', path: '/x' } },
    });
    expect(value).toEqual({ limits: { a: 1, b: 2 }, store: { kind: 'disk', path: '/x' } });
  });

  test('the default of a whole object is the weakest layer of what is in it', async () => {
    const whole = z.strictObject({
      http: z.strictObject({ host: z.string(), port: z.int() }).default({ host: 'default', port: 80 }),
    });
    expect((await load(whole)).value).toEqual({ http: { host: 'default', port: 80 } });
    const { value } = await load(whole, { env: { QUOTES_HTTP__PORT: '81' } });
    expect(value).toEqual({ http: { host: 'default', port: 81 } });
  });

  test('undefined says nothing, null is a value', async () => {
    const nullable = z.strictObject({ a: z.number().nullable().default(1), b: z.number().default(1) });
    const { value } = await load(nullable, {
      defaults: { a: 2, b: 2 },
      overrides: { a: null, b: undefined },
    });
    expect(value).toEqual({ a: null, b: 2 });
  });

  test('nobody can change what was loaded, and what was given stays open', async () => {
    const defaults = { symbols: ['A'] };
    const { value } = await load(schema, { defaults });
    expect([value, value.http, value.symbols].every(Object.isFrozen)).toBe(true);
    defaults.symbols.push('B');
    expect(value.symbols).toEqual(['A']);
  });

  test('an object from the outside cannot reach the prototype', async () => {
    const issues = await issuesOf(
      load(schema, { file: FILE, files: { [FILE]: '{"__proto__":{"region":"x"}}' } }),
    );
    expect(issues).toEqual([
      { field: '__proto__', expected: 'expected a field of the schema', source: `file ${FILE} at __proto__` },
    ]);
  });

  test('reads the files of the machine', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'quotes.json');
    const envFile = join(directory, '.env');
    await writeFile(file, '{"region":"file","http":{"port":7}}');
    await writeFile(envFile, 'QUOTES_REGION=env');
    const deps = { env: {}, clock: new ManualClock() };
    const { value } = await loadConfig(schema, { name: 'quotes', file, envFile }, deps);
    expect([value.region, value.http.port]).toEqual(['env', 7]);
  });
});

describe('loadConfig: profiles', () => {
  const service = z.strictObject({
    service: z
      .strictObject({ logLevel: z.string().default('warn'), stopTimeoutMs: z.number().default(1) })
      .prefault({}),
    size: z.number().default(0),
  });

  test('light and heavy are there, for the fields that the schema has', async () => {
    expect((await load(service, { profile: 'light' })).value).toEqual({
      service: { logLevel: 'debug', stopTimeoutMs: 2_000 },
      size: 0,
    });
    expect((await load(service, { profile: 'heavy' })).value.service.stopTimeoutMs).toBe(30_000);
    expect((await load(one, { profile: 'heavy' })).value).toEqual({ at: 'schema' });
  });

  test('a profile makes no part that is optional', async () => {
    const optional = z.strictObject({ service: z.strictObject({ other: z.string() }).optional() });
    expect((await load(optional, { profile: 'heavy' })).value).toEqual({});
  });

  test('an own profile with the name of a built-in one lies over it', async () => {
    const profiles = { light: { size: 5, service: { stopTimeoutMs: 9 } } };
    const { value, profile } = await load(service, { profile: 'light', profiles });
    expect([value, profile]).toEqual([
      { service: { logLevel: 'debug', stopTimeoutMs: 9 }, size: 5 },
      'light',
    ]);
  });

  test('the environment chooses before the .env file, and that before the option', async () => {
    const given = { profile: 'light', envFile: ENV_FILE, files: { [ENV_FILE]: 'QUOTES_PROFILE=heavy' } };
    const own = { own: { size: 1 } };
    expect((await load(service, given)).profile).toBe('heavy');
    const chosen = await load(service, { ...given, profiles: own, env: { QUOTES_PROFILE: 'own' } });
    expect([chosen.profile, chosen.value.size]).toEqual(['own', 1]);
    expect((await load(service)).profile).toBeUndefined();
  });

  test.each([
    ['constructor', {}, 'option profile', ''],
    ['haevy', {}, 'option profile', '; nearest: heavy'],
    ['', { QUOTES_PROFILE: '' }, 'environment QUOTES_PROFILE', ''],
  ])('refuses the unknown profile %j', async (name, env, source, hint) => {
    const issues = await issuesOf(load(service, { ...(name !== '' && { profile: name }), env }));
    expect(issues).toEqual([
      {
        field: 'profile',
        expected: `expected one of light, heavy${hint}`,
        got: JSON.stringify(name),
        source,
      },
    ]);
  });
});

describe('loadConfig: files that are not as they should be', () => {
  const withFile = (text: string | undefined) =>
    issuesOf(load(schema, { file: FILE, files: text === undefined ? {} : { [FILE]: text } }));

  test('that is not there', async () => {
    expect(await withFile(undefined)).toEqual([
      {
        field: 'file',
        expected: `expected a file that can be read: ENOENT: no such file ${FILE}`,
        source: `file ${FILE}`,
      },
    ]);
  });

  test('that is damaged: says where, and quotes nothing of it', async () => {
    expect(await withFile('{\n  "apiKey": sesame }')).toEqual([
      { field: 'file', expected: 'line 2, column 13: expected a JSON value', source: `file ${FILE}` },
    ]);
  });

  test.each(['[]', '1', 'null', '"text"'])('that holds no object: %s', async (text) => {
    expect(await withFile(text)).toEqual([
      { field: 'file', expected: 'expected an object as JSON', source: `file ${FILE}` },
    ]);
  });

  test('a damaged .env file', async () => {
    const issues = await issuesOf(load(schema, { envFile: ENV_FILE, files: { [ENV_FILE]: 'A=1\noops' } }));
    expect(issues).toEqual([
      { field: 'envFile', expected: 'line 2, column 1: expected NAME=value', source: `file ${ENV_FILE}` },
    ]);
    expect(await issuesOf(load(schema, { envFile: ENV_FILE }))).toHaveLength(1);
  });

  test('what may stand in a file that cannot be read is not missing as well', async () => {
    const needed = z.strictObject({ key: z.string(), port: z.int().default(1) });
    const issues = await issuesOf(load(needed, { file: FILE, env: { QUOTES_PORT: 'x' } }));
    expect(issues.map(({ field }) => field)).toEqual(['file', 'port']);
  });
});

describe('loadConfig: what the program has wrong', () => {
  test.each([
    ['name', { name: 'Quotes' }],
    ['envPrefix', { envPrefix: 'quotes' }],
    ['secretPollMs', { secretPollMs: 99 }],
    ['secretTimeoutMs', { secretTimeoutMs: 0 }],
    ['defaults', { defaults: [] as never }],
    ['profil', { profil: 'light' }],
    ['alias PORT', { aliases: { PORT: 'http.prot' } }],
  ])('refuses %s', async (what, given) => {
    const error = await refused(load(schema, given as never));
    expect(error.code).toBe('OPTION_INVALID');
    expect(error.message).toContain(what);
  });

  test('refuses an object that takes fields it does not know', async () => {
    const loose = z.strictObject({ http: z.object({ port: z.int() }).optional() });
    expect((await refused(load(loose))).message).toBe(
      'loadConfig: http: expected z.strictObject, which refuses misspelt fields',
    );
    expect((await refused(load(z.looseObject({})))).message).toContain('the schema: expected z.strictObject');
  });

  test('a schema that contains itself ends', async () => {
    interface Tree {
      readonly name: string;
      readonly next?: Tree | undefined;
    }
    const tree: z.ZodType<Tree> = z.lazy(() => z.strictObject({ name: z.string(), next: tree.optional() }));
    const { value } = await load(z.strictObject({ tree }), {
      env: { QUOTES_TREE__NAME: 'a', QUOTES_TREE__NEXT: '{"name":"b"}' },
    });
    expect(value).toEqual({ tree: { name: 'a', next: { name: 'b' } } });
  });
});
