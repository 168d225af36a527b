import { inspect } from 'node:util';
import { z } from 'zod';
import { onDispose } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { REDACTED } from '../../telemetry/redact.ts';
import { markSecret } from './schema-walk.ts';
import { HOW_TO_WRITE, type SecretReference, secretReference } from './secret-reference.ts';

/** What a secret holds, for the loader alone. */
interface SecretCell {
  readonly reference: SecretReference;
  text: string | undefined;
  readonly listeners: Set<() => void>;
}

const CELLS = new WeakMap<Secret, SecretCell>();

/** A text that shows itself only to who asks for it: logs, errors, JSON and `inspect` get `[redacted]`. */
export class Secret {
  /**
   * The text as it is now. Ask each time it is used, since it may be rotated.
   *
   * @throws {PortcullisError} `SECRET_UNREADABLE` before `loadConfig` has read it
   */
  reveal(): string {
    const text = CELLS.get(this)?.text;
    if (text !== undefined) return text;
    throw new PortcullisError('SECRET_UNREADABLE', 'a secret is revealed before loadConfig has read it');
  }

  /** Calls the listener whenever another text has taken the place of this one, until disposed. */
  onRotation(listener: () => void): Disposable {
    const call = (): void => {
      listener();
    };
    const listeners = CELLS.get(this)?.listeners;
    listeners?.add(call);
    return onDispose(() => listeners?.delete(call));
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

export const referenceOf = (secret: Secret): SecretReference | undefined => CELLS.get(secret)?.reference;

/** Puts a text into a secret and tells who listens. @returns what listeners threw; nothing when the text is the same */
export function putText(secret: Secret, text: string): readonly unknown[] {
  const cell = CELLS.get(secret);
  if (cell === undefined || cell.text === text) return [];
  const isFirst = cell.text === undefined;
  cell.text = text;
  if (isFirst) return [];
  const thrown: unknown[] = [];
  for (const listener of [...cell.listeners]) {
    try {
      listener();
    } catch (error) {
      thrown.push(error);
    }
  }
  return thrown;
}

const optionsSchema = z.strictObject({
  /** Takes the secret itself as well, for tests and development. What looks like a reference still is one. */
  allowLiteral: z.boolean().default(false),
});

/** @interface */
export type SecretOptions = z.input<typeof optionsSchema>;

/** Schema of a secret: what users write is a reference, what the service gets is a {@link Secret}. */
export type SecretSchema = z.ZodPipe<z.ZodString, z.ZodTransform<Secret, string>>;

/**
 * A field that is a secret. Written is where it stands: `env:NAME`, `file:/run/secrets/x`, `vault:reference`. For a default
 * use `.prefault('env:NAME')`.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function secret(options: SecretOptions = {}): SecretSchema {
  const { allowLiteral } = parseOptions('secret', optionsSchema, options);
  const schema = z.string(HOW_TO_WRITE).transform((text, context): Secret => {
    const reference = secretReference(text) ?? (allowLiteral ? literal(text) : undefined);
    if (reference !== undefined) return secretOf(reference);
    const message = allowLiteral ? `${HOW_TO_WRITE}; or a literal that is not empty` : HOW_TO_WRITE;
    // Without `input`: it would be the secret.
    context.issues.push({ code: 'custom', message, input: undefined });
    return z.NEVER;
  });
  return markSecret(schema);
}

const literal = (text: string): SecretReference | undefined =>
  text.trim() === '' ? undefined : { kind: 'literal', text };

function secretOf(reference: SecretReference): Secret {
  const found = new Secret();
  CELLS.set(found, { reference, text: undefined, listeners: new Set() });
  return found;
}
