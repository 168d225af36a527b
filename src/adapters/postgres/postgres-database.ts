import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type Logger, silentLogger } from '../../telemetry/index.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { type CreatePostgresClient, defaultClient, type PostgresAnswer } from './postgres-client.ts';
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
import type { PostgresQuery, PostgresResult, TransactionOptions } from './postgres-query.ts';
import { beginSession } from './postgres-session.ts';

export interface PostgresDatabaseDeps {
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  /** Default: `Client` of `pg`. */
  readonly createClient?: CreatePostgresClient | undefined;
}

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
    return this.#pool.use((link) => this.on(link)<R>(sql, values));
  }

  /**
   * Runs `work` in one transaction (read committed): what it asks by the function it is given happens as a whole when `work`
   * resolves, and not at all when it rejects.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`, also when something that was asked had failed and `work` took no notice; what
   * `work` throws.
   */
  transaction<T>(work: (query: PostgresQuery) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { readOnly = false, timeoutMs } = options;
    return this.#pool.use(async (link) => {
      await link.query(readOnly ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN');
      try {
        if (timeoutMs !== undefined) {
          await link.query(`SET LOCAL statement_timeout = ${timeoutMs}`);
          await link.query(`SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs}`);
        }
        const result = await work(this.on(link, timeoutMs));
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
   * A connection that is not lent to anybody else, until it is closed or lost.
   *
   * @internal
   */
  async connect(of: string): Promise<PostgresLink> {
    const link = await this.#open(of);
    if (this.#isClosed) link.close();
    this.#own.add(link);
    link.onEnd(() => this.#own.delete(link));
    return link;
  }

  /**
   * As `query`, on a connection.
   *
   * @internal
   */
  on(link: PostgresLink, timeoutMs?: number): PostgresQuery {
    const waitMs = timeoutMs === undefined ? undefined : timeoutMs + this.#settings.graceMs;
    return async <R>(sql: string, values: readonly unknown[] = []) => {
      const { rows, rowCount }: PostgresAnswer = await link.query(this.sql(sql), values, waitMs);
      return { rows: rows as readonly R[], count: rowCount ?? 0 };
    };
  }

  /**
   * The text with the schema in the place of `$schema`.
   *
   * @internal
   */
  sql(text: string): string {
    return text.replaceAll('$schema.', `"${this.#settings.schema}".`);
  }

  /** At once: what is under way rejects. A second call is harmless. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#pool.close();
    for (const link of [...this.#own]) link.close();
    return Promise.resolve();
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
      throw error instanceof PortcullisError
        ? error
        : unavailable('the session cannot be begun', { cause: error });
    }
  }
}

const ignore = (): void => undefined;
