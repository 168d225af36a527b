import type { PostgresNotification } from './postgres-client.ts';

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

/** A connection that nobody else uses, until it is closed or lost: it does not come back. */
export interface PostgresSession {
  readonly isOpen: boolean;
  /** As that of the database; `timeoutMs` is after which it ends for want of an answer. Default: as all statements. */
  readonly query: <R = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
    timeoutMs?: number,
  ) => Promise<PostgresResult<R>>;
  /** Calls once, when it has ended for whatever reason. */
  onEnd(listener: () => void): void;
  /** Calls for each NOTIFY on a channel that it listens on. */
  onNotification(listener: (message: PostgresNotification) => void): void;
  /** At once: what is under way rejects. */
  close(): void;
}
