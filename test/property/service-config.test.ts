import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import { fieldsOf } from '../../src/service/config/config-fields.ts';
import { readEnvText } from '../../src/service/config/env-text.ts';
import { environmentName, environmentNames } from '../../src/service/config/environment-names.ts';
import { readJson } from '../../src/service/config/json-text.ts';
import { parseText } from '../../src/service/config/parse-text.ts';
import { loadConfig } from '../../src/service/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import { parseEnv } from 'node:util';

const FILE = '/quotes.json';
const ENV_FILE = '/.env';

/** Weakest first, with what `explain` calls a field of it. */
const LAYERS = ['defaults', 'profile', 'file', 'env-file', 'env', 'overrides'] as const;
type Layer = (typeof LAYERS)[number];

const FIELDS = {
  name: ['name'],
  port: ['http', 'port'],
  isOpen: ['http', 'tls', 'isOpen'],
  list: ['list'],
  level: ['http', 'level'],
} as const;
type Field = keyof typeof FIELDS;

const schema = z.strictObject({
  name: z.string().default('default'),
  http: z
    .strictObject({
      port: z.number().default(-1),
      level: z.enum(['low', 'high', 'none']).default('none'),
      tls: z.strictObject({ isOpen: z.boolean().nullable().default(null) }).prefault({}),
    })
    .prefault({}),
  list: z.array(z.string()).default(['default']),
});
const DEFAULTS: Record<Field, unknown> = {
  name: 'default',
  port: -1,
  isOpen: null,
  list: ['default'],
  level: 'none',
};

// A text for a .env file stands on one line, between quotes that it does not have.
const line = fc.stringMatching(/^[a-zA-Z0-9 #=.,:{}[\]-]{0,12}$/);
const valueOf: Record<Field, fc.Arbitrary<unknown>> = {
  name: line,
  port: fc.double({ noNaN: true, min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }).map((number) => number + 0),
  isOpen: fc.boolean(),
  list: fc.array(line, { maxLength: 3 }),
  level: fc.constantFrom('low', 'high'),
};
const said = fc.record(valueOf, { requiredKeys: [] });
const layers = fc.record(
  Object.fromEntries(LAYERS.map((layer) => [layer, said])) as Record<Layer, typeof said>,
);
type Said = Partial<Record<Field, unknown>>;

const treeOf = (values: Said): Record<string, unknown> => {
  const tree: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(values)) {
    const path = FIELDS[field as Field];
    let at = tree;
    for (const name of path.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
    at[path.at(-1) ?? ''] = value;
  }
  return tree;
};
const nameOf = (field: string): string => environmentName('QUOTES_', FIELDS[field as Field]);
const variablesOf = (values: Said): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([field, value]) => [
      nameOf(field),
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
const envTextOf = (values: Said): string =>
  Object.entries(variablesOf(values))
    .map(([name, value]) => `${name}='${value}'`)
    .join('\n');

const sourceOf = (layer: Layer, field: Field): string =>
  ({
    defaults: 'defaults of the service',
    profile: 'profile own',
    file: `file ${FILE} at ${FIELDS[field].join('.')}`,
    'env-file': `file ${ENV_FILE} ${nameOf(field)}`,
    env: `environment ${nameOf(field)}`,
    overrides: 'overrides',
  })[layer];

function loadAll(all: Readonly<Record<Layer, Said>>) {
  const files: Record<string, string> = {
    [FILE]: JSON.stringify(treeOf(all.file)),
    [ENV_FILE]: envTextOf(all['env-file']),
  };
  return loadConfig(
    schema,
    {
      name: 'quotes',
      defaults: treeOf(all.defaults),
      profile: 'own',
      profiles: { own: treeOf(all.profile) },
      file: FILE,
      envFile: ENV_FILE,
      overrides: treeOf(all.overrides),
    },
    {
      env: variablesOf(all.env),
      clock: new ManualClock(),
      readFile: (path) => Promise.resolve(files[path] ?? ''),
    },
  );
}

describe('layers', () => {
  test.prop([layers])('the strongest that names a field wins, and explain says which', async (all) => {
    const loaded = await loadAll(all);
    const lines = new Map(loaded.explain().map((found) => [found.path, found]));
    expect(lines.size).toBe(Object.keys(FIELDS).length);
    for (const field of Object.keys(FIELDS) as Field[]) {
      const naming = LAYERS.filter((layer) => field in all[layer]).reverse();
      const expected = [
        ...naming.map((layer) => ({ value: all[layer][field], source: sourceOf(layer, field) })),
        { value: DEFAULTS[field], source: 'default' },
      ];
      const found = lines.get(FIELDS[field].join('.'));
      expect([{ value: found?.value, source: found?.source }, ...(found?.overrode ?? [])]).toEqual(expected);
      const value = FIELDS[field].reduce<unknown>(
        (at, name) => (at as Record<string, unknown>)[name],
        loaded.value,
      );
      expect(value).toEqual(expected[0]?.value);
    }
  });

  test.prop([layers])('the hash depends on what came of it alone', async (all) => {
    const loaded = await loadAll(all);
    const { name, http, list } = loaded.value;
    const again = await loadAll({
      defaults: {},
      profile: {},
      file: {},
      'env-file': {},
      env: {},
      overrides: { name, list, port: http.port, level: http.level, isOpen: http.tls.isOpen },
    });
    expect(again.hash).toBe(loaded.hash);
  });
});

/** Names as people give them: camelCase, at times with digits or several capitals. */
const segment = fc.stringMatching(/^[a-z]{1,4}([A-Z][a-z0-9]{0,3}){0,3}[A-Z]{0,2}$/);
const shapes = fc.letrec<{ object: z.ZodObject; field: z.ZodType }>((tie) => ({
  object: fc
    .dictionary(segment, tie('field'), { minKeys: 1, maxKeys: 4 })
    .map((shape) => z.strictObject(shape)),
  field: fc.oneof({ maxDepth: 3 }, fc.constant(z.string().optional()), tie('object')),
})).object;

describe('names of environment variables', () => {
  test.prop([shapes])('name a field, and that field has the name: there and back, or refused', (shape) => {
    const fields = fieldsOf(shape);
    const expected = fields.map(({ path }) => environmentName('QUOTES_', path));
    const isUnique = new Set(expected).size === expected.length && !expected.includes('QUOTES_PROFILE');
    if (!isUnique) {
      expect(() => environmentNames('QUOTES_', fields)).toThrow('would both be');
      return;
    }
    const { fields: names } = environmentNames('QUOTES_', fields);
    expect(names.size).toBe(fields.length);
    for (const [name, { path }] of names) {
      expect(name).toMatch(/^QUOTES_[A-Z0-9_]+$/);
      expect(environmentName('QUOTES_', path)).toBe(name);
    }
  });
});

describe('texts', () => {
  test.prop([fc.json()])('JSON is read as JSON.parse does, if no name is there twice', (text) => {
    const read = readJson(text);
    if ('value' in read) expect(read.value).toEqual(JSON.parse(text));
    else expect(read.fault.expected).toBe('each name once in an object');
  });

  test.prop([fc.oneof(fc.string(), fc.stringMatching(/^[{}[\]",:0-9eE.+\-truefalsn \\]{0,12}$/))])(
    'what JSON.parse refuses is refused with a place in it',
    (text) => {
      const read = readJson(text);
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      if ('value' in read) expect(isJson).toBe(true);
      else {
        expect(isJson && read.fault.expected !== 'each name once in an object').toBe(false);
        const lines = text.split('\n');
        expect(read.fault.line).toBeLessThanOrEqual(lines.length);
        expect(read.fault.column).toBeLessThanOrEqual((lines[read.fault.line - 1] ?? '').length + 1);
      }
    },
  );

  test.prop([
    fc
      .array(fc.stringMatching(/^( {0,2}(export )?[A-Z]{1,3}[ \t]?=)?[ "'`#a-c\\n=\t]{0,6}$/), {
        maxLength: 4,
      })
      .map((lines) => lines.join('\n')),
  ])('a .env file that is taken has the names that Node finds, each on a line of its own', (text) => {
    const read = readEnvText(text);
    if (!('values' in read)) return;
    const found = Object.entries(parseEnv(text)).map(([name, value]) => [name.replace('export ', ''), value]);
    expect(read.values).toEqual(Object.fromEntries(found));
    for (const name of Object.keys(read.values)) expect(name).toMatch(/^[A-Za-z]+$/);
  });

  test.prop([fc.double({ noNaN: true, noDefaultInfinity: true })])(
    'a number comes back from its JSON',
    (number) => {
      const parsed = parseText(JSON.stringify(number), z.number());
      const isLost = Number.isInteger(number) && !Number.isSafeInteger(number) && !/e/.test(String(number));
      expect(parsed.ok).toBe(!isLost);
      if (parsed.ok) expect(parsed.value).toBe(number + 0);
    },
  );
});
