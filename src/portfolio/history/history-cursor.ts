import { PortcullisError } from '../../core/errors.ts';

/** Where a page ends: the values that its order goes by. */
export type CursorKey = readonly (string | number)[];

export const writeCursor = (of: string, key: CursorKey): string =>
  Buffer.from(JSON.stringify([of, ...key])).toString('base64url');

/**
 * @param shape one value of each kind, in order
 * @throws {PortcullisError} `INPUT_INVALID` for anything but a cursor of the same query
 */
export function readCursor(of: string, cursor: string, shape: CursorKey): CursorKey {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parsed) && parsed.length === shape.length + 1 && parsed[0] === of) {
      const key = parsed.slice(1) as unknown[];
      const isOne = (value: unknown, at: number): boolean =>
        typeof shape[at] === 'number' ? Number.isSafeInteger(value) : typeof value === 'string';
      if (key.every(isOne)) return key as CursorKey;
    }
  } catch {
    // As any other text that is no cursor.
  }
  throw new PortcullisError('INPUT_INVALID', `${of}: cursor: expected the next of a page of ${of}`);
}
