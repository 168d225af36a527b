import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import { SqlTradingHistory } from './sql-trading-history.ts';
import { SqliteHistoryDatabase } from './sqlite-history-database.ts';

const Options = z.strictObject({
  /**
   * The database file; created if absent, its directory is not. Best called `history.sqlite`: in a data directory, `.db` is what
   * state stores are called.
   */
  path: z.string().min(1),
});

/** @interface */
export type SqliteTradingHistoryOptions = z.input<typeof Options>;

/**
 * A trading history in one SQLite file, for one process. `synchronous=FULL`: an event is on the medium when its projection
 * resolves. SQLite works within the call and blocks the event loop for it.
 */
export class SqliteTradingHistory extends SqlTradingHistory {
  private constructor(database: SqliteHistoryDatabase) {
    super(database);
  }

  /**
   * @throws {PortcullisError} `STORE_UNAVAILABLE` when the file cannot be opened; `FORMAT_UNSUPPORTED` when another version or
   *   another program wrote it; `OPTION_INVALID`
   */
  static open(options: SqliteTradingHistoryOptions): Promise<SqliteTradingHistory> {
    return new Promise((resolve) => {
      const { path } = parseOptions('SqliteTradingHistory', Options, options);
      resolve(new SqliteTradingHistory(new SqliteHistoryDatabase(path)));
    });
  }
}
