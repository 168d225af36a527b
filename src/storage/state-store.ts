import type { JsonValue } from './json.ts';

/** One value of a store. */
export interface StateEntry {
  readonly key: string;
  readonly value: JsonValue;
  /**
   * Grows with every write to the store and is never given twice, so that an equal version means an untouched value. In every
   * store the higher of the last one plus one and the wall clock in microseconds: what moves from one store to another, or
   * finds a store that has lost its data, goes on with higher ones as long as the clocks agree. So a version can be a fencing token.
   */
  readonly version: number;
  /** Wall time, milliseconds since the Unix epoch, from which on the entry is gone; undefined for never. */
  readonly expiresAtMs: number | undefined;
}

export interface SetOptions {
  /** Time to live, milliseconds, above 0. Default: for ever. */
  readonly ttlMs?: number | undefined;
  /** Writes only if this is the version now; 0 for "not there". Default: whatever is there is replaced. */
  readonly ifVersion?: number | undefined;
}

export interface DeleteOptions {
  /** Deletes only if this is the version now. Default: whatever is there goes. */
  readonly ifVersion?: number | undefined;
}

/** One of the values that `setAll` writes. */
export interface StateWrite {
  readonly key: string;
  readonly value: JsonValue | object;
}

/** `conflict` carries the version that is there, 0 for none; nothing was changed. */
export type SetResult =
  | { readonly outcome: 'written'; readonly version: number }
  | { readonly outcome: 'conflict'; readonly version: number };

export type DeleteResult =
  | { readonly outcome: 'deleted' }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'conflict'; readonly version: number };

/**
 * Key-value JSON with expiry and compare-and-set. A key is 1 to 256 visible ASCII characters without blanks. Values
 * are serialised within the call. A promise resolves when the change is durable; expiry goes by the wall clock, so
 * that it outlives a restart.
 *
 * Every method rejects with `STORE_UNAVAILABLE` when the store cannot be read or written, and after `close()`; with
 * `INPUT_INVALID` for a bad key, value or option.
 */
export interface StateStore {
  get(key: string): Promise<StateEntry | undefined>;
  set(key: string, value: JsonValue | object, options?: SetOptions): Promise<SetResult>;
  /**
   * Writes all of the values or none, in the order given, each with a version of its own and for ever; of two for one
   * key the later stays. None at all is no write.
   *
   * A store on a server does that in one go, during which others wait: it takes up to 10,000 values whose JSON is at most
   * 16 Mi characters in all, and rejects more with `INPUT_INVALID`.
   */
  setAll(entries: readonly StateWrite[]): Promise<void>;
  delete(key: string, options?: DeleteOptions): Promise<DeleteResult>;
  /**
   * All entries whose key starts with `prefix`, in the order of their keys. A store on a server reads many of them in pages: with
   * more than 1,000 of them it is not one moment that is told, and what is changed meanwhile may be there or not.
   */
  list(prefix: string): Promise<readonly StateEntry[]>;
  /** A second call is harmless. */
  close(): Promise<void>;
}
