/** What a statement gave. */
export interface PostgresResult<R> {
  readonly rows: readonly R[];
  /** Rows read or changed. */
  readonly count: number;
}

/**
 * Sends one statement. `$schema.` in it stands for the schema of the database, quoted; values go in as `$1`, `$2` and so on.
 * `int8` comes back as a number (one beyond 2^53 is an error), `numeric`, dates and times as text.
 */
export type PostgresQuery = <R = Record<string, unknown>>(
  sql: string,
  values?: readonly unknown[],
) => Promise<PostgresResult<R>>;

export interface TransactionOptions {
  /** Sees the database as it is at its first statement, and changes nothing. Default: false. */
  readonly readOnly?: boolean | undefined;
  /** For each statement, and between two of them, milliseconds. Default: as all statements (`statementTimeoutMs`). */
  readonly timeoutMs?: number | undefined;
}
