import type { JsonValue } from '../../storage/json.ts';
import { REDACTED, redactFields } from '../../telemetry/redact.ts';
import { isPlain } from './config-tree.ts';
import { type Schema, holdsSecret, isMerged, isTuple, memberOf, shapeOf } from './schema-walk.ts';
import { Secret } from './secret.ts';

/** User and password of a URL, wherever it stands in a text. */
const CREDENTIALS = /([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/\s?#]*@/g;
const LONGEST = 80;

/**
 * A value as people may see it: JSON, and no secret in it. Redacted is what the schema calls a secret, what has the name of
 * one (`password`), user and password of a URL, and what cannot be told apart from a secret: fields the schema does not have,
 * the choices of a union that has one.
 */
export function redactedValue(value: unknown, schema: Schema | undefined, name = ''): JsonValue {
  if (schema === undefined || value instanceof Secret || isSecretName(name)) return REDACTED;
  if (isPlain(value) && (shapeOf(schema) !== undefined || isMerged(schema))) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(
      members.map(([key, member]) => [key, redactedValue(member, memberOf(schema, key), key)]),
    );
  }
  // In a tuple of the wrong length a secret may stand in the place of something else.
  if (Array.isArray(value) && memberOf(schema, '0') !== undefined && !isTuple(schema)) {
    return value.map((item: unknown, at) => redactedValue(item, memberOf(schema, String(at))));
  }
  return holdsSecret(schema) ? REDACTED : plainValue(value);
}

/** The same as a short text. */
export function redactedText(value: unknown, schema: Schema | undefined, name?: string): string {
  if (value === undefined) return 'nothing';
  const seen = redactedValue(value, schema, name);
  const text = seen === REDACTED ? REDACTED : JSON.stringify(seen);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

const isSecretName = (name: string): boolean => redactFields({ [name]: '' })[name] === REDACTED;

/** Values without a schema of their own: only names tell what is a secret. */
function plainValue(value: unknown): JsonValue {
  switch (typeof value) {
    case 'string':
      return value.replace(CREDENTIALS, `$1${REDACTED}@`);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : plainObject(value);
    default:
      return `[${typeof value}]`;
  }
}

function plainObject(value: object): JsonValue {
  if (value instanceof Secret) return REDACTED;
  if (Array.isArray(value)) return value.map(plainValue);
  if (isPlain(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        isSecretName(name) ? REDACTED : plainValue(member),
      ]),
    );
  }
  return value instanceof Date ? value.toJSON() : `[${value.constructor.name}]`;
}
