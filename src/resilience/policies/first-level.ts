import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import type { Failure } from '../failure.ts';
import type { Entry, KeptValue } from './cache-entry.ts';

export interface FirstLevelSettings<T> {
  readonly maxEntries: number;
  readonly maxSize: number | undefined;
  readonly jitterFraction: number;
  readonly random: () => number;
  readonly sizeOf: ((value: T) => number) | undefined;
  readonly sizeOfFailure: ((failure: Failure) => number) | undefined;
}

/**
 * What a cache has in memory, the least used first to go. It knows how old an entry is and not how old it may be: that is
 * for whom it is given to.
 */
export class FirstLevel<T> {
  readonly #settings: FirstLevelSettings<T>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #entries: LRUCache<string, Entry<T>>;

  constructor(settings: FirstLevelSettings<T>, deps: { readonly clock: Pick<Clock, 'monotonicMs'> }) {
    this.#settings = settings;
    this.#clock = deps.clock;
    const { maxEntries: max, maxSize } = settings;
    this.#entries = new LRUCache<string, Entry<T>>(maxSize === undefined ? { max } : { max, maxSize });
  }

  get entries(): number {
    return this.#entries.size;
  }

  get size(): number {
    return this.#entries.calculatedSize;
  }

  /** Counts as use. */
  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key);
  }

  /** A value that is kept, however old. */
  valueOf(key: string): KeptValue<T> | undefined {
    const entry = this.#entries.peek(key);
    return entry?.kind === 'value' ? entry : undefined;
  }

  /** @param from what another level knows of it; without it, the value is new */
  entryOf(value: T, from?: { readonly ageMs: number; readonly lifeFraction: number }): KeptValue<T> {
    return {
      kind: 'value',
      value,
      writtenMs: this.#clock.monotonicMs() - (from?.ageMs ?? 0),
      lifeFraction: from?.lifeFraction ?? this.#lifeFraction(),
      renewFromMs: -Infinity,
    };
  }

  /** A value without a size, or larger than everything together may be, is not kept. @returns whether it is */
  keep(key: string, entry: KeptValue<T>): boolean {
    return this.#set(key, entry, sizeBy(this.#settings.sizeOf, entry.value));
  }

  /**
   * Frozen, as all who ask get the same. Without the promise of work that still runs: it would be kept alive.
   *
   * @returns as `keep`
   */
  keepFailure(key: string, failure: Failure): boolean {
    const kept = frozen({ ...failure, stillRunning: undefined });
    const writtenMs = this.#clock.monotonicMs();
    const entry = { kind: 'failure', failure: kept, writtenMs, lifeFraction: this.#lifeFraction() } as const;
    return this.#set(key, entry, sizeBy(this.#settings.sizeOfFailure, kept));
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #set(key: string, entry: Entry<T>, size: number): boolean {
    const isSize = size >= 0 && size < Infinity;
    if (!isSize) this.#entries.delete(key);
    else if (this.#settings.maxSize === undefined) this.#entries.set(key, entry);
    else this.#entries.set(key, entry, { size: Math.max(size, 1) });
    return isSize;
  }

  #lifeFraction(): number {
    return 1 - this.#settings.jitterFraction * this.#settings.random();
  }
}

const sizeBy = <V>(sizeOf: ((value: V) => number) | undefined, value: V): number => {
  try {
    return sizeOf === undefined ? 1 : Math.ceil(sizeOf(value));
  } catch {
    return NaN;
  }
};

/** With its headers; an error or a reason in it is somebody else's object. */
function frozen(failure: Failure): Failure {
  if (failure.code !== 'UPSTREAM_STATUS') return Object.freeze(failure);
  const headers: Record<string, string | string[] | undefined> = {};
  for (const [name, value] of Object.entries(failure.headers)) {
    headers[name] = Array.isArray(value) ? [...value] : value;
    Object.freeze(headers[name]);
  }
  return Object.freeze({ ...failure, headers: Object.freeze(headers) });
}
