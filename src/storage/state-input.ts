import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import { toJsonText } from './json.ts';
import type { SetOptions, StateWrite } from './state-store.ts';

const Key = z
  .string()
  .regex(/^[\x21-\x7e]{1,256}$/, 'expected 1 to 256 visible ASCII characters without blanks');
const WriteOptions = z.strictObject({
  ttlMs: z.number().positive().optional(),
  ifVersion: z.int().min(0).optional(),
});

/** @throws {PortcullisError} `INPUT_INVALID` */
export const checkKey = (key: string): string => parseInput('state key', Key, key);

/** @throws {PortcullisError} `INPUT_INVALID` */
export const checkOptions = (options: SetOptions): z.output<typeof WriteOptions> =>
  parseInput('state store options', WriteOptions, options);

/** Whether a key can begin with it. */
export const isKeyPrefix = (prefix: string): boolean => /^[\x21-\x7e]{0,256}$/.test(prefix);

/** What a server does in one go without keeping others waiting for long. */
const MAX_WRITES = 10_000;
const MAX_WRITES_LENGTH = 16 * 1024 * 1024;

/** The rows of a batch, all of them checked. @throws {PortcullisError} `INPUT_INVALID` */
export const checkWrites = (entries: readonly StateWrite[]): { key: string; text: string }[] =>
  entries.map(({ key, value }) => ({ key: checkKey(key), text: toJsonText(`state ${key}`, value) }));

/** As `checkWrites`, for a store on a server: no more than it can write at once. @throws {PortcullisError} `INPUT_INVALID` */
export function checkServerWrites(entries: readonly StateWrite[]): { key: string; text: string }[] {
  if (!(entries.length <= MAX_WRITES))
    throw tooMuch(`${MAX_WRITES} entries in one write`, `${entries.length}`);
  const rows = checkWrites(entries);
  const length = rows.reduce((sum, { text }) => sum + text.length, 0);
  if (!(length <= MAX_WRITES_LENGTH))
    throw tooMuch(`${MAX_WRITES_LENGTH} characters of JSON in one write`, `${length}`);
  return rows;
}

const tooMuch = (most: string, got: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `setAll: expected at most ${most}, got ${got}. Write them in parts`);
