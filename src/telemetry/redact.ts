import { stdSerializers } from 'pino';
import type { LogFields } from './logger.ts';

export const REDACTED = '[redacted]';

/** Keys whose value is a secret, in any spelling: `apiKey`, `api_key`, `X-API-Key`. */
const SECRET_KEY =
  /^(?:x[-_]?)?(?:(?:api|client|access|refresh|id|auth|bearer|session|private|signing|secret|proxy|set)[-_]?)*(?:password|passwd|passphrase|secret|token|apikey|(?:api|private|signing|secret|access)[-_]?key|authorization|cookie|credentials?|mnemonic)$/i;

/** Both bound what one line may cost; what lies beyond is not written, since nobody has looked for secrets there. */
const MAX_DEPTH = 6;
const MAX_VALUES = 1000;

/**
 * The same fields without secrets, at any depth: the value of each key that names one is replaced, errors become plain
 * objects first. Copies only what changes. Never throws: fields that cannot be read are replaced by a note.
 */
export function redactFields(fields: LogFields): LogFields {
  try {
    return new Redaction().object(fields instanceof Error ? { err: fields } : fields, 0) as LogFields;
  } catch (error) {
    return { unreadableFields: String(error) };
  }
}

class Redaction {
  #left = MAX_VALUES;

  object(value: object, depth: number): unknown {
    if (depth > MAX_DEPTH) return '[too deep]';
    const source = value as Readonly<Record<string, unknown>>;
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(source)) {
      if (--this.#left < 0) return '[too large]';
      const was = source[key];
      const is = SECRET_KEY.test(key) ? REDACTED : this.#value(was, depth);
      if (is === was) continue;
      copy ??= (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
      copy[key] = is;
    }
    return copy ?? value;
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Error) return this.object(stdSerializers.err(value), depth + 1);
    // A value that knows its own JSON form, such as a date or a decimal, is one value and not a bag of keys.
    if ('toJSON' in value && typeof value.toJSON === 'function') return value;
    return this.object(value, depth + 1);
  }
}
