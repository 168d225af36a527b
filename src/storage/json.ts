import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';

/** What JSON can hold. Numbers are float64: money goes in as a string. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * JSON text of a record. As `JSON.stringify` does: `toJSON` is honoured, members that are `undefined` are left out,
 * NaN and infinities become `null`.
 *
 * @param what name of the value for the message, such as `journal record`
 * @throws {PortcullisError} `INPUT_INVALID` for what JSON cannot hold as a whole: undefined, functions, bigint, cycles.
 */
export function toJsonText(what: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (cause) {
    throw new PortcullisError('INPUT_INVALID', `${what}: expected a JSON value, but ${messageOf(cause)}`, {
      cause,
    });
  }
  if (text !== undefined) return text;
  throw new PortcullisError('INPUT_INVALID', `${what}: expected a JSON value, got ${typeof value}`);
}

/** Its own type leaves out what undefined and functions give. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

/** The message of whatever was thrown. */
