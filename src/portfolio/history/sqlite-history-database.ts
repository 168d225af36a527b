import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import { openDatabase } from '../../storage/sqlite.ts';
import { Turns } from '../../storage/turns.ts';
import type { HistoryDatabase, HistoryQuery, SqlAnswer } from './history-sql.ts';
import { HISTORY_INDICES, HISTORY_TABLES, type SqlValue, columnOf } from './history-tables.ts';

/** Kept in the `user_version` of the file, where 0 means that nothing has been set up. */
const FORMAT = 1;
/** And this in its `application_id`: "PtcH". */
const APPLICATION = 0x50746348;

const TYPES = {
  text: 'TEXT',
  decimal: 'TEXT',
  integer: 'INTEGER',
  flag: 'INTEGER',
  fraction: 'REAL',
} as const;

const MOST_STATEMENTS = 256;

/** A history in one SQLite file. Statements wait for the transaction before them. */
export class SqliteHistoryDatabase implements HistoryDatabase {
  readonly prefix = '';
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #turns = new Turns();

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`, `FORMAT_UNSUPPORTED` */
  constructor(path: string) {
    this.#path = path;
    let database: DatabaseSync | undefined;
    try {
      database = openDatabase(path);
      setUp(path, database);
      this.#database = database;
    } catch (error) {
      database?.close();
      throw error instanceof PortcullisError ? error : this.#unavailable('cannot be opened', error);
    }
  }

  readonly query: HistoryQuery = (sql, values = []) => this.#turns.take(() => this.#run(sql, values));

  transaction<T>(work: (query: HistoryQuery) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      this.#run('BEGIN IMMEDIATE', []);
      try {
        const result = await work((sql, values = []) => attempt(() => this.#run(sql, values)));
        this.#run('COMMIT', []);
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some errors, a full disk among them.
        if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#turns.take(() => {
      this.#statements.clear();
      if (this.#database.isOpen) this.#database.close();
    });
  }

  #run(sql: string, values: readonly SqlValue[]): SqlAnswer {
    try {
      const statement = this.#statement(sql);
      const given = values as (string | number | null)[];
      if (sql.startsWith('SELECT')) return { rows: statement.all(...given), count: 0 };
      return { rows: [], count: Number(statement.run(...given).changes) };
    } catch (error) {
      throw this.#unavailable('cannot be read or written', error);
    }
  }

  #statement(sql: string): StatementSync {
    const present = this.#statements.get(sql);
    if (present !== undefined) return present;
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #unavailable(what: string, cause: unknown): PortcullisError {
    const { path } = { path: this.#path };
    const advice = 'It can be made anew from the events of the journal';
    return new PortcullisError(
      'STORE_UNAVAILABLE',
      `trading history ${path}: ${what}: ${messageOf(cause)}. ${advice}`,
      { cause, details: { path } },
    );
  }
}

const attempt = <T>(work: () => T): Promise<T> =>
  new Promise((resolve) => {
    resolve(work());
  });

function setUp(path: string, database: DatabaseSync): void {
  const one = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  const format = one('PRAGMA user_version');
  const isEmpty = one('SELECT count(*) FROM sqlite_schema') === 0;
  const isOurs = format === FORMAT && one('PRAGMA application_id') === APPLICATION;
  if (!isOurs && !(format === 0 && isEmpty)) {
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `trading history ${path}: expected format ${FORMAT} of a history, got ${String(format)}`,
    );
  }
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  if (isEmpty) database.exec(`BEGIN IMMEDIATE; ${schema()} COMMIT;`);
}

function schema(): string {
  const tables = HISTORY_TABLES.map(({ name, columns, key }) => {
    const all = Object.entries(columns).map(([field, kind]) => {
      const type = TYPES[kind.replace('?', '') as keyof typeof TYPES];
      return `${columnOf(field)} ${type}${kind.endsWith('?') ? '' : ' NOT NULL'}`;
    });
    const primary = `PRIMARY KEY (${key.map(columnOf).join(', ')})`;
    return `CREATE TABLE ${name} (${[...all, primary].join(', ')}) STRICT, WITHOUT ROWID;`;
  });
  const indices = HISTORY_INDICES.map(([{ name }, ...fields], at) => {
    return `CREATE INDEX history_index_${at + 1} ON ${name} (${fields.map(columnOf).join(', ')});`;
  });
  return [
    ...tables,
    ...indices,
    `PRAGMA user_version = ${FORMAT};`,
    `PRAGMA application_id = ${APPLICATION};`,
  ].join('\n');
}
