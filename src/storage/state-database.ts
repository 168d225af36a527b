import type { DatabaseSync } from 'node:sqlite';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { openDatabase } from './sqlite.ts';

/** Kept in the `user_version` of the file, where 0 means that nothing has been set up. */
const FORMAT = 1;

const SCHEMA = `
  BEGIN IMMEDIATE;
  CREATE TABLE state (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires_at_ms REAL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX state_expiry ON state (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  CREATE TABLE counter (revision INTEGER NOT NULL) STRICT;
  INSERT INTO counter VALUES (0);
  PRAGMA user_version = ${FORMAT};
  COMMIT;
`;

/**
 * Opens, checks and, if it is new, sets up the file of a state store.
 *
 * @throws {PortcullisError} `STORE_UNAVAILABLE`, `FORMAT_UNSUPPORTED`
 */
export function openStateDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path);
    setUp(path, database);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof PortcullisError ? error : unavailable(path, 'cannot be opened', error);
  }
}

function setUp(path: string, database: DatabaseSync): void {
  const one = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  const check = one('PRAGMA quick_check(1)');
  if (check !== 'ok') throw new Error(`the check of the file says: ${String(check)}`);
  const format = one('PRAGMA user_version');
  const isEmpty = one('SELECT count(*) FROM sqlite_schema') === 0;
  if (format !== FORMAT && !(format === 0 && isEmpty)) {
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `state store ${path}: expected format ${FORMAT}, got ${String(format)}${isEmpty ? '' : ' with tables in it'}`,
    );
  }
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  if (isEmpty) database.exec(SCHEMA);
}

/** The error for a store that cannot be used, with the way out. */
export function unavailable(path: string, what: string, cause: unknown): PortcullisError {
  return new PortcullisError(
    'STORE_UNAVAILABLE',
    `state store ${path}: ${what}: ${messageOf(cause)}. If the file is damaged: stop the process and restore ` +
      `${path} from a copy, or save what can be read with: sqlite3 '${path}' .recover | sqlite3 '${path}.saved'`,
    { cause, details: { path } },
  );
}
