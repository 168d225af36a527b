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
    const size = this.#sizeOf(entry.value);
    if (!(size >= 0 && size < Infinity)) {
      this.#entries.delete(key);
      return false;
    }
    this.#set(key, entry, Math.max(size, 1));
    return true;
  }

  /** Without the promise of work that still runs: it would be kept alive. */
  keepFailure(key: string, failure: Failure): void {
    const kept = { ...failure, stillRunning: undefined };
    const writtenMs = this.#clock.monotonicMs();
    this.#set(key, { kind: 'failure', failure: kept, writtenMs, lifeFraction: this.#lifeFraction() }, 1);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #sizeOf(value: T): number {
    const { sizeOf } = this.#settings;
    if (sizeOf === undefined) return 1;
    try {
      return Math.ceil(sizeOf(value));
    } catch {
      return NaN;
    }
  }

  #set(key: string, entry: Entry<T>, size: number): void {
    if (this.#settings.maxSize === undefined) this.#entries.set(key, entry);
    else this.#entries.set(key, entry, { size });
  }

  #lifeFraction(): number {
    return 1 - this.#settings.jitterFraction * this.#settings.random();
  }
}
