import { hash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { StateEntry, StateStore } from '../../storage/state-store.ts';
import type { KeptValue } from './cache-entry.ts';

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

/** What went wrong: a read or a write, a write that was not made, an entry that is damaged. */
export type SecondLevelError = 'l2-read' | 'l2-write' | 'l2-write-lost' | 'l2-entry';

export interface SecondLevelDeps {
  readonly clock: Clock;
  readonly onError: (error: SecondLevelError) => void;
}

export type SecondLevelRead<T> =
  | { readonly kind: 'hit'; readonly value: T; readonly ageMs: number; readonly lifeFraction: number }
  | { readonly kind: 'miss' }
  /** Not known: the store failed, was too slow, or is being left alone. */
  | { readonly kind: 'unavailable' };

interface ChangeOf<Kind extends string> {
  readonly kind: Kind;
  /** Told whether it was made, or the one that took its place. */
  readonly done: (isMade: boolean) => void;
}

interface SetChange<T> extends ChangeOf<'set'> {
  readonly value: T;
  readonly atMs: number;
  readonly lifeFraction: number;
  readonly ttlMs: number;
}

interface DeleteChange extends ChangeOf<'delete'> {
  readonly ifVersion: number | undefined;
}

type Change<T> = SetChange<T> | DeleteChange;

interface Stored {
  /** Wall time of writing. */
  readonly at: number;
  /** What jitter leaves of its time to live, so that both levels judge alike. */
  readonly life: number;
  readonly value: JsonValue;
}

const MISS = { kind: 'miss' } as const;
const UNAVAILABLE = { kind: 'unavailable' } as const;
const LONGEST_TTL_MS = 365 * 24 * 3_600_000;

/**
 * The part of a cache that outlives the process. A failure of the store is never taken for a miss, and leaves it alone for
 * a while, doubling; then one read tries it. Changes are made one after the other behind the answers, each after a turn
 * of the event loop.
 */
export class SecondLevel<T> {
  readonly #settings: SecondLevelSettings;
  readonly #target: CacheStore<T>;
  readonly #deps: SecondLevelDeps;
  /** By key; of two for one key the later stands. */
  readonly #changes = new Map<string, Change<T>>();
  #drained: Promise<void> | undefined;
  #pauseMs = 0;
  #downUntilMs = -Infinity;
  #isTrying = false;

  constructor(settings: SecondLevelSettings, target: CacheStore<T>, deps: SecondLevelDeps) {
    this.#settings = settings;
    this.#target = target;
    this.#deps = deps;
  }

  /** Whether it failed and has not answered since. */
  get isDown(): boolean {
    return this.#pauseMs > 0;
  }

  get pendingWrites(): number {
    return this.#changes.size;
  }

  /** What is to be written counts as written. Never rejects. */
  async read(key: string): Promise<SecondLevelRead<T>> {
    const pending = this.#changes.get(key);
    if (pending?.kind === 'delete') return MISS;
    if (pending?.kind === 'set') return this.#aged(pending);
    if (!this.#mayAsk()) return UNAVAILABLE;
    const asked = await this.#inTime(this.#settings.readTimeoutMs, () =>
      this.#target.store.get(this.#keyOf(key)),
    );
    if (!asked.ok) return this.#failed('l2-read');
    this.#pauseMs = 0;
    this.#isTrying = false;
    // Deleted while it was being read.
    if (this.#changes.get(key)?.kind === 'delete') return MISS;
    return asked.value === undefined ? MISS : this.#decoded(key, asked.value);
  }

  /** Writes behind the answer, or not at all when too much waits or the store is down. */
  write(
    key: string,
    { value, lifeFraction }: Pick<KeptValue<T>, 'value' | 'lifeFraction'>,
    ttlMs: number,
  ): void {
    if (!(ttlMs > 0)) return;
    const hasRoom = this.#changes.has(key) || this.#changes.size < this.#settings.maxPendingWrites;
    if (this.isDown || !hasRoom) this.#deps.onError('l2-write-lost');
    else
      this.#change(key, {
        kind: 'set',
        done: ignore,
        value,
        lifeFraction,
        atMs: this.#deps.clock.nowMs(),
        ttlMs,
      });
  }

  /** @returns whether it is gone for sure */
  delete(key: string, ifVersion?: number): Promise<boolean> {
    return new Promise((done) => {
      this.#change(key, { kind: 'delete', ifVersion, done });
    });
  }

  /** Deletes all entries with our prefix. @returns whether they are gone for sure */
  async clear(): Promise<boolean> {
    await this.idle();
    const { store } = this.#target;
    const { prefix, writeTimeoutMs } = this.#settings;
    const asked = await this.#inTime(writeTimeoutMs, async () => {
      for (const { key } of await store.list(prefix)) await store.delete(key);
    });
    return this.#made(asked);
  }

  /** Resolves when nothing is left to write. */
  idle(): Promise<void> {
    return this.#drained ?? Promise.resolve();
  }

  #mayAsk(): boolean {
    if (!this.isDown) return true;
    if (this.#isTrying || !(this.#deps.clock.monotonicMs() >= this.#downUntilMs)) return false;
    this.#isTrying = true;
    return true;
  }

  #failed(error: SecondLevelError): typeof UNAVAILABLE {
    this.#deps.onError(error);
    this.#isTrying = false;
    const nowMs = this.#deps.clock.monotonicMs();
    // What was asked before it went down says nothing new.
    if (nowMs < this.#downUntilMs) return UNAVAILABLE;
    const { pauseMs, maxPauseMs } = this.#settings;
    this.#pauseMs = Math.min(Math.max(pauseMs, this.#pauseMs * 2), maxPauseMs);
    this.#downUntilMs = nowMs + this.#pauseMs;
    return UNAVAILABLE;
  }

  #decoded(key: string, { value: json, version }: StateEntry): SecondLevelRead<T> {
    try {
      const { at, life, value } = asStored(json);
      return this.#aged({ value: this.#target.decode(value), atMs: at, lifeFraction: life });
    } catch {
      this.#deps.onError('l2-entry');
      void this.delete(key, version);
      return MISS;
    }
  }

  /** An entry from the future would live too long: the wall clock has been set back, or another machine's is ahead. */
  #aged({ value, atMs, lifeFraction }: Omit<SetChange<T>, 'kind' | 'done' | 'ttlMs'>): SecondLevelRead<T> {
    const ageMs = this.#deps.clock.nowMs() - atMs;
    if (ageMs >= -this.#settings.clockToleranceMs)
      return { kind: 'hit', value, ageMs: Math.max(0, ageMs), lifeFraction };
    return MISS;
  }

  #change(key: string, change: Change<T>): void {
    const replaced = this.#changes.get(key)?.done ?? ignore;
    const done = (isMade: boolean): void => {
      change.done(isMade);
      replaced(isMade);
    };
    this.#changes.set(key, { ...change, done });
    this.#drained ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (let next = first(this.#changes); next !== undefined; next = first(this.#changes)) {
      await this.#deps.clock.turn();
      const [key] = next;
      const change = this.#changes.get(key);
      if (change === undefined) continue;
      const isMade = await this.#make(key, change);
      if (this.#changes.get(key) === change) this.#changes.delete(key);
      change.done(isMade);
    }
    this.#drained = undefined;
  }

  async #make(key: string, change: Change<T>): Promise<boolean> {
    const { store } = this.#target;
    const { writeTimeoutMs } = this.#settings;
    const at = this.#keyOf(key);
    if (change.kind === 'delete')
      return this.#made(
        await this.#inTime(writeTimeoutMs, () => store.delete(at, { ifVersion: change.ifVersion })),
      );
    if (this.isDown) return this.#lost('l2-write-lost');
    const json = this.#encoded(change);
    if (json === undefined) return this.#lost('l2-entry');
    const ttlMs = Math.min(change.ttlMs, LONGEST_TTL_MS);
    return this.#made(await this.#inTime(writeTimeoutMs, () => store.set(at, json, { ttlMs })));
  }

  #made({ ok }: { readonly ok: boolean }): boolean {
    if (!ok) this.#failed('l2-write');
    return ok;
  }

  #lost(error: SecondLevelError): false {
    this.#deps.onError(error);
    return false;
  }

  #encoded({ value, atMs, lifeFraction }: SetChange<T>): object | undefined {
    try {
      return { at: atMs, life: lifeFraction, value: this.#target.encode(value) };
    } catch {
      return undefined;
    }
  }

  /** Text of any length and alphabet as a key of the store; UTF-16, so that no two texts meet. */
  #keyOf(key: string): string {
    return this.#settings.prefix + hash('sha256', Buffer.from(key, 'utf16le'));
  }

  /** An answer after the limit is dropped. */
  #inTime<R>(limitMs: number, ask: () => Promise<R>): Promise<{ ok: true; value: R } | { ok: false }> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.deadline(limitMs, () => {
        resolve({ ok: false });
      });
      const end = (answer: { ok: true; value: R } | { ok: false }): void => {
        timer[Symbol.dispose]();
        resolve(answer);
      };
      (async () => ask())().then(
        (value) => {
          end({ ok: true, value });
        },
        () => {
          end({ ok: false });
        },
      );
    });
  }
}

const ignore = (): void => undefined;

const first = <K, V>(map: ReadonlyMap<K, V>): [K, V] | undefined => map.entries().next().value;

function asStored(json: JsonValue): Stored {
  const { at, life, value } = isRecord(json) ? json : NOTHING;
  if (typeof at === 'number' && typeof life === 'number' && life >= 0 && life <= 1 && value !== undefined)
    return { at, life, value };
  throw new TypeError('no entry of a cache');
}

const NOTHING: { readonly [key: string]: JsonValue } = {};

const isRecord = (json: JsonValue): json is { readonly [key: string]: JsonValue } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
