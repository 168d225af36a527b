import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type JsonValue, toJsonText } from './json.ts';
import { openStateDatabase, unavailable } from './state-database.ts';
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

const Options = z.strictObject({
  /** The database file; created if absent, its directory is not. SQLite keeps `-wal` and `-shm` files beside it. */
  path: z.string().min(1),
});

/** @interface */
export type SqliteStateStoreOptions = z.input<typeof Options>;

/**
 * A state store in one SQLite file. `synchronous=FULL`: a change is on the medium when its promise resolves. The
 * write-ahead log makes that one sync per change instead of three or more. SQLite works within the call and blocks the
 * event loop for that sync: for facts that change now and then, not for one record per order.
 */
export class SqliteStateStore implements StateStore {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;

  private constructor(path: string, clock: Pick<Clock, 'nowMs'>, database: DatabaseSync) {
    this.#path = path;
    this.#clock = clock;
    this.#database = database;
    this.#statements = prepare(database);
  }

  /**
   * @throws {PortcullisError} `STORE_UNAVAILABLE` when the file cannot be opened or is damaged, with the way out;
   * `FORMAT_UNSUPPORTED` when a version that is not ours or another program wrote it; `OPTION_INVALID`.
   */
  static open(
    options: SqliteStateStoreOptions,
    deps: { readonly clock: Pick<Clock, 'nowMs'> },
  ): Promise<SqliteStateStore> {
    return new Promise((resolve) => {
      const { path } = parseOptions('SqliteStateStore', Options, options);
      resolve(new SqliteStateStore(path, deps.clock, openStateDatabase(path)));
    });
  }

  /** Whether anything was ever written, also if it is gone by now. */
  get wasWritten(): boolean {
    return Number(this.#statements.revision.get()?.['revision']) > 0;
  }

  get isClosed(): boolean {
    return !this.#database.isOpen;
  }

  get(key: string): Promise<StateEntry | undefined> {
    return this.#answer('get', () => {
      const row = this.#statements.get.get(checkKey(key), this.#clock.nowMs());
      return row === undefined ? undefined : toEntry(row);
    });
  }

  set(key: string, value: JsonValue | object, options: SetOptions = {}): Promise<SetResult> {
    return this.#answer('set', () => {
      checkKey(key);
      const { ttlMs, ifVersion } = checkOptions(options);
      const text = toJsonText(`state ${key}`, value);
      return this.#change((nowMs): SetResult => {
        const found = this.#versionOf(key) ?? 0;
        if (ifVersion !== undefined && ifVersion !== found) return { outcome: 'conflict', version: found };
        const version = this.#nextVersion(nowMs);
        this.#statements.put.run(key, text, version, ttlMs === undefined ? null : nowMs + ttlMs);
        return { outcome: 'written', version };
      });
    });
  }

  setAll(entries: readonly StateWrite[]): Promise<void> {
    return this.#answer('setAll', () => {
      const rows = checkWrites(entries);
      if (rows.length === 0) return;
      this.#change((nowMs) => {
        for (const { key, text } of rows) this.#statements.put.run(key, text, this.#nextVersion(nowMs), null);
      });
    });
  }

  delete(key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    return this.#answer('delete', () => {
      checkKey(key);
      const { ifVersion } = checkOptions(options);
      return this.#change((): DeleteResult => {
        const found = this.#versionOf(key);
        if (found === undefined) return { outcome: 'absent' };
        if (ifVersion !== undefined && ifVersion !== found) return { outcome: 'conflict', version: found };
        this.#statements.remove.run(key);
        return { outcome: 'deleted' };
      });
    });
  }

  list(prefix: string): Promise<readonly StateEntry[]> {
    return this.#answer('list', () => {
      const entries: StateEntry[] = [];
      // In the order of keys, those with the prefix stand together, the first at or after the prefix itself.
      for (const row of this.#statements.from.iterate(prefix, this.#clock.nowMs())) {
        const entry = toEntry(row);
        if (!entry.key.startsWith(prefix)) break;
        entries.push(entry);
      }
      return entries;
    });
  }

  close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
    return Promise.resolve();
  }

  /** Runs within the call; what is thrown becomes a rejection. */
  #answer<T>(method: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        resolve(work());
      } catch (cause) {
        reject(cause instanceof PortcullisError ? cause : unavailable(this.#path, `${method} failed`, cause));
      }
    });
  }

  #change<T>(work: (nowMs: number) => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const nowMs = this.#clock.nowMs();
      this.#statements.purge.run(nowMs);
      const result = work(nowMs);
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #nextVersion(nowMs: number): number {
    const version = versionAfter(Number(this.#statements.revision.get()?.['revision']), nowMs);
    this.#statements.toRevision.run(version);
    return version;
  }

  #versionOf(key: string): number | undefined {
    const row = this.#statements.version.get(key);
    return row === undefined ? undefined : Number(row['version']);
  }
}

const toEntry = (row: Record<string, SQLOutputValue>): StateEntry => ({
  key: String(row['key']),
  value: JSON.parse(String(row['value'])) as JsonValue,
  version: Number(row['version']),
  expiresAtMs: row['expires_at_ms'] === null ? undefined : Number(row['expires_at_ms']),
});

const LIVE = '(expires_at_ms IS NULL OR expires_at_ms > ?)';

const prepare = (database: DatabaseSync) => ({
  get: database.prepare(`SELECT * FROM state WHERE key = ? AND ${LIVE}`),
  from: database.prepare(`SELECT * FROM state WHERE key >= ? AND ${LIVE} ORDER BY key`),
  version: database.prepare('SELECT version FROM state WHERE key = ?'),
  put: database.prepare(
    'INSERT OR REPLACE INTO state (key, value, version, expires_at_ms) VALUES (?, ?, ?, ?)',
  ),
  remove: database.prepare('DELETE FROM state WHERE key = ?'),
  purge: database.prepare('DELETE FROM state WHERE expires_at_ms <= ?'),
  revision: database.prepare('SELECT revision FROM counter'),
  toRevision: database.prepare('UPDATE counter SET revision = ?'),
});
