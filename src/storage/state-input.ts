import { z } from 'zod';
import { parseInput } from '../core/options.ts';
import type { SetOptions } from './state-store.ts';

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
