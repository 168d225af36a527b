import type { ReleaseOrder } from '../release.ts';
import { type SharedState, type SharedTrip, type Tombstone, tripId } from './shared-record.ts';

/** How many tombstones are kept, and for how long by the wall clock. */
export interface TombstoneBounds {
  readonly maxTombstones: number;
  readonly tombstoneAgeMs: number;
}

/** The state with further trips, those left out that were released before. `undefined` when that changes nothing. */
export function withTrips(state: SharedState, trips: Iterable<SharedTrip>): SharedState | undefined {
  const known = new Set([...state.trips, ...state.tombstones].map(({ id }) => id));
  const added = [...trips].filter(({ id }) => !known.has(id));
  return added.length === 0 ? undefined : { ...state, trips: [...state.trips, ...added] };
}

/** The state without these trips, and with what tells those who hold them. */
export function withoutTrips(
  state: SharedState,
  ids: ReadonlySet<string>,
  { reason, by, second }: ReleaseOrder,
  nowMs: number,
): SharedState {
  const released = [...ids].map((id): Tombstone => ({
    id,
    reason,
    by,
    ...(second && { second }),
    atMs: nowMs,
  }));
  return {
    ...state,
    trips: state.trips.filter((trip) => !ids.has(tripId(trip))),
    tombstones: [...state.tombstones, ...released],
  };
}

/** The state as it may be written: the newest tombstones, none too old. Without its tombstone a trip that somebody holds comes back. */
export function bounded(
  state: SharedState,
  { maxTombstones, tombstoneAgeMs }: TombstoneBounds,
  nowMs: number,
): SharedState {
  const tombstones = state.tombstones.filter(({ atMs }) => nowMs - atMs <= tombstoneAgeMs);
  return { ...state, tombstones: tombstones.slice(Math.max(0, tombstones.length - maxTombstones)) };
}
