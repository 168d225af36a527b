import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import { type Logger, silentLogger } from '../../telemetry/index.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { type CreatePostgresClient, defaultClient } from './postgres-client.ts';
import { unavailable } from './postgres-failure.ts';
import { PostgresLink } from './postgres-link.ts';
import {
  clientSettings,
  type PostgresDatabaseOptions,
  postgresSchema,
  type PostgresSettings,
  withoutSecrets,
} from './postgres-options.ts';
import { PostgresPool } from './postgres-pool.ts';
import type { PostgresQuery, PostgresResult, PostgresSession, TransactionOptions } from './postgres-query.ts';
import { beginSession } from './postgres-session.ts';

export interface PostgresDatabaseDeps {
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  /** Default: `Client` of `pg`. */
  readonly createClient?: CreatePostgresClient | undefined;
}

const LOCAL_TIMEOUTS = `
  SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $1, true)`;

/**
 * A PostgreSQL server, version 14 or newer, with the tables of this package in a schema of their own: what logs, stores and
 * histories share. Connections are made when they are needed and made anew when they are lost; nothing is asked twice.
 *
 * Durability is that of the server: commits wait for its disk (`synchronous_commit` is `on` here, whatever its default), and for
 * its standbys as `synchronous_standby_names` says. What it cannot make good is a server with `fsync = off`, a disk that lies,
 * or a failover to a standby that is behind: that loses what had been acknowledged.
 */
export class PostgresDatabase {
  readonly #settings: PostgresSettings;
  readonly #deps: PostgresDatabaseDeps;
  readonly #clean: (text: string) => string;
  readonly #pool: PostgresPool;
  readonly #own = new Set<PostgresLink>();
  #isClosed = false;

  private constructor(settings: PostgresSettings, deps: PostgresDatabaseDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#clean = withoutSecrets(settings);
    const { maxConnections, connectTimeoutMs, idleMs } = settings;
    this.#pool = new PostgresPool(
      { maxConnections, waitMs: connectTimeoutMs, idleMs },
      { clock: deps.clock, open: () => this.#open('pool') },
    );
  }

  /** Looks at options without a look at the server. @throws {PortcullisError} `OPTION_INVALID` */
  static check(options: PostgresDatabaseOptions): void {
    parseOptions('PostgresDatabase', postgresSchema, options);
  }

  /**
   * Connects, and brings the tables up to date unless told not to.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE` when the server cannot be reached or does not let us in; `FORMAT_UNSUPPORTED`
   * for a server that is too old, or tables of a newer version of this package; `OPTION_INVALID`.
   */
  static async open(options: PostgresDatabaseOptions, deps: PostgresDatabaseDeps): Promise<PostgresDatabase> {
    const database = new PostgresDatabase(parseOptions('PostgresDatabase', postgresSchema, options), deps);
    try {
      await database.#migrate(database.#settings.migrate);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Name of the schema. */
  get schema(): string {
    return this.#settings.schema;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** For what works beside it and keeps the same time. */
  get clock(): Clock {
    return this.#deps.clock;
  }

  get logger(): Logger {
    return this.#deps.logger ?? silentLogger;
  }

  /**
   * One statement, on its own.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`; `details.sqlState` is what the server said. Without it no answer came: a change
   * may have been made or not.
   */
  query<R = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<PostgresResult<R>> {
    return this.#pool.use((link) => this.#ask(link, sql, values));
  }

  /**
   * Runs `work` in one transaction (read committed): what it asks by the function it is given happens as a whole when `work`
   * resolves, and not at all when it rejects. Afterwards that function rejects: the connection is another's.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`, also when something that was asked had failed and `work` took no notice; what
   * `work` throws.
   */
  transaction<T>(work: (query: PostgresQuery) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { readOnly = false, timeoutMs } = options;
    let isOver = false;
    return this.#pool.use(async (link) => {
      await link.query(readOnly ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN');
      try {
        if (timeoutMs !== undefined) await link.query(LOCAL_TIMEOUTS, [String(timeoutMs)]);
        const waitMs = timeoutMs === undefined ? undefined : timeoutMs + this.#settings.graceMs;
        const result = await work((sql, values) =>
          isOver ? Promise.reject(over()) : this.#ask(link, sql, values, waitMs),
        ).finally(() => (isOver = true));
        const { command } = await link.query('COMMIT');
        if (command !== 'COMMIT') throw unavailable('the transaction had failed and was rolled back');
        return result;
      } catch (error) {
        if (link.error === undefined) await link.query('ROLLBACK').catch(ignore);
        throw error;
      }
    });
  }

  /**
   * Brings the tables up to date, under a lock: of several processes that do so at once, one does the work.
   *
   * @throws {PortcullisError} `FORMAT_UNSUPPORTED` for tables of a newer version, or a migration that is not the one that ran;
   * `STORE_UNAVAILABLE`
   */
  migrate(): Promise<void> {
    return this.#migrate(true);
  }

  /**
   * A connection of one's own, for what belongs to a connection: LISTEN, or a lock of the session.
   *
   * @param of what it does, as `pg_stat_activity` shows it
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async session(of: string): Promise<PostgresSession> {
    const link = await this.#open(of);
    if (this.#isClosed) link.close();
    this.#own.add(link);
    link.onEnd(() => this.#own.delete(link));
    return {
      get isOpen() {
        return link.error === undefined;
      },
      query: (sql, values, timeoutMs) => this.#ask(link, sql, values, timeoutMs),
      onEnd: (listener) => {
        link.onEnd(listener);
      },
      onNotification: (listener) => {
        link.onNotification(listener);
      },
      close: () => {
        link.close();
      },
    };
  }

  /** At once: what is under way rejects, so close logs before. A second call is harmless. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#pool.close();
    for (const link of [...this.#own]) link.close();
    return Promise.resolve();
  }

  async #ask<R>(
    link: PostgresLink,
    sql: string,
    values?: readonly unknown[],
    timeoutMs?: number,
  ): Promise<PostgresResult<R>> {
    const text = sql.replaceAll('$schema.', `"${this.#settings.schema}".`);
    const { rows, rowCount } = await link.query(text, values, timeoutMs);
    return { rows: rows as readonly R[], count: rowCount ?? 0 };
  }

  #migrate(isAllowed: boolean): Promise<void> {
    const { schema, migrateTimeoutMs } = this.#settings;
    return migrate(this, { schema, isAllowed, timeoutMs: migrateTimeoutMs, migrations: MIGRATIONS });
  }

  async #open(of: string): Promise<PostgresLink> {
    const { clock, createClient = defaultClient } = this.#deps;
    const { connectTimeoutMs, statementTimeoutMs, graceMs } = this.#settings;
    const link = await PostgresLink.open(
      createClient(clientSettings(this.#settings, of)),
      { connectTimeoutMs, queryTimeoutMs: statementTimeoutMs + graceMs },
      { clock, clean: this.#clean },
    );
    try {
      await beginSession(link, statementTimeoutMs);
      return link;
    } catch (error) {
      link.close();
      throw error;
    }
  }
}

const over = () => unavailable('the transaction is over', { retryable: false });

const ignore = (): void => undefined;
