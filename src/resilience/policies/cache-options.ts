import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';

const SecondLevel = z.strictObject({
  prefix: z
    .string()
    .regex(/^[\x21-\x7e]{1,192}$/, 'expected 1 to 192 visible ASCII characters without blanks')
    .optional(),
  readTimeoutMs: z.number().positive().default(100),
  writeTimeoutMs: z.number().positive().default(5_000),
  maxPendingWrites: z.int().min(1).default(1_000),
  pauseMs: z.number().positive().default(1_000),
  maxPauseMs: z.number().positive().default(30_000),
  clockToleranceMs: z.number().min(0).default(2_000),
});

const Options = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(128)
    .refine((name) => name.isWellFormed(), 'expected text that can be written as UTF-8')
    .default('cache'),
  maxEntries: z.int().min(1).default(10_000),
  maxSize: z.int().min(1).optional(),
  jitterFraction: z.number().min(0).max(1).default(0.1),
  maxRenewals: z.int().min(0).default(100),
  renewalTimeoutMs: z.number().positive().default(30_000),
  renewalPauseMs: z.number().min(0).default(1_000),
  closeTimeoutMs: z.number().min(0).default(5_000),
  secondLevel: SecondLevel.prefault({}),
});

/**
 * - `name`: the label `target` of the metrics. Default `cache`.
 * - `maxEntries`: values and kept failures in memory. Default 10,000.
 * - `maxSize`: of all values in memory together, in the unit of `sizeOf`. Default: no bound.
 * - `jitterFraction`: a time to live is shortened by up to this part, so that entries do not expire together. Default 0.1.
 * - `maxRenewals`: renewals in the background at a time. Default 100.
 * - `renewalTimeoutMs`: after which one is given up. Default 30,000.
 * - `renewalPauseMs`: without a renewal of the same entry after one failed. Default 1,000.
 * - `closeTimeoutMs`: for which `close()` waits for background work. Default 5,000.
 * - `secondLevel`: `prefix` of its keys in the store, by default made of the name; `readTimeoutMs` after which a late
 *   answer is dropped, default 100; `writeTimeoutMs` 5,000; `maxPendingWrites` 1,000, further ones are lost; `pauseMs` it
 *   is left alone after an error, 1,000, doubling to `maxPauseMs`, 30,000; `clockToleranceMs` by which an entry may be
 *   from the future, 2,000.
 *
 * @interface
 */
export type ResultCacheOptions = z.input<typeof Options>;

export const parseCacheOptions = (options: ResultCacheOptions) =>
  parseOptions('ResultCache', Options, options);
