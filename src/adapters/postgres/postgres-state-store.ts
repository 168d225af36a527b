import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type JsonValue, toJsonText } from '../../storage/json.ts';
import { checkKey, checkOptions, checkServerWrites, isKeyPrefix } from '../../storage/state-input.ts';
import type {
  DeleteOptions,
  DeleteResult,
  SetOptions,
  SetResult,
  StateEntry,
  StateStore,
  StateWrite,
} from '../../storage/state-store.ts';
import { storageName } from '../../storage/storage-name.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { unavailable } from './postgres-failure.ts';

const Options = z.strictObject({
  /** One store per name and schema. Default: `state`. */
  name: storageName.default('state'),
});

/** @interface */
export type PostgresStateStoreOptions = z.input<typeof Options>;

const LIVE = '(expires_at_ms IS NULL OR expires_at_ms > (SELECT $schema.now_ms()))';
/** Entries that one statement lists. */
const PAGE_ENTRIES = 1_000;
/** Entries whose time is over that one statement removes, while writers wait. */
const PRUNE_ENTRIES = 1_000;
const COLUMNS = 'key, value, version, expires_at_ms AS "expiresAtMs"';

/**
 * A state store on PostgreSQL, shared by all who open it under the same name. Entries expire by the clock of the server. Writers
 * of a store take turns, each until the server has it on its disk: for facts that change now and then.
 *
 * Versions are at least the server's time in microseconds, so that none is given twice even when the server has lost data (a
 * backup restored, a failover to a standby that was behind), as long as its clock is right.
 *
 * A change whose answer is lost rejects with `STORE_UNAVAILABLE` and may have been made: look before you repeat it.
 */
export class PostgresStateStore implements StateStore {
  readonly #name: string;
  readonly #database: PostgresDatabase;
  #isClosed = false;

  /** Nothing is asked yet. @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: PostgresStateStoreOptions, deps: { readonly database: PostgresDatabase }) {
    this.#name = parseOptions('PostgresStateStore', Options, options).name;
    this.#database = deps.database;
  }

  get(key: string): Promise<StateEntry | undefined> {
    return this.#answer(async () => {
      const rows = await this.#rows<Row>(
        `SELECT ${COLUMNS} FROM $schema.state WHERE store = $1 AND key = $2 AND ${LIVE}`,
        [this.#name, checkKey(key)],
      );
      return rows.map(toEntry)[0];
    });
  }

  set(key: string, value: JsonValue | object, options: SetOptions = {}): Promise<SetResult> {
    return this.#answer(async () => {
      checkKey(key);
      const { ttlMs, ifVersion } = checkOptions(options);
      const text = toJsonText(`state ${key}`, value);
      const ttl = ttlMs === undefined ? null : Math.min(Math.ceil(ttlMs), LONGEST_TTL_MS);
      return this.#one<SetResult>('SELECT outcome, version FROM $schema.state_set($1, $2, $3, $4, $5)', [
        ...[this.#name, key, text, ttl, ifVersion ?? null],
      ]);
    });
  }

  setAll(entries: readonly StateWrite[]): Promise<void> {
    return this.#answer(async () => {
      const writes = checkServerWrites(entries);
      if (writes.length === 0) return;
      const keys = writes.map(({ key }) => key);
      const texts = writes.map(({ text }) => text);
      await this.#rows('SELECT $schema.state_set_all($1, $2, $3)', [this.#name, keys, texts]);
    });
  }

  delete(key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    return this.#answer(async () => {
      checkKey(key);
      const { ifVersion } = checkOptions(options);
      const { outcome, version } = await this.#one<{ outcome: DeleteResult['outcome']; version: number }>(
        'SELECT outcome, version FROM $schema.state_delete($1, $2, $3)',
        [this.#name, key, ifVersion ?? null],
      );
      return outcome === 'conflict' ? { outcome, version } : { outcome };
    });
  }

  /** In pages of 1,000, each as it is when it is read: what changes meanwhile may be there or not. */
  list(prefix: string): Promise<readonly StateEntry[]> {
    return this.#answer(async () => {
      const entries: StateEntry[] = [];
      if (!isKeyPrefix(prefix)) return entries;
      for (let after = ''; ;) {
        // Keys are ASCII, and compared byte by byte: those with the prefix stand together, and none after this.
        const rows = await this.#rows<Row>(
          `SELECT ${COLUMNS} FROM $schema.state WHERE store = $1 AND key >= $2 AND key < $3 AND key > $4 AND ${LIVE}
           ORDER BY key LIMIT ${PAGE_ENTRIES}`,
          [this.#name, prefix, `${prefix}\x7f`, after],
        );
        for (const row of rows) entries.push(toEntry(row));
        after = rows.at(-1)?.key ?? '';
        if (rows.length < PAGE_ENTRIES) return entries;
      }
    });
  }

  /**
   * Removes entries whose time is over. Each write to the store removes up to 100 of them by itself.
   *
   * @returns how many were removed
   */
  prune(): Promise<number> {
    return this.#answer(async () => {
      for (let count = 0; ;) {
        const { removed } = await this.#one<{ removed: number }>(
          `SELECT $schema.state_prune($1, ${PRUNE_ENTRIES}) AS removed`,
          [this.#name],
        );
        count += removed;
        if (removed < PRUNE_ENTRIES) return count;
      }
    });
  }

  /** The database stays open. */
  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  async #answer<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw unavailable(`state store ${this.#name} is closed`, { retryable: false });
    return work();
  }

  async #rows<R>(sql: string, values: readonly unknown[]): Promise<readonly R[]> {
    return (await this.#database.query<R>(sql, values)).rows;
  }

  async #one<R>(sql: string, values: readonly unknown[]): Promise<R> {
    const [row] = await this.#rows<R>(sql, values);
    if (row !== undefined) return row;
    throw new PortcullisError('STORE_UNAVAILABLE', 'PostgreSQL: expected one row, got none');
  }
}

/** A hundred thousand days: later than that is for ever, and would not fit beside the time. */
const LONGEST_TTL_MS = 8.64e12;

interface Row {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly expiresAtMs: number | null;
}

const toEntry = ({ key, value, version, expiresAtMs }: Row): StateEntry => ({
  key,
  value: JSON.parse(value) as JsonValue,
  version,
  expiresAtMs: expiresAtMs ?? undefined,
});
