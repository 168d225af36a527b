import { PortcullisError } from '../../../core/errors.ts';
import type { HistoryDatabase, HistoryQuery } from '../../../portfolio/history/history-sql.ts';
import { SqlTradingHistory } from '../../../portfolio/history/sql-trading-history.ts';
import type { PostgresDatabase } from '../postgres-database.ts';
import type { PostgresQuery } from '../postgres-query.ts';

/** How long a statement of a transaction may take: one that prunes goes through a lot. */
const TRANSACTION_TIMEOUT_MS = 120_000;

/**
 * A trading history in PostgreSQL, for several processes. The order of events of one account is kept by its revision: of two that
 * write it at once, one does so again. Money is `numeric`: equal in value
 * to what was written, with its zeros behind the point, but `007` comes back as `7` and `-0` as `0`.
 */
export class PostgresTradingHistory extends SqlTradingHistory {
  /** @param database which stays open when the history is closed */
  constructor(database: PostgresDatabase) {
    super(new PostgresHistoryDatabase(database));
  }
}

class PostgresHistoryDatabase implements HistoryDatabase {
  readonly prefix = '$schema.';
  readonly #database: PostgresDatabase;
  #isClosed = false;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  readonly query: HistoryQuery = async (sql, values = []) => {
    this.#refuseIfClosed();
    return this.#database.query(numbered(sql), values);
  };

  async transaction<T>(work: (query: HistoryQuery) => Promise<T>): Promise<T> {
    this.#refuseIfClosed();
    return this.#database.transaction((query) => work(inNumbers(query)), {
      timeoutMs: TRANSACTION_TIMEOUT_MS,
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new PortcullisError('STORE_UNAVAILABLE', 'trading history: it is closed');
  }
}

const inNumbers =
  (query: PostgresQuery): HistoryQuery =>
  (sql, values = []) =>
    query(numbered(sql), values);

/** `?` as PostgreSQL writes it: `$1`, `$2` and so on. */
function numbered(sql: string): string {
  let at = 0;
  return sql.replaceAll('?', () => `$${(at += 1)}`);
}
