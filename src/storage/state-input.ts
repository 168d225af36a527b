import { z } from 'zod';
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

/** The rows of a batch, all of them checked. @throws {PortcullisError} `INPUT_INVALID` */
export const checkWrites = (entries: readonly StateWrite[]): { key: string; text: string }[] =>
  entries.map(({ key, value }) => ({ key: checkKey(key), text: toJsonText(`state ${key}`, value) }));
