import { randomUUID } from 'node:crypto';
import type { KillRecord } from '../kill-record.ts';
import type { KillSwitch } from '../kill-switch.ts';
import { refused } from '../release.ts';
import type { SharedSide } from '../shared-side.ts';
import { scopeKey } from '../trading-state.ts';
import {
  type SharedState,
  type SharedTrip,
  type Tombstone,
  isLooser,
  liveTrips,
  strictest,
  tripId,
} from './shared-record.ts';
import { Unshared } from './shared-unshared.ts';

/** Brings what stands in this process together with what stands in the shared entry. */
export class SharedTrips {
  readonly #killSwitch: Pick<KillSwitch, 'records'>;
  readonly #side: SharedSide;
  readonly #unshared = new Unshared();
  /** By scope, what stood here when the entry was last seen with it: what does not any more was tripped again since. */
  readonly #seen: Map<string, KillRecord>;
  /** Releases of others that are being written here. */
  readonly #following = new Map<KillRecord, Promise<void>>();
  #live: ReadonlyMap<string, readonly SharedTrip[]> = new Map();
  #isTaking = false;
  #held: KillRecord | undefined;

  constructor(killSwitch: Pick<KillSwitch, 'records'>, side: SharedSide) {
    this.#killSwitch = killSwitch;
    this.#side = side;
    this.#seen = new Map(this.standing().map((record) => [scopeKey(record.scope), record]));
  }

  get unshared(): number {
    return this.#unshared.size;
  }

  /**
   * The id of a trip. A repeated one that others know, and may have released unheard, is one of its own: no release of the former
   * ends it, whatever becomes of this process.
   */
  newId(repeated: KillRecord | undefined, isConfirmed: boolean): string | undefined {
    if (repeated === undefined) return randomUUID();
    return isConfirmed || this.#unshared.has(repeated) ? repeated.id : randomUUID();
  }

  /** Whether what is being tripped now came from the others. */
  get isTaking(): boolean {
    return this.#isTaking;
  }

  standing(): readonly KillRecord[] {
    return this.#killSwitch.records();
  }

  present(key: string): KillRecord | undefined {
    return this.standing().find(({ scope }) => scopeKey(scope) === key);
  }

  /** @throws {PortcullisError} `RELEASE_REFUSED` when something else stands there */
  checkPresent(key: string, expected: KillRecord | undefined): void {
    const now = this.present(key);
    if (now === expected) return;
    throw refused(key, now === undefined ? 'it is not tripped' : `tripped again meanwhile: ${now.reason}`);
  }

  /** The state with what is known here only; `undefined` when that changes nothing. */
  into(state: SharedState): SharedState | undefined {
    this.#collect(state);
    return this.#unshared.into(state);
  }

  /** What an entry held that is there no more. */
  lost(state: SharedState): void {
    this.#unshared.addAll(state);
  }

  /** A trip of this process. */
  tripped(record: KillRecord): void {
    this.#unshared.add(record);
  }

  /** A trip ended here. */
  ended(record: KillRecord): void {
    this.#unshared.drop(record);
  }

  /** The trip stands as another one, unless it does already. */
  renew(record: KillRecord): void {
    if (this.present(scopeKey(record.scope)) === record) this.#unshared.add(this.#side.renew(record));
  }

  /**
   * Counts at once what is stricter in the entry; begins to end what was released there.
   *
   * @param asked what stood here when it was asked for
   */
  take(state: SharedState, asked: readonly KillRecord[]): void {
    this.#unshared.found(state);
    this.#collect(state); // before what is stricter stands in its place
    this.#live = liveTrips(state);
    this.shown(state, asked);
    this.#isTaking = true;
    try {
      this.#adopt();
      this.#follow(state.tombstones);
    } finally {
      this.#isTaking = false;
    }
  }

  /** What stood here when a state was asked for that has it: whoever releases that knows of this. */
  shown({ trips, tombstones }: SharedState, asked: readonly KillRecord[]): void {
    const over = new Set(tombstones.map(({ id }) => id));
    const live = new Set(trips.map(({ id }) => id).filter((id) => !over.has(id)));
    for (const record of this.standing())
      if (asked.includes(record) && live.has(tripId(record))) this.#seen.set(scopeKey(record.scope), record);
  }

  /** Ends this one not before nothing, or another, is held: whether its release counts is not known yet. */
  hold(record: KillRecord | undefined): void {
    this.#held = record;
  }

  /** Waits for the end of a trip that was released. @throws {PortcullisError} `STORE_UNAVAILABLE` when the own disk refuses it */
  async following(record: KillRecord): Promise<void> {
    await this.#following.get(record);
  }

  /** Waits for all of them. Never rejects. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#following.values());
  }

  #collect({ trips, tombstones }: SharedState): void {
    const known = new Set([...trips, ...tombstones].map(({ id }) => id));
    for (const record of this.standing()) {
      if (known.has(tripId(record))) continue;
      const seen = this.#seen.get(scopeKey(record.scope));
      const isAgain = seen !== undefined && seen !== record && tripId(seen) === tripId(record);
      // Tripped again since it was last seen: what of the entry is lost may have ended the one before.
      this.#unshared.add(isAgain ? this.#side.renew(record) : record);
    }
  }

  #adopt(): void {
    for (const [key, trips] of this.#live) {
      const trip = strictest(trips);
      if (trip === undefined || !isLooser(this.present(key)?.state, trip.state)) continue;
      this.#seen.set(key, trip);
      this.#side.adopt(trip);
    }
  }

  #follow(tombstones: readonly Tombstone[]): void {
    const released = new Map(tombstones.map((tombstone) => [tombstone.id, tombstone]));
    for (const record of this.standing()) {
      const tombstone = released.get(tripId(record));
      if (tombstone === undefined || this.#following.has(record) || this.#held === record) continue;
      const key = scopeKey(record.scope);
      // Tripped again since it was last seen: nobody who released it can have known of that.
      if (this.#seen.get(key) !== record) this.renew(record);
      else this.#end(record, tombstone);
    }
  }

  #end(record: KillRecord, tombstone: Tombstone): void {
    const key = scopeKey(record.scope);
    // What is known here only was released by nobody: it has stood under this one since this one was adopted.
    const instead = (): SharedTrip | undefined =>
      strictest([...(this.#live.get(key) ?? []), ...this.#unshared.of(key)]);
    const ended = this.#side.end(record, tombstone, instead).then(() => {
      const now = this.present(key);
      const isShared = now !== undefined && this.#live.get(key)?.some(({ id }) => id === tripId(now));
      if (isShared === true) this.#seen.set(key, now);
    });
    const done = ended.finally(() => this.#following.delete(record));
    done.catch(() => undefined); // is tried again with the next look
    this.#following.set(record, done);
  }
}
