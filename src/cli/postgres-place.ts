import { createHash } from 'node:crypto';
import { PortcullisError } from '../core/errors.ts';
import type { CommandIo } from './command.ts';
import type { DataPlace, PlaceUse } from './data-place.ts';

/** Only here and only now: `pg` is optional. */
const load = () => import('../adapters/postgres/index.ts').catch(explained);

/** A copy takes long statements, and reads more than it asks. */
const SETTINGS = { statementTimeoutMs: 60_000, applicationName: 'portcullis data copy' };

/** What the log is called while it is copied. */
const DRAFT = 'copying-';
const draftOf = (name: string): string =>
  `${DRAFT}${name.length + DRAFT.length <= 64 ? name : createHash('sha256').update(name).digest('hex').slice(0, 32)}`;

/** Whether the address and the name are those of a place, without a look at it. @throws {PortcullisError} `OPTION_INVALID` */
export async function checkPostgresPlace(url: string, schema: string | undefined): Promise<void> {
  const { PostgresDatabase } = await load();
  PostgresDatabase.check({ url, ...(schema !== undefined && { schema }) });
}

/**
 * A schema of a PostgreSQL server. Reading takes nothing from whoever writes there, and changes nothing.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when `pg` is not installed; as `PostgresDatabase.open`
 */
export async function postgresPlace(
  { url, schema, use }: { readonly url: string; readonly schema: string | undefined; readonly use: PlaceUse },
  { clock }: Pick<CommandIo, 'clock'>,
): Promise<DataPlace> {
  const { PostgresDatabase, PostgresAppendLog, PostgresStateStore, PostgresSnapshotStore, readLog } =
    await load();
  const database = await PostgresDatabase.open(
    { url, ...SETTINGS, migrate: use === 'target', ...(schema !== undefined && { schema }) },
    { clock },
  );
  const drafts = new Map<string, string>();
  const namesIn = async (sql: string): Promise<string[]> =>
    (await database.query<{ name: string }>(sql)).rows.map(({ name }) => name).sort();
  const ends = async (): Promise<ReadonlyMap<string, number>> => {
    const { rows } = await database.query<{ name: string; last: number }>(
      'SELECT name, last_seq AS last FROM $schema.log_heads ORDER BY name',
    );
    return new Map(rows.map(({ name, last }) => [name, last]));
  };
  /** What it is called now: drafts are for targets only. */
  const nameOf = async (name: string): Promise<string> =>
    use === 'source' || (await ends()).has(name) ? name : draftOf(name);
  return {
    isShared: true,
    ends,
    async names() {
      const logs = [...(await ends()).keys()];
      if (use === 'source' && logs.some((name) => name.startsWith(DRAFT))) {
        throw invalid(
          `schema ${database.schema} holds part of a copy that was interrupted: run that copy again`,
        );
      }
      return {
        logs: logs.filter((name) => !name.startsWith(DRAFT)),
        stores: await namesIn('SELECT store AS name FROM $schema.state_stores'),
        snapshots: await namesIn('SELECT DISTINCT name FROM $schema.snapshots'),
        others: await namesIn(
          `SELECT 'the trading history' AS name WHERE EXISTS (SELECT 1 FROM $schema.history_marks)
             OR EXISTS (SELECT 1 FROM $schema.history_horizon)`,
        ),
      };
    },
    async readLog(name) {
      const { rows } = await database.query<{ first: number }>(
        'SELECT first_seq AS first FROM $schema.log_heads WHERE name = $1',
        [name],
      );
      return { firstSeq: rows[0]?.first ?? 1, read: (fromSeq = 1) => readLog(database, name, fromSeq) };
    },
    async openLog(name, firstSeq) {
      const now = await nameOf(name);
      if (now !== name) drafts.set(name, now);
      return PostgresAppendLog.open({ name: now, firstSeq }, { database });
    },
    openStore: (name) => Promise.resolve(new PostgresStateStore({ name }, { database })),
    openSnapshots: (name) => Promise.resolve(new PostgresSnapshotStore({ name }, { database })),
    async finish() {
      await database.transaction(async (query) => {
        for (const [name, draft] of drafts) {
          const { count } = await query(
            `UPDATE $schema.log_heads SET name = $1 WHERE name = $2
               AND NOT EXISTS (SELECT 1 FROM $schema.log_heads WHERE name = $1)`,
            [name, draft],
          );
          if (count !== 1) throw invalid(`somebody has opened the log ${name} while the copy was made`);
        }
      });
    },
    close: () => database.close(),
  };
}

const invalid = (message: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `data copy: ${message}`);

function explained(cause: unknown): never {
  const { code, message } = { ...(cause as { code?: unknown }), message: String(cause) };
  if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes("'pg'")) throw cause;
  throw new PortcullisError('FILE_UNREADABLE', 'data copy: PostgreSQL needs the package pg: npm install pg', {
    cause,
  });
}
