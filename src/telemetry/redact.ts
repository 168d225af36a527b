import { stdSerializers } from 'pino';
import type { LogFields } from './logger.ts';

export const REDACTED = '[redacted]';
const UNREADABLE = '[unreadable]';

/** What may follow the word that says it: `tokens`, `passwordHash`, `private_key_pem`, `apiKeyV2`. */
const TAIL = '(?:[-_. ]?(?:hash|pem|v\\d{1,9})){0,2}$';

/**
 * Keys whose value is a secret: what their last word says counts, in any spelling and after any prefix, such as `apiKey`,
 * `X-API-Key`, `BINANCE_API_SECRET`, `telegramToken`. A key too many is hidden rather than one too few.
 */
const SECRET_KEY = new RegExp(
  `(?:password|passwd|pwd|passphrase|passcode|secret|token|jwt|(?:api|private|signing|secret|access|encryption|master|listen)[-_. ]?key|authorization|cookie|credential|mnemonic|seed[-_. ]?phrase|signature)s?${TAIL}`,
  'i',
);

/** The same for words that others end in, such as `bypass` and `compass`: these count only where a word begins. */
const SECRET_WORD = new RegExp(`(?:^|[^A-Za-z])(?:pass|auth|bearer)${TAIL}`, 'i');
const SECRET_CAMEL = /(?:Pass|Auth|Bearer)(?:Hash|Pem|V\d{1,9})?$/;

/** What was found out about keys before: the same few come with every line. */
const knownKeys = new Map<string, boolean>();
const MAX_KNOWN_KEYS = 1000;
const MAX_KNOWN_LENGTH = 64;

/** Says whether a text is worth a closer look. */
const SUSPECT = /:\/\/|bearer|basic|[?&]|PRIVATE KEY/i;
/** From `://` to the last `@` of the authority. */
const URL_CREDENTIALS = /:\/\/[^\s/?#]+@/g;
const BEARER = /\b(bearer)[ \t]+[^\s"',;]+/gi;
const BASIC = /\b(basic)[ \t]+([A-Za-z0-9+/_-]+=*)/gi;
const QUERY = /([?&])([A-Za-z0-9_.-]{1,64})=[^&\s#"']+/g;
const PRIVATE_KEY =
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;

/** Both bound what one line may cost; what lies beyond is not written, since nobody has looked for secrets there. */
const MAX_DEPTH = 6;
const MAX_VALUES = 1000;

/**
 * A plain copy of the fields without secrets, at any depth: the value of each key that names one is replaced, as are tokens,
 * credentials in URLs and private keys inside of texts. Errors become plain objects, values that know their JSON form take
 * it, bigints become texts. Never throws: what cannot be read is replaced by a note. What has nothing to hide is given back
 * as it is, without a copy.
 */
export function redactFields(fields: LogFields): LogFields {
  if (isHarmless(fields)) return fields;
  const copy = new Redaction().fields(isError(fields) ? { err: fields } : fields);
  return typeof copy === 'object' && copy !== null ? (copy as LogFields) : { unreadableFields: copy };
}

const MAX_HARMLESS = 16;

/** Whether the copy would be the same: a few numbers and plain texts, as most lines have. */
function isHarmless(fields: LogFields): boolean {
  try {
    if (Object.getPrototypeOf(fields) !== Object.prototype) return false;
    const keys = Object.keys(fields);
    return (
      keys.length <= MAX_HARMLESS && keys.every((key) => isHarmlessValue(fields[key]) && isHarmlessKey(key))
    );
  } catch {
    return false;
  }
}

const isHarmlessKey = (key: string): boolean => key !== '__proto__' && !isSecretKey(key);

function isHarmlessValue(value: unknown): boolean {
  if (typeof value === 'string') return !SUSPECT.test(value);
  return typeof value === 'number' || typeof value === 'boolean';
}

/** The text without bearer tokens, basic credentials, credentials and secret parameters of URLs, and private keys. */
export function redactText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text
    .replace(PRIVATE_KEY, REDACTED)
    .replace(URL_CREDENTIALS, `://${REDACTED}@`)
    .replace(BEARER, `$1 ${REDACTED}`)
    .replace(BASIC, (all, scheme: string, coded: string) =>
      Buffer.from(coded, 'base64').includes(':') ? `${scheme} ${REDACTED}` : all,
    )
    .replace(QUERY, (all, before: string, key: string) =>
      isSecretKey(key) ? `${before}${key}=${REDACTED}` : all,
    );
}

function isSecretKey(key: string): boolean {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const is = SECRET_KEY.test(key) || SECRET_WORD.test(key) || SECRET_CAMEL.test(key);
  if (knownKeys.size < MAX_KNOWN_KEYS && key.length <= MAX_KNOWN_LENGTH) knownKeys.set(key, is);
  return is;
}

/** One line: it counts what it reads, and knows the objects it is inside of. */
class Redaction {
  #left = MAX_VALUES;
  readonly #inside: object[] = [];

  fields(fields: object): unknown {
    return this.#copy(fields, () => fields);
  }

  #value(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return redactText(value);
      case 'bigint':
        // JSON has digits enough, but most who read it would round them.
        return value.toString();
      case 'function':
      case 'symbol':
        return undefined;
      case 'object':
        return value === null ? null : this.#copy(value, () => jsonFormOf(value));
      default:
        return value;
    }
  }

  #copy(value: object, form: () => unknown): unknown {
    if (this.#inside.includes(value)) return '[circular]';
    if (this.#inside.length > MAX_DEPTH) return '[too deep]';
    this.#inside.push(value);
    try {
      const plain = form();
      if (typeof plain !== 'object' || plain === null) return this.#value(plain);
      return Array.isArray(plain) ? this.#list(plain) : this.#record(plain);
    } catch {
      return UNREADABLE;
    } finally {
      this.#inside.pop();
    }
  }

  #list(list: readonly unknown[]): unknown {
    if (list.length > this.#left) return '[too large]';
    this.#left -= list.length;
    return list.map((value) => this.#value(value));
  }

  #record(record: object): unknown {
    const keys = Object.keys(record);
    if (keys.length > this.#left) return '[too large]';
    this.#left -= keys.length;
    const copy: Record<string, unknown> = {};
    for (const key of keys) {
      if (key !== '__proto__') copy[key] = this.#member(record as Readonly<Record<string, unknown>>, key);
    }
    return copy;
  }

  #member(record: Readonly<Record<string, unknown>>, key: string): unknown {
    try {
      const value = record[key];
      if (value === undefined || value === null) return value;
      return isSecretKey(key) ? REDACTED : this.#value(value);
    } catch {
      return UNREADABLE;
    }
  }
}

/** What JSON would write of an object, errors and bytes apart. */
function jsonFormOf(value: object): unknown {
  if (isError(value)) return errorForm(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return (value as { toJSON(key: string): unknown }).toJSON('');
  return value;
}

/** Code, message and stack with those of the causes, and what else the error has. */
function errorForm(error: Error): unknown {
  try {
    return stdSerializers.err(error);
  } catch {
    // The serializer writes to the error for a moment, which a frozen one refuses, and reads all of it.
    const { name: type, message, stack } = error;
    return Object.assign({}, error, { type, message, stack });
  }
}

/** A proxy may refuse even this question. */
function isError(value: object): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
