import { hash } from 'node:crypto';
import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseInput } from '../../core/options.ts';
import { type KillRecord, recordSchema } from '../kill-record.ts';
import { type TradingState, scopeKey, stricter } from '../trading-state.ts';

/** A trip that all processes share. */
export interface SharedTrip extends KillRecord {
  readonly id: string;
}

const VERSION = 1;

const principalSchema = z.strictObject({ kind: z.enum(['person', 'system']), id: z.string() });

/** What a release leaves behind, so that it reaches whoever holds the trip, whenever they look again. */
const tombstoneSchema = z.strictObject({
  /** Of the trip. */
  id: z.string().min(1),
  reason: z.string(),
  by: principalSchema,
  second: principalSchema.exactOptional(),
  atMs: z.number(),
});
export type Tombstone = z.output<typeof tombstoneSchema>;

const entrySchema = z.strictObject({
  version: z.literal(VERSION),
  /** Of this entry, from its first write on: another one means that the former was lost. */
  epoch: z.string().min(1),
  /** Whether those who may know of trips have not had the time yet to write them into a new entry. */
  isSettling: z.boolean(),
  trips: z.array(recordSchema.extend({ id: z.string().min(1) })).readonly(),
  tombstones: z.array(tombstoneSchema).readonly(),
});
const newerSchema = z.looseObject({ version: z.number().gt(VERSION) });

/** What all processes share. */
export interface SharedState {
  readonly epoch: string;
  readonly isSettling: boolean;
  /** One scope may have several, of several processes. */
  readonly trips: readonly SharedTrip[];
  readonly tombstones: readonly Tombstone[];
}

export const writtenState = (state: SharedState): object => ({ version: VERSION, ...state });

/** @throws {PortcullisError} `FORMAT_UNSUPPORTED` when a newer version wrote it; `INPUT_INVALID` when it is damaged */
export function readState(value: unknown): SharedState {
  const newer = newerSchema.safeParse(value);
  if (newer.success) {
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `shared kill switch: format ${newer.data.version} was written by a newer version of portcullis, this one reads ${VERSION}`,
    );
  }
  const { version: _, ...state } = parseInput('shared kill switch', entrySchema, value);
  return state;
}

/** What the trip is known by; one of before it was shared by what stands in it. */
export const tripId = ({ id, scope, state, reason, by, atMs }: KillRecord): string =>
  id ?? hash('sha256', JSON.stringify([scopeKey(scope), state, reason, by.kind, by.id, atMs]));

export const sharedTrip = (record: KillRecord): SharedTrip => ({ ...record, id: tripId(record) });

/** Those that nobody has released, by scope. */
export function liveTrips({ trips, tombstones }: SharedState): ReadonlyMap<string, readonly SharedTrip[]> {
  const released = new Set(tombstones.map(({ id }) => id));
  return Map.groupBy(
    trips.filter(({ id }) => !released.has(id)),
    ({ scope }) => scopeKey(scope),
  );
}

/** Of several the strictest, and of those the first. */
export const strictest = (trips: readonly SharedTrip[]): SharedTrip | undefined =>
  trips.reduce<SharedTrip | undefined>(
    (most, one) => (most === undefined || isLooser(most.state, one.state) ? one : most),
    undefined,
  );

export const isLooser = (state: TradingState | undefined, than: TradingState): boolean =>
  stricter(state ?? 'active', than) !== (state ?? 'active');
