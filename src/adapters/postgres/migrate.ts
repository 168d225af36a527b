import { createHash } from 'node:crypto';
import { PortcullisError } from '../../core/errors.ts';
import type { Migration } from './migrations/migration.ts';
import type { PostgresQuery, TransactionOptions } from './postgres-query.ts';

interface MigrateOptions {
  readonly schema: string;
  readonly migrations: readonly Migration[];
  /** Whether anything may be changed; without, tables that are not up to date are refused. */
  readonly isAllowed: boolean;
  /** For each migration, milliseconds. */
  readonly timeoutMs: number;
}

interface Database {
  readonly query: PostgresQuery;
  transaction<T>(work: (query: PostgresQuery) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/**
 * Runs the migrations that have not run yet, each in a transaction of its own under one lock, and notes them with their
 * checksums.
 *
 * @throws {PortcullisError} `FORMAT_UNSUPPORTED` when the database knows migrations that we do not, ran one that has another text,
 * or is behind and may not be changed; `STORE_UNAVAILABLE`
 */
export async function migrate(database: Database, options: MigrateOptions): Promise<void> {
  const { schema, migrations, isAllowed, timeoutMs } = options;
  let done = await appliedIn(database.query.bind(database), options);
  if (done < migrations.length && !isAllowed)
    throw unsupported(
      schema,
      `is at migration ${done} of ${migrations.length}; run migrate() of PostgresDatabase first`,
    );
  while (done < migrations.length) {
    done = await database.transaction(
      async (query) => {
        await query('SELECT pg_advisory_xact_lock($1)', [lockOf(schema)]);
        return runNext(query, options);
      },
      { timeoutMs },
    );
  }
}

/** How many have run after it: another process may have been first. */
async function runNext(query: PostgresQuery, options: MigrateOptions): Promise<number> {
  const { schema, migrations } = options;
  const done = await appliedIn(query, options);
  const next = migrations[done];
  if (next === undefined) return done;
  if (done === 0) await query(await beginning(query, schema));
  await query(next.sql);
  await query('INSERT INTO $schema.migrations (id, name, checksum) VALUES ($1, $2, $3)', [
    next.id,
    next.name,
    checksumOf(next),
  ]);
  return done + 1;
}

async function beginning(query: PostgresQuery, schema: string): Promise<string> {
  // Who may not create schemas may still use one that is there, which IF NOT EXISTS would not allow.
  const { count } = await query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  return `${count === 0 ? `CREATE SCHEMA "${schema}";` : ''}
    CREATE TABLE IF NOT EXISTS $schema.migrations (
      id integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`;
}

/** How many of the migrations have run, all of them looked at. */
async function appliedIn(query: PostgresQuery, options: MigrateOptions): Promise<number> {
  const { schema, migrations } = options;
  const { count } = await query(
    "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'migrations'",
    [schema],
  );
  if (count === 0) return 0;
  const { rows } = await query<Applied>('SELECT id, name, checksum FROM $schema.migrations ORDER BY id');
  for (const [at, row] of rows.entries()) {
    const ours = migrations[at];
    if (ours === undefined)
      throw unsupported(
        schema,
        `has migration ${row.id} (${row.name}), which this version does not know: it was set up by a newer one`,
      );
    if (row.id !== ours.id || row.checksum !== checksumOf(ours))
      throw unsupported(
        schema,
        `ran another migration ${row.id} (${row.name}) than the ${ours.name} of this version`,
      );
  }
  return rows.length;
}

interface Applied {
  readonly id: number;
  readonly name: string;
  readonly checksum: string;
}

export const checksumOf = ({ id, name, sql }: Migration): string =>
  createHash('sha256').update(`${id} ${name}\n${sql}`).digest('hex');

/** The same number for everybody who migrates this schema. */
const lockOf = (schema: string): string =>
  createHash('sha256').update(`portcullis migrate ${schema}`).digest().readBigInt64BE().toString();

const unsupported = (schema: string, what: string): PortcullisError =>
  new PortcullisError('FORMAT_UNSUPPORTED', `PostgreSQL: schema ${schema} ${what}`);
