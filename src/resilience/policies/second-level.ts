import type { Clock } from '../../core/clock.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { StateEntry, StateStore } from '../../storage/state-store.ts';
import type { KeptValue } from './cache-entry.ts';
import { type SecondLevelError, StoreAccess } from './store-access.ts';
import { type TimedValue, storeKey, storedOf, valueOfStored } from './stored-value.ts';
import { type Change, WriteBehind } from './write-behind.ts';

/** A store behind a cache, and how its values are written there. */
export interface CacheStore<T> {
  readonly store: StateStore;
  /** The value as JSON. */
  readonly encode: (value: T) => JsonValue | object;
  /** The value of that JSON; throws when it is damaged. */
  readonly decode: (json: JsonValue) => T;
}

export interface SecondLevelSettings {
  readonly prefix: string;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly maxPendingWrites: number;
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  readonly clockToleranceMs: number;
}

export interface SecondLevelDeps {
  readonly clock: Clock;
  readonly onError: (error: SecondLevelError) => void;
}

export type SecondLevelRead<T> =
  | { readonly kind: 'hit'; readonly value: T; readonly ageMs: number; readonly lifeFraction: number }
  | { readonly kind: 'miss' }
  /** Not known: the store failed, was too slow, or is being left alone. */
  | { readonly kind: 'unavailable' };

const MISS = { kind: 'miss' } as const;
const UNAVAILABLE = { kind: 'unavailable' } as const;
const LONGEST_TTL_MS = 365 * 24 * 3_600_000;

/** The part of a cache that outlives the process. A failure of the store is never taken for a miss. */
export class SecondLevel<T> {
  readonly #settings: SecondLevelSettings;
  readonly #target: CacheStore<T>;
  readonly #deps: SecondLevelDeps;
  readonly #access: StoreAccess;
  readonly #changes: WriteBehind<T>;

  constructor(settings: SecondLevelSettings, target: CacheStore<T>, deps: SecondLevelDeps) {
    this.#settings = settings;
    this.#target = target;
    this.#deps = deps;
    this.#access = new StoreAccess(settings, deps);
    this.#changes = new WriteBehind({
      clock: deps.clock,
      make: (key, change) => this.#make(storeKey(settings.prefix, key), change),
    });
  }

  /** Whether it failed and has not answered since. */
  get isDown(): boolean {
    return this.#access.isDown;
  }

  get pendingWrites(): number {
    return this.#changes.size;
  }

  /** What is to be written counts as written. Never rejects. */
  async read(key: string): Promise<SecondLevelRead<T>> {
    const pending = this.#changes.changeOf(key);
    if (pending?.kind === 'delete') return MISS;
    if (pending?.kind === 'set') return this.#aged(pending);
    const { readTimeoutMs, prefix } = this.#settings;
    const asked = await this.#access.read(readTimeoutMs, () => this.#target.store.get(storeKey(prefix, key)));
    if (asked.kind !== 'answered') return UNAVAILABLE;
    // Deleted while it was being read.
    if (this.#changes.changeOf(key)?.kind === 'delete') return MISS;
    return asked.value === undefined ? MISS : this.#decoded(key, asked.value);
  }

  /** Writes behind the answer, or not at all when too much waits or the store is down. */
  write(
    key: string,
    { value, lifeFraction }: Pick<KeptValue<T>, 'value' | 'lifeFraction'>,
    ttlMs: number,
  ): void {
    if (!(ttlMs > 0)) return;
    const hasRoom =
      this.#changes.changeOf(key) !== undefined || this.#changes.size < this.#settings.maxPendingWrites;
    if (this.isDown || !hasRoom) this.#deps.onError('l2-write-lost');
    else this.#changes.add(key, { kind: 'set', value, lifeFraction, atMs: this.#deps.clock.nowMs(), ttlMs });
  }

  /** @returns whether it is gone for sure */
  delete(key: string, ifVersion?: number): Promise<boolean> {
    return new Promise((done) => {
      this.#changes.add(key, { kind: 'delete', ifVersion }, done);
    });
  }

  /** Deletes all entries with our prefix. @returns whether they are gone for sure */
  async clear(): Promise<boolean> {
    await this.idle();
    const { store } = this.#target;
    const { prefix, writeTimeoutMs } = this.#settings;
    return this.#access.write(writeTimeoutMs, async () => {
      for (const { key } of await store.list(prefix)) await store.delete(key);
    });
  }

  /** Resolves when nothing is left to write. */
  idle(): Promise<void> {
    return this.#changes.idle();
  }

  #decoded(key: string, { value: json, version }: StateEntry): SecondLevelRead<T> {
    const stored = valueOfStored(json, this.#target);
    if (stored !== undefined) return this.#aged(stored);
    this.#deps.onError('l2-entry');
    void this.delete(key, version);
    return MISS;
  }

  /** An entry from the future would live too long: the wall clock has been set back, or another machine's is ahead. */
  #aged({ value, atMs, lifeFraction }: TimedValue<T>): SecondLevelRead<T> {
    const ageMs = this.#deps.clock.nowMs() - atMs;
    if (ageMs >= -this.#settings.clockToleranceMs)
      return { kind: 'hit', value, ageMs: Math.max(0, ageMs), lifeFraction };
    return MISS;
  }

  #make(at: string, change: Change<T>): Promise<boolean> {
    const { store } = this.#target;
    const { writeTimeoutMs } = this.#settings;
    if (change.kind === 'delete')
      return this.#access.write(writeTimeoutMs, () => store.delete(at, { ifVersion: change.ifVersion }));
    if (this.isDown) return this.#lost('l2-write-lost');
    const json = storedOf(change, this.#target);
    if (json === undefined) return this.#lost('l2-entry');
    const ttlMs = Math.min(change.ttlMs, LONGEST_TTL_MS);
    return this.#access.write(writeTimeoutMs, () => store.set(at, json, { ttlMs }));
  }

  #lost(error: SecondLevelError): Promise<false> {
    this.#deps.onError(error);
    return Promise.resolve(false);
  }
}
