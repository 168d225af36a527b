import type { KillRecord } from '../kill-record.ts';
import { scopeKey } from '../trading-state.ts';
import {
  type SharedState,
  type SharedTrip,
  type Tombstone,
  liveTrips,
  sharedTrip,
  tripId,
} from './shared-record.ts';
import { withTrips } from './shared-change.ts';

/** What is known here and not in the shared entry, until it is there. */
export class Unshared {
  readonly #trips = new Map<string, SharedTrip>();
  readonly #tombstones = new Map<string, Tombstone>();

  get size(): number {
    return this.#trips.size;
  }

  /** What stands here. */
  add(record: KillRecord): void {
    this.#trips.set(tripId(record), sharedTrip(record));
  }

  /** All that an entry held that is gone. */
  addAll(lost: SharedState): void {
    for (const trip of [...liveTrips(lost).values()].flat()) this.add(trip);
    for (const tombstone of lost.tombstones) this.#tombstones.set(tombstone.id, tombstone);
  }

  /** It ended before anybody else knew. */
  drop(record: KillRecord): void {
    this.#trips.delete(tripId(record));
  }

  has(record: KillRecord): boolean {
    return this.#trips.has(tripId(record));
  }

  /** The trips of a scope that nobody else can have released. */
  of(key: string): readonly SharedTrip[] {
    const trips = [...this.#trips.values()];
    return trips.filter(({ id, scope }) => scopeKey(scope) === key && !this.#tombstones.has(id));
  }

  /** What is in the entry needs nothing any more. */
  found({ trips, tombstones }: SharedState): void {
    for (const { id } of [...trips, ...tombstones]) this.#trips.delete(id);
    for (const { id } of tombstones) this.#tombstones.delete(id);
  }

  /** The state with all of it; `undefined` when that changes nothing. */
  into(state: SharedState): SharedState | undefined {
    const buried = { ...state, tombstones: [...state.tombstones, ...this.#tombstones.values()] };
    const whole = withTrips(buried, this.#trips.values());
    return whole ?? (this.#tombstones.size > 0 ? buried : undefined);
  }
}
