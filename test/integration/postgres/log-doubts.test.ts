import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type CreatePostgresClient,
  PostgresAppendLog,
  PostgresDatabase,
} from '../../../src/adapters/postgres/index.ts';
import { defaultClient } from '../../../src/adapters/postgres/postgres-client.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { postgresForFile } from '../../contract/support/postgres-subject.ts';
import { postgresMissing } from '../../support/postgres-server.ts';

const PATIENT = { timeout: 30_000, interval: 50 };

describe.skipIf(postgresMissing !== undefined)(
  `doubts of a log on PostgreSQL ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile();

    /** Commits wait for a standby of this name; empty for none. */
    async function expectStandby(name: string): Promise<void> {
      await postgres.server.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
      await postgres.server.query('SELECT pg_reload_conf()');
      // A session takes it over with its next statement.
      await vi.waitFor(async () => {
        const [row] = await postgres.server.query('SHOW synchronous_standby_names');
        expect(row).toEqual({ synchronous_standby_names: name });
      }, PATIENT);
    }

    /** Statements that wait for the standby now. */
    const waiting = () =>
      postgres.server.query<{ pid: number; query: string }>(
        "SELECT pid, query FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name LIKE '%log:%'",
      );

    afterEach(async () => {
      await expectStandby('');
    });

    test.for(['pg_cancel_backend', 'pg_terminate_backend'])(
      'a record is acknowledged when the standby has it, not when the wait for it ends otherwise (%s)',
      { timeout: 90_000 },
      async (broken) => {
        const database = await postgres.open({ statementTimeoutMs: 20_000 });
        const log = await PostgresAppendLog.open({ name: 'journal', retryForMs: 80_000 }, { database });
        await expectStandby('absent');
        // One after the other, until the server has taken over that it waits.
        let acknowledged = 0;
        let isOver = false;
        const appending = (async () => {
          while (!isOver) {
            await log.append({ number: acknowledged + 1 });
            acknowledged++;
          }
        })();
        const [first] = await vi.waitFor(async () => {
          const found = await waiting();
          expect(found).toMatchObject([{ query: expect.stringContaining('INSERT') as unknown }]);
          return found;
        }, PATIENT);
        const before = acknowledged;
        isOver = true;
        await postgres.server.query(`SELECT ${broken}($1)`, [first?.pid]);
        await vi.waitFor(async () => {
          if (acknowledged > before) return;
          const confirming = expect.stringContaining('SET last_seq = last_seq') as unknown;
          expect(await waiting()).toMatchObject([{ query: confirming }]);
        }, PATIENT);
        expect(acknowledged).toBe(before);
        await expectStandby('');
        await appending;
        expect(acknowledged).toBe(before + 1);
        const numbers: unknown[] = [];
        for await (const { record } of log.read()) numbers.push((record as { number: number }).number);
        expect(numbers).toEqual(Array.from({ length: acknowledged }, (_, at) => at + 1));
        await log.close();
        await database.close();
      },
    );

    test.for(['writes', 'trims'])(
      'another process that takes the log over and %s while it is opened is no damage',
      async (what) => {
        const schema = postgres.newSchema();
        const database = await postgres.open({ schema });
        const first = await PostgresAppendLog.open({ name: 'journal', fence: 1 }, { database });
        for (let number = 0; number < 3; number++) await first.append({ number });
        const takeOver = async (): Promise<void> => {
          const other = await PostgresAppendLog.open({ name: 'journal', fence: 3 }, { database });
          if (what === 'writes') await other.append({ number: 3 });
          else await other.trim(3);
          await other.close();
        };
        const createClient: CreatePostgresClient = (settings) => {
          const client = defaultClient(settings);
          const query = client.query.bind(client);
          client.query = async (text, values) => {
            if (text.includes('min(seq)')) await takeOver();
            return query(text, values);
          };
          return client;
        };
        const slow = await PostgresDatabase.open(
          { url: postgres.server.url, schema },
          { clock: new SystemClock(), createClient },
        );
        await expect(
          PostgresAppendLog.open({ name: 'journal', fence: 2 }, { database: slow }),
        ).rejects.toMatchObject({
          code: 'LOG_FENCED',
        });
        await slow.close();
        await first.close();
        await database.close();
      },
    );
  },
);
