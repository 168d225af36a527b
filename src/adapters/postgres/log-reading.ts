import type { LogEntry } from '../../storage/append-log.ts';
import { eachOf } from '../../storage/each-of.ts';
import { headOf, pagesOf } from './log-table.ts';
import type { PostgresDatabase } from './postgres-database.ts';

/** For how long a reader may leave its transaction alone before the server ends it, milliseconds. */
const PATIENCE_MS = 600_000;

/**
 * The records of a log from `fromSeq` that are there when the iteration begins, all in one snapshot: what is trimmed meanwhile is
 * still seen. Takes nothing from the one that writes. The iteration rejects with `STORE_UNAVAILABLE`, or `LOG_DAMAGED`.
 */
export const readLog = (
  database: PostgresDatabase,
  name: string,
  fromSeq: number,
): AsyncIterable<LogEntry> => ({
  [Symbol.asyncIterator]: () =>
    eachOf(pages(database, name, fromSeq), (page) => page)[Symbol.asyncIterator](),
});

async function* pages(
  database: PostgresDatabase,
  name: string,
  fromSeq: number,
): AsyncGenerator<readonly LogEntry[]> {
  const session = await database.session(`read:${name}`);
  try {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await session.query("SELECT set_config('idle_in_transaction_session_timeout', $1, true)", [
      String(PATIENCE_MS),
    ]);
    const head = await headOf(session.query, name);
    if (head === undefined) return;
    const first = fromSeq > head.firstSeq ? Math.ceil(fromSeq) : head.firstSeq;
    yield* pagesOf(session.query, name, { logId: head.logId, fromSeq: first, toSeq: head.lastSeq });
  } finally {
    session.close();
  }
}
