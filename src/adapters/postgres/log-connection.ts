import type { Ask } from './log-table.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import type { PostgresSession } from './postgres-query.ts';

/** The connection on which a log is written: its own, so that nobody's questions are in front of a record. Made anew when lost. */
export class LogConnection {
  readonly #database: Pick<PostgresDatabase, 'session'>;
  readonly #of: string;
  #session: PostgresSession | undefined;

  constructor(database: Pick<PostgresDatabase, 'session'>, of: string) {
    this.#database = database;
    this.#of = of;
  }

  /** Rejects with `STORE_UNAVAILABLE` when there is no connection and none can be made. */
  async asking(): Promise<Ask> {
    if (this.#session?.isOpen !== true) this.#session = await this.#database.session(this.#of);
    const session = this.#session;
    return (sql, values) => session.query(sql, values);
  }

  close(): void {
    this.#session?.close();
  }
}
