import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { type JsonValue, toJsonText } from './json.ts';
import { checkKey, checkOptions, checkWrites } from './state-input.ts';
import { versionAfter } from './state-version.ts';
import type {
  DeleteOptions,
  DeleteResult,
  SetOptions,
  SetResult,
  StateEntry,
  StateStore,
  StateWrite,
} from './state-store.ts';

interface Row {
  readonly text: string;
  readonly version: number;
  readonly expiresAtMs: number | undefined;
}

/** A state store that lives as long as the object: for backtests and tests. */
export class MemoryStateStore implements StateStore {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #rows = new Map<string, Row>();
  #revision = 0;
  #isClosed = false;

  constructor(deps: { readonly clock: Pick<Clock, 'nowMs'> }) {
    this.#clock = deps.clock;
  }

  get(key: string): Promise<StateEntry | undefined> {
    return this.#answer(() => {
      const row = this.#rows.get(checkKey(key));
      return row === undefined ? undefined : toEntry(key, row);
    });
  }

  set(key: string, value: JsonValue | object, options: SetOptions = {}): Promise<SetResult> {
    return this.#answer(() => {
      checkKey(key);
      const { ttlMs, ifVersion } = checkOptions(options);
      const text = toJsonText(`state ${key}`, value);
      const found = this.#rows.get(key)?.version ?? 0;
      if (ifVersion !== undefined && ifVersion !== found) return { outcome: 'conflict', version: found };
      const version = this.#nextVersion();
      const expiresAtMs = ttlMs === undefined ? undefined : this.#clock.nowMs() + ttlMs;
      this.#rows.set(key, { text, version, expiresAtMs });
      return { outcome: 'written', version };
    });
  }

  setAll(entries: readonly StateWrite[]): Promise<void> {
    return this.#answer(() => {
      for (const { key, text } of checkWrites(entries)) {
        this.#rows.set(key, { text, version: this.#nextVersion(), expiresAtMs: undefined });
      }
    });
  }

  delete(key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    return this.#answer(() => {
      const { ifVersion } = checkOptions(options);
      const found = this.#rows.get(checkKey(key))?.version;
      if (found === undefined) return { outcome: 'absent' };
      if (ifVersion !== undefined && ifVersion !== found) return { outcome: 'conflict', version: found };
      this.#rows.delete(key);
      return { outcome: 'deleted' };
    });
  }

  list(prefix: string): Promise<readonly StateEntry[]> {
    return this.#answer(() => {
      const keys = [...this.#rows.keys()].filter((key) => key.startsWith(prefix)).sort();
      return keys.flatMap((key) => {
        const row = this.#rows.get(key);
        return row === undefined ? [] : [toEntry(key, row)];
      });
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#rows.clear();
    return Promise.resolve();
  }

  /** Runs within the call; what is thrown becomes a rejection. */
  #answer<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#isClosed) throw new PortcullisError('STORE_UNAVAILABLE', 'the memory state store is closed');
      this.#dropExpired();
      resolve(work());
    });
  }

  #nextVersion(): number {
    return (this.#revision = versionAfter(this.#revision, this.#clock.nowMs()));
  }

  #dropExpired(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, { expiresAtMs }] of this.#rows) {
      if (expiresAtMs !== undefined && expiresAtMs <= nowMs) this.#rows.delete(key);
    }
  }
}

const toEntry = (key: string, { text, version, expiresAtMs }: Row): StateEntry => ({
  key,
  value: JSON.parse(text) as JsonValue,
  version,
  expiresAtMs,
});
