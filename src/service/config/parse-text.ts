import { readJson } from './json-text.ts';
import { type Schema, bare, defOf, isSecretSchema, optionsOf } from './schema-walk.ts';

export type ParsedText =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly expected: string };

/** As in JSON: no sign before a plus, no leading zero, no hexadecimal, no blanks. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;

const value = (found: unknown): ParsedText => ({ ok: true, value: found });
const expected = (what: string): ParsedText => ({ ok: false, expected: `expected ${what}` });

/**
 * The value that a text stands for, by what the schema takes there. Text stays text wherever the schema takes it. What a
 * transform or a preprocessing function takes is not known, so it gets the text.
 */
export function parseText(text: string, schema: Schema): ParsedText {
  const { schema: taken, nullable } = bare(schema);
  const parsed = parseBare(text, taken);
  return nullable && text === 'null' && !(parsed.ok && parsed.value === text) ? value(null) : parsed;
}

function parseBare(text: string, schema: Schema): ParsedText {
  if (isSecretSchema(schema)) return value(text);
  const options = optionsOf(schema);
  if (options !== undefined) return parseChoice(text, options);
  switch (defOf(schema).type) {
    case 'number':
      return parseNumber(text);
    case 'bigint':
      return INTEGER.test(text) ? value(BigInt(text)) : expected('a whole number');
    case 'boolean':
      return text === 'true' || text === 'false' ? value(text === 'true') : expected('true or false');
    case 'enum':
    case 'literal':
    case 'null':
      return parseListed(text, schema);
    case 'array':
    case 'tuple':
    case 'set':
      return parseJson(text, 'a list as JSON', Array.isArray);
    case 'object':
    case 'record':
    case 'map':
    case 'intersection':
      return parseJson(text, 'an object as JSON', (found) => found !== null && !Array.isArray(found));
    default:
      return value(text);
  }
}

function parseNumber(text: string): ParsedText {
  const number = Number(text);
  if (!NUMBER.test(text) || !Number.isFinite(number)) return expected('a number');
  const isLost = INTEGER.test(text) && !Number.isSafeInteger(number);
  return isLost ? expected('a number of at most 15 digits') : value(number);
}

/** Values that are known one by one, each under its text. */
function parseListed(text: string, schema: Schema): ParsedText {
  const values = [...(schema._zod.values ?? [])];
  const found = values.find((one) => String(one) === text);
  return found !== undefined ? value(found) : expected(`one of ${values.map(String).join(', ')}`);
}

/** The first choice that has a value for the text. */
function parseChoice(text: string, options: readonly Schema[]): ParsedText {
  const misses: string[] = [];
  for (const option of options) {
    const parsed = parseText(text, option);
    if (parsed.ok) return parsed;
    misses.push(parsed.expected.replace(/^expected /, ''));
  }
  return expected([...new Set(misses)].join(', or '));
}

function parseJson(text: string, what: string, fits: (found: object | null) => boolean): ParsedText {
  const read = readJson(text);
  if (!('value' in read)) return expected(what);
  return typeof read.value === 'object' && fits(read.value) ? value(read.value) : expected(what);
}
