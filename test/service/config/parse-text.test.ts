import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseText } from '../../../src/service/config/parse-text.ts';
import { secret } from '../../../src/service/index.ts';

const ok = (value: unknown) => ({ ok: true, value });
const expected = (what: string) => ({ ok: false, expected: `expected ${what}` });

describe('parseText', () => {
  test.each([
    ['0', 0],
    ['12', 12],
    ['-12', -12],
    ['0.5', 0.5],
    ['1e3', 1000],
    ['2.5E-3', 0.0025],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['-9007199254740991', Number.MIN_SAFE_INTEGER],
  ])('a number: %j', (text, value) => {
    expect(parseText(text, z.number())).toEqual(ok(value));
  });

  test.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '+1',
    '01',
    '.5',
    '5.',
    '0x10',
    '1_000',
    '1,5',
    'NaN',
    'Infinity',
    '1e999',
    'abc',
  ])('no number: %j', (text) => {
    expect(parseText(text, z.number())).toEqual(expected('a number'));
  });

  test.each(['9007199254740992', '-9007199254740992', '12345678901234567890'])(
    'refuses a whole number that would lose digits: %s',
    (text) => {
      expect(parseText(text, z.number())).toEqual(expected('a number of at most 15 digits'));
    },
  );

  test('a number that is coerced is read as strictly', () => {
    expect(parseText('', z.coerce.number())).toEqual(expected('a number'));
    expect(parseText('7', z.coerce.number())).toEqual(ok(7));
  });

  test('a bigint', () => {
    expect(parseText('12345678901234567890', z.bigint())).toEqual(ok(12345678901234567890n));
    expect(parseText('1.5', z.bigint())).toEqual(expected('a whole number'));
    expect(parseText('', z.bigint())).toEqual(expected('a whole number'));
  });

  test('true and false, and nothing like them', () => {
    expect(parseText('true', z.boolean())).toEqual(ok(true));
    expect(parseText('false', z.boolean())).toEqual(ok(false));
    for (const text of ['', '1', '0', 'yes', 'TRUE', 'True', ' true']) {
      expect(parseText(text, z.coerce.boolean())).toEqual(expected('true or false'));
    }
  });

  test.each(['', '12', '007', 'true', 'null', '{"a":1}', ' x ', '"x"'])('text stays as it is: %j', (text) => {
    for (const schema of [
      z.string(),
      z.string().min(9),
      z.string().optional(),
      z.string().nullable(),
      z.any(),
    ]) {
      expect(parseText(text, schema)).toEqual(ok(text));
    }
  });

  test('a secret stays text, and so does what a function takes', () => {
    for (const schema of [
      secret(),
      secret().optional(),
      z.string().transform(Number),
      z.stringbool(),
      z.preprocess(String, z.number()),
    ]) {
      expect(parseText('12', schema)).toEqual(ok('12'));
    }
  });

  test('one of the values of an enum or literal', () => {
    expect(parseText('info', z.enum(['debug', 'info']))).toEqual(ok('info'));
    expect(parseText('Info', z.enum(['debug', 'info']))).toEqual(expected('one of debug, info'));
    expect(parseText('2', z.literal([1, 2]))).toEqual(ok(2));
    expect(parseText('true', z.literal(true))).toEqual(ok(true));
    expect(parseText('3', z.literal([1, 2]))).toEqual(expected('one of 1, 2'));
  });

  test('null where null is taken, unless it could be text', () => {
    expect(parseText('null', z.number().nullable())).toEqual(ok(null));
    expect(parseText('null', z.number().nullable().default(1))).toEqual(ok(null));
    expect(parseText('null', z.string().nullable())).toEqual(ok('null'));
    expect(parseText('null', z.number())).toEqual(expected('a number'));
    expect(parseText('1', z.number().nullable())).toEqual(ok(1));
  });

  test.each([
    ['[1,2]', z.array(z.number()), [1, 2]],
    ['[]', z.array(z.number()), []],
    ['["a",1]', z.tuple([z.string(), z.number()]), ['a', 1]],
    ['{"a":1}', z.record(z.string(), z.number()), { a: 1 }],
    ['{"a":1}', z.strictObject({ a: z.number() }), { a: 1 }],
  ])('JSON: %s', (text, schema, value) => {
    expect(parseText(text, schema)).toEqual(ok(value));
  });

  test.each(['', 'a,b', '{}', 'null', '1', '[1', '[1,]'])('no list: %j', (text) => {
    expect(parseText(text, z.array(z.string()))).toEqual(expected('a list as JSON'));
  });

  test.each(['', 'a', '[]', 'null', '1', '{"a":1,"a":2}'])('no object: %j', (text) => {
    expect(parseText(text, z.record(z.string(), z.number()))).toEqual(expected('an object as JSON'));
  });

  test('the first choice that has a value for it', () => {
    const choice = z.union([z.literal('auto'), z.number(), z.boolean()]);
    expect(parseText('auto', choice)).toEqual(ok('auto'));
    expect(parseText('5', choice)).toEqual(ok(5));
    expect(parseText('false', choice)).toEqual(ok(false));
    expect(parseText('x', choice)).toEqual(expected('one of auto, or a number, or true or false'));
    expect(parseText('5', z.union([z.string(), z.number()]))).toEqual(ok('5'));
  });

  test('what is around a schema changes nothing', () => {
    const inner = z.number();
    for (const schema of [
      inner.optional(),
      inner.default(1),
      inner.prefault(1),
      inner.readonly(),
      inner.catch(1),
      inner.brand('x'),
      z.lazy(() => inner),
      inner.refine(() => true),
      inner.transform(String),
    ]) {
      expect(parseText('5', schema)).toEqual(ok(5));
    }
  });
});
