import { PortcullisError } from '../../core/errors.ts';
import type { PostgresLink } from './postgres-link.ts';

/** What a session is told once, whatever the server, the database or the role has as its default. */
const SETTINGS = `
  SELECT set_config('search_path', 'pg_catalog', false),
    set_config('statement_timeout', $1, false),
    set_config('idle_in_transaction_session_timeout', $1, false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('TimeZone', 'UTC', false),
    set_config('synchronous_commit',
      CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
    current_setting('server_version_num')::int AS version,
    current_setting('server_encoding') AS encoding`;

const OLDEST_VERSION = 140_000;

/**
 * Makes a new connection fit for use: names are looked up in `pg_catalog` only, statements end in time, and a commit is
 * answered when it is on the server's disk.
 *
 * @throws {PortcullisError} `FORMAT_UNSUPPORTED` for a server before version 14, or whose encoding is not UTF8;
 * `STORE_UNAVAILABLE`
 */
export async function beginSession(link: PostgresLink, statementTimeoutMs: number): Promise<void> {
  const { rows } = await link.query(SETTINGS, [String(statementTimeoutMs)]);
  const { version, encoding } = rows[0] as { version: number; encoding: string };
  if (version >= OLDEST_VERSION && encoding === 'UTF8') return;
  throw new PortcullisError(
    'FORMAT_UNSUPPORTED',
    `PostgreSQL: expected version 14 or newer and encoding UTF8, got ${Math.floor(version / 10_000)} and ${encoding}`,
  );
}
