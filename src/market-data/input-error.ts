import { type ErrorCode, PortcullisError } from '../core/errors.ts';

/** The same error, with the place where it was found. Anything but a `PortcullisError` is returned as it is. */
export function atLine(path: string, line: number, cause: unknown): unknown {
  if (!(cause instanceof PortcullisError)) return cause;
  return new PortcullisError(cause.code, `${path}: line ${line}: ${cause.message}`, {
    cause,
    details: { ...cause.details, file: path, line },
  });
}

const SHOWN = 80;

/** One field of a message that is not what it should be. */
export function fieldError(
  field: string,
  expected: string,
  value: unknown,
  { code = 'INPUT_INVALID', cause }: { readonly code?: ErrorCode; readonly cause?: unknown } = {},
): PortcullisError {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  const got = text.length > SHOWN ? `${text.slice(0, SHOWN - 3)}...` : text;
  return new PortcullisError(code, `${field}: expected ${expected}, got ${got}`, {
    cause,
    details: { field, expected, value: got },
  });
}
