import { crc32 } from 'node:zlib';
import { PortcullisError } from '../../core/errors.ts';
import type { LogEntry } from '../../storage/append-log.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { PostgresQuery, PostgresResult } from './postgres-query.ts';

/** What the server knows of a log. */
export interface LogHead {
  readonly logId: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly fence: number;
  /** Who may write. */
  readonly owner: string;
}

/** Asks; some of what asks takes a limit of time as well. */
export type Ask = <R>(sql: string, values: readonly unknown[]) => Promise<PostgresResult<R>>;

const HEAD = 'log_id AS "logId", first_seq AS "firstSeq", last_seq AS "lastSeq", fence, owner';

/**
 * Makes `owner` the one that writes, and the log if there is none. Nothing where the head carries a higher token, or one at all
 * where none is given (`fence` 0). In any case the batches of earlier owners are refused, or done, once this is answered.
 */
export async function takeLog(
  query: Ask,
  name: string,
  { owner, fence, firstSeq }: { owner: string; fence: number; firstSeq: number },
): Promise<LogHead | undefined> {
  const { rows } = await query<LogHead>(
    `INSERT INTO $schema.log_heads AS h (name, first_seq, last_seq, fence, owner, owned_since)
       VALUES ($1, $4, $4::bigint - 1, $3, $2, clock_timestamp())
     ON CONFLICT (name) DO UPDATE
       SET fence = excluded.fence, owner = excluded.owner, owned_since = excluded.owned_since
       WHERE h.fence <= excluded.fence
     RETURNING ${HEAD}`,
    [name, owner, fence, firstSeq],
  );
  return rows[0];
}

/** `undefined` for a log that was never opened for writing. */
export async function headOf(query: Ask, name: string): Promise<LogHead | undefined> {
  const { rows } = await query<LogHead>(`SELECT ${HEAD} FROM $schema.log_heads WHERE name = $1`, [name]);
  return rows[0];
}

/**
 * Writes the records after `afterSeq` if that is where the log ends and it is still ours: in one statement, so that no lock is
 * held while anybody waits for the network.
 *
 * @returns whether they were written
 */
export async function writeRecords(
  query: Ask,
  { logId, owner, afterSeq }: { logId: number; owner: string; afterSeq: number },
  texts: readonly string[],
): Promise<boolean> {
  const { count } = await query(
    `WITH head AS (
       UPDATE $schema.log_heads SET last_seq = $3::bigint + cardinality($4::text[])
       WHERE log_id = $1 AND owner = $2 AND last_seq = $3
       RETURNING log_id)
     INSERT INTO $schema.log_records (log_id, seq, text, crc)
       SELECT head.log_id, $3 + r.at, r.text, r.crc
       FROM head, unnest($4::text[], $5::bigint[]) WITH ORDINALITY AS r (text, crc, at)`,
    [logId, owner, afterSeq, texts, texts.map((text, at) => checksum(afterSeq + at + 1, text))],
  );
  return count > 0;
}

/**
 * How far the log has come, as the owner that may write it: `undefined` for others. It is written anew, so that the answer waits for the
 * synchronous standbys, which then have all that was committed before; and for a batch of ours that is still under way.
 */
export async function confirmHead(
  query: Ask,
  { logId, owner }: { readonly logId: number; readonly owner: string },
): Promise<number | undefined> {
  const { rows } = await query<{ lastSeq: number }>(
    'UPDATE $schema.log_heads SET last_seq = last_seq WHERE log_id = $1 AND owner = $2 RETURNING last_seq AS "lastSeq"',
    [logId, owner],
  );
  return rows[0]?.lastSeq;
}

/** Notes where the log begins from now on. Nothing is removed yet, so that records are not held up. */
export async function moveStart(
  query: Ask,
  logId: number,
  owner: string,
  firstSeq: number,
): Promise<boolean> {
  const { count } = await query(
    'UPDATE $schema.log_heads SET first_seq = greatest(first_seq, $3) WHERE log_id = $1 AND owner = $2',
    [logId, owner, firstSeq],
  );
  return count > 0;
}

/** Removes records below the start, at most `limit`. @returns how many */
export async function removeOld(query: Ask, logId: number, limit: number): Promise<number> {
  const { count } = await query(
    `DELETE FROM $schema.log_records WHERE log_id = $1 AND seq IN (
       SELECT r.seq FROM $schema.log_records r JOIN $schema.log_heads h USING (log_id)
       WHERE r.log_id = $1 AND r.seq < h.first_seq ORDER BY r.seq LIMIT $2)`,
    [logId, limit],
  );
  return count;
}

const PAGE_RECORDS = 1000;
const PAGE_BYTES = 4 * 1024 * 1024;

/** The records from `fromSeq` to `toSeq`, in pages of a bounded size, each looked at. @throws {PortcullisError} `LOG_DAMAGED` */
export async function* pagesOf(
  query: PostgresQuery,
  name: string,
  { logId, fromSeq, toSeq }: { logId: number; fromSeq: number; toSeq: number },
): AsyncGenerator<readonly LogEntry[]> {
  for (let next = fromSeq; next <= toSeq;) {
    const { rows } = await query<Row>(
      `SELECT seq, text, crc FROM (
         SELECT seq, text, crc, sum(octet_length(text)) OVER (ORDER BY seq) - octet_length(text) AS before
         FROM (SELECT seq, text, crc FROM $schema.log_records
               WHERE log_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq LIMIT ${PAGE_RECORDS}) AS page
       ) AS sized WHERE before <= ${PAGE_BYTES} ORDER BY seq`,
      [logId, next, toSeq],
    );
    if (rows.length === 0) throw damaged(name, next, 'the record', 'none');
    yield rows.map((row) => entryOf(name, row, next++));
  }
}

interface Row {
  readonly seq: number;
  readonly text: string;
  readonly crc: number;
}

function entryOf(name: string, { seq, text, crc }: Row, expected: number): LogEntry {
  if (seq !== expected) throw damaged(name, expected, 'the record', `record ${seq}`);
  const actual = checksum(seq, text);
  if (actual !== crc) throw damaged(name, seq, `checksum ${crc}`, `checksum ${actual}`);
  return { seq, record: JSON.parse(text) as JsonValue };
}

/** As in the files of a log. */
const checksum = (seq: number, text: string): number => crc32(`${seq} ${text}`);

export const damaged = (name: string, seq: number, expected: string, got: string): PortcullisError =>
  new PortcullisError(
    'LOG_DAMAGED',
    `log ${name} on PostgreSQL: at record ${seq} expected ${expected}, got ${got}. Restore the database from a backup`,
    { details: { name, seq, expected, got } },
  );
