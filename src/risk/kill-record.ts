import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import type { Principal } from '../core/principal.ts';
import { restrictedSchema, scopeSchema } from './scope-schema.ts';
import type { Scope } from './trading-state.ts';

/** Why trading is restricted in a scope. */
export interface KillRecord {
  readonly scope: Scope;
  readonly state: 'reducing' | 'halted';
  readonly reason: string;
  readonly by: Principal;
  readonly atMs: number;
  /** Of the trip, and of no other. Only where several processes share their trips. */
  readonly id?: string;
}

const VERSION = 1;

/** @internal */
export const recordSchema = z.strictObject({
  scope: scopeSchema,
  state: restrictedSchema,
  reason: z.string(),
  by: z.strictObject({ kind: z.enum(['person', 'system']), id: z.string() }),
  atMs: z.number(),
  id: z.string().min(1).exactOptional(),
});
const stateSchema = z.strictObject({ version: z.literal(VERSION), records: z.array(recordSchema) });
const newerSchema = z.looseObject({ version: z.number().gt(VERSION) });

/** The records as they are written. */
export const recorded = (records: Iterable<KillRecord>): object => ({
  version: VERSION,
  records: [...records],
});

/**
 * The records that were written.
 *
 * @throws {PortcullisError} `FORMAT_UNSUPPORTED` when a newer version wrote them; `INPUT_INVALID` when they are damaged
 */
export function readRecords(value: unknown): readonly KillRecord[] {
  const newer = newerSchema.safeParse(value);
  if (newer.success) {
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `format ${newer.data.version} was written by a newer version of portcullis, this one reads ${VERSION}: start the newer one`,
    );
  }
  return parseInput('recorded kill switch', stateSchema, value).records;
}
