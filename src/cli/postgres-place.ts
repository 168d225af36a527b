import { PortcullisError } from '../core/errors.ts';
import type { CommandIo } from './command.ts';
import type { DataPlace } from './data-place.ts';

/** Only here and only now: `pg` is optional. */
const load = async () => ({
  ...(await import('../adapters/postgres/index.ts')),
  ...(await import('../adapters/postgres/log-reading.ts')),
});

/** A copy takes long statements, and reads more than it asks. */
const SETTINGS = { statementTimeoutMs: 60_000, applicationName: 'portcullis data copy' };

/**
 * A schema of a PostgreSQL server. Reading takes nothing from whoever writes there.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when `pg` is not installed; as `PostgresDatabase.open`
 */
export async function postgresPlace(
  url: string,
  schema: string | undefined,
  { clock }: Pick<CommandIo, 'clock'>,
): Promise<DataPlace> {
  const { PostgresDatabase, PostgresAppendLog, PostgresStateStore, PostgresSnapshotStore, readLog } =
    await load().catch(explained);
  const database = await PostgresDatabase.open(
    { url, ...SETTINGS, ...(schema !== undefined && { schema }) },
    { clock },
  );
  const namesIn = async (sql: string): Promise<string[]> =>
    (await database.query<{ name: string }>(sql)).rows.map(({ name }) => name).sort();
  return {
    isShared: true,
    async names() {
      return {
        stores: await namesIn('SELECT store AS name FROM $schema.state_stores'),
        logs: await namesIn('SELECT name FROM $schema.log_heads'),
        snapshots: await namesIn('SELECT DISTINCT name FROM $schema.snapshots'),
      };
    },
    async readLog(name) {
      const { rows } = await database.query<{ first: number }>(
        'SELECT first_seq AS first FROM $schema.log_heads WHERE name = $1',
        [name],
      );
      return { firstSeq: rows[0]?.first ?? 1, read: (fromSeq = 1) => readLog(database, name, fromSeq) };
    },
    openLog: (name, firstSeq) => PostgresAppendLog.open({ name, firstSeq }, { database }),
    openStore: (name) => Promise.resolve(new PostgresStateStore({ name }, { database })),
    openSnapshots: (name) => Promise.resolve(new PostgresSnapshotStore({ name }, { database })),
    close: () => database.close(),
  };
}

function explained(cause: unknown): never {
  const { code, message } = { ...(cause as { code?: unknown }), message: String(cause) };
  if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes("'pg'")) throw cause;
  throw new PortcullisError('FILE_UNREADABLE', 'data copy: PostgreSQL needs the package pg: npm install pg', {
    cause,
  });
}
