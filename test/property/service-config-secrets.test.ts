import { inspect } from 'node:util';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../../src/core/index.ts';
import { loadConfig, secret } from '../../src/service/index.ts';

/** Long and odd enough to stand nowhere else. */
const text = fc.stringMatching(/^Zq[a-zA-Z0-9 ;,.?!$%&@:/\\"'{}[\]_-]{6,20}qZ$/);

const schema = z.strictObject({
  key: secret({ allowLiteral: true }),
  strict: secret().optional(),
  keys: z.array(secret({ allowLiteral: true })).default([]),
  byName: z.record(z.string(), secret({ allowLiteral: true })).default({}),
  auth: z
    .union([z.literal('none'), z.strictObject({ user: z.string(), bearer: secret({ allowLiteral: true }) })])
    .default('none'),
  password: z.string().max(14).default(''),
  deep: z
    .strictObject({ pair: z.tuple([z.number(), secret({ allowLiteral: true })]).optional() })
    .prefault({}),
  port: z.int().default(1),
});

/** Where a secret may stand, rightly or not: the value of `overrides`, and whether it may be taken. */
const places: readonly ((one: string) => Record<string, unknown>)[] = [
  (one) => ({ key: one }),
  (one) => ({ key: [one] }),
  (one) => ({ key: { [one]: one } }),
  (one) => ({ strict: one }),
  (one) => ({ keys: [one, one] }),
  (one) => ({ keys: one }),
  (one) => ({ keys: [[one]] }),
  (one) => ({ byName: { a: one } }),
  (one) => ({ byName: [one] }),
  (one) => ({ auth: { user: 'u', bearer: one } }),
  (one) => ({ auth: { usr: 'u', bearer: one } }),
  (one) => ({ auth: one }),
  (one) => ({ password: one }),
  (one) => ({ deep: { pair: [1, one] } }),
  (one) => ({ deep: { pair: [one, 1] } }),
  (one) => ({ deep: one }),
  (one) => ({ kye: one }),
];

const variables = [
  'QUOTES_KEY',
  'QUOTES_STRICT',
  'QUOTES_KEYS',
  'QUOTES_BY_NAME',
  'QUOTES_AUTH',
  'QUOTES_PASSWORD',
  'QUOTES_KYE',
  'QUOTES_DEEP__PAIR',
];

const shownBy = (thing: unknown): string =>
  [
    String(thing),
    inspect(thing, { depth: 12, showHidden: true }),
    JSON.stringify(thing),
    thing instanceof Error ? `${thing.message}\n${thing.stack ?? ''}` : '',
  ].join('\n');

/** Neither the text, nor what is left of it when it is quoted. */
function expectHidden(one: string, shown: string): void {
  expect(shown).not.toContain(one);
  expect(shown).not.toContain(JSON.stringify(one).slice(1, -1));
}

async function outcomeOf(options: object, env: Record<string, string>, files: Record<string, string> = {}) {
  try {
    const loaded = await loadConfig(
      schema,
      { name: 'quotes', ...options },
      { env, clock: new ManualClock(), readFile: (path) => Promise.resolve(files[path] ?? '') },
    );
    const { password: _password, ...rest } = loaded.value;
    return { loaded, things: [loaded.explain(), loaded.secrets(), loaded.hash, rest] };
  } catch (error) {
    return { things: [error] };
  }
}

describe('no output has the text of a secret', () => {
  test.prop([text, fc.subarray([...places], { minLength: 1 })])(
    'written as a value anywhere',
    async (one, chosen) => {
      const overrides = Object.assign({ key: 'env:K' }, ...chosen.map((place) => place(one))) as object;
      const { things } = await outcomeOf({ overrides }, { K: one });
      for (const thing of things) expectHidden(one, shownBy(thing).replaceAll(`env:${one}`, ''));
    },
  );

  test.prop([text, fc.subarray(variables, { minLength: 1 }), fc.boolean()])(
    'written into variables, as it is or as JSON',
    async (one, names, asJson) => {
      const env = Object.fromEntries(names.map((name) => [name, asJson ? JSON.stringify([one]) : one]));
      const { things } = await outcomeOf({ defaults: { key: 'env:K' } }, { K: one, ...env });
      for (const thing of things) expectHidden(one, shownBy(thing));
    },
  );

  test.prop([text, fc.nat({ max: 60 })])('in a file, whole or damaged anywhere', async (one, cut) => {
    const whole = JSON.stringify({ key: one, strict: one, byName: { a: one } });
    const damaged = `${whole.slice(0, cut)}#${whole.slice(cut)}`;
    const envText = `QUOTES_KEY='${one.replaceAll("'", '')}\nQUOTES_PORT=x`;
    for (const content of [whole, damaged]) {
      const { things } = await outcomeOf({ file: '/f', envFile: '/e' }, {}, { '/f': content, '/e': envText });
      for (const thing of things) expectHidden(one, shownBy(thing));
    }
  });

  test.prop([text])('and whoever asks for it gets it', async (one) => {
    const overrides = { key: 'env:K', keys: ['env:K'], byName: { a: 'file:/k' }, strict: 'file:/k' };
    const { loaded, things } = await outcomeOf({ overrides }, { K: one }, { '/k': `${one}\n` });
    const { key, keys, byName, strict } = loaded?.value ?? {};
    expect([key, keys?.[0], byName?.['a'], strict].map((held) => held?.reveal())).toEqual([
      one,
      one,
      one,
      one,
    ]);
    for (const thing of things) expectHidden(one, shownBy(thing));
  });
});
