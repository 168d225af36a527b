import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type JsonValue, toJsonText } from '../../storage/json.ts';
import { checkKey, checkOptions, checkWrites } from '../../storage/state-input.ts';
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

const LIVE = '(expires_at_ms IS NULL OR expires_at_ms > $schema.now_ms())';
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
      const writes = checkWrites(entries);
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

  list(prefix: string): Promise<readonly StateEntry[]> {
    return this.#answer(async () => {
      // Keys are ASCII, and compared byte by byte: those with the prefix stand together, and none after this.
      const rows = await this.#rows<Row>(
        `SELECT ${COLUMNS} FROM $schema.state
         WHERE store = $1 AND key >= $2 AND key < $3 AND starts_with(key, $2) AND ${LIVE} ORDER BY key`,
        [this.#name, prefix, `${prefix}\x7f`],
      );
      return rows.map(toEntry);
    });
  }

  /**
   * Removes entries whose time is over. Each write to the store removes up to 100 of them by itself.
   *
   * @returns how many were removed
   */
  prune(): Promise<number> {
    return this.#answer(async () => {
      const { count } = await this.#database.query(
        'DELETE FROM $schema.state WHERE store = $1 AND expires_at_ms <= $schema.now_ms()',
        [this.#name],
      );
      return count;
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
