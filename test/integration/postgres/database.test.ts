import { describe, expect, test, vi } from 'vitest';
import { PostgresDatabase, PostgresStateStore } from '../../../src/adapters/postgres/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { postgresForFile } from '../../contract/support/postgres-subject.ts';
import { postgresMissing } from '../../support/postgres-server.ts';

const PATIENT = { timeout: 30_000, interval: 20 };
const clock = new SystemClock();

describe.skipIf(postgresMissing !== undefined)(
  `PostgresDatabase on a server ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile({
      settings: { max_connections: '20', superuser_reserved_connections: '3' },
    });
    const url = () => postgres.server.url;

    test('processes that migrate at once all come through, and each migration runs once', async () => {
      const schema = postgres.newSchema();
      const databases = await Promise.all(
        [1, 2, 3, 4].map(() => postgres.open({ schema, maxConnections: 2 })),
      );
      const [first = await postgres.open({ schema })] = databases;
      const { rows } = await first.query<{ id: number }>('SELECT id FROM $schema.migrations ORDER BY id');
      expect(rows.map(({ id }) => id)).toEqual(rows.map((_, at) => at + 1));
      expect(rows.length).toBeGreaterThanOrEqual(3);
      await first.migrate();
      for (const database of databases) await database.close();
    });

    test('refuses a schema of a newer version, and one whose migration was another', async () => {
      const schema = postgres.newSchema();
      const database = await postgres.open({ schema });
      await database.query("INSERT INTO $schema.migrations VALUES (9999, 'of-tomorrow', 'x')");
      const newer = {
        code: 'FORMAT_UNSUPPORTED',
        message: expect.stringContaining('of-tomorrow') as unknown,
      };
      await expect(PostgresDatabase.open({ url: url(), schema }, { clock })).rejects.toMatchObject(newer);
      await database.query('DELETE FROM $schema.migrations WHERE id = 9999');
      await database.query("UPDATE $schema.migrations SET checksum = 'x' WHERE id = 1");
      const changed = {
        code: 'FORMAT_UNSUPPORTED',
        message: expect.stringContaining('migration 1 (logs)') as unknown,
      };
      await expect(PostgresDatabase.open({ url: url(), schema }, { clock })).rejects.toMatchObject(changed);
      await database.close();
    });

    test('without leave to migrate, refuses tables that are not up to date and makes none', async () => {
      const schema = postgres.newSchema();
      await expect(
        PostgresDatabase.open({ url: url(), schema, migrate: false }, { clock }),
      ).rejects.toMatchObject({
        code: 'FORMAT_UNSUPPORTED',
      });
      expect(await postgres.server.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])).toEqual(
        [],
      );
      await (await postgres.open({ schema })).close();
      await (await postgres.open({ schema, migrate: false })).close();
    });

    test('a role that may use the schema and nothing else can work, if the schema is up to date', async () => {
      const schema = postgres.newSchema();
      await (await postgres.open({ schema })).close();
      await postgres.server.query(`CREATE ROLE worker LOGIN;
      GRANT USAGE ON SCHEMA ${schema} TO worker;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO worker`);
      const database = await postgres.open({ schema, url: url().replace('postgres@', 'worker@') });
      const store = new PostgresStateStore({}, { database });
      expect((await store.set('a', 1)).outcome).toBe('written');
      await database.close();
    });

    test('names stay in the schema, whatever the search path of the role says', async () => {
      await postgres.server
        .query(`CREATE ROLE misled LOGIN SUPERUSER; ALTER ROLE misled SET search_path = evil;
      ALTER ROLE misled SET synchronous_commit = off; ALTER ROLE misled SET default_transaction_isolation = serializable`);
      const database = await postgres.open({ url: url().replace('postgres@', 'misled@') });
      const { rows } = await database.query(`SELECT current_setting('search_path') AS path,
      current_setting('synchronous_commit') AS commit, current_setting('transaction_isolation') AS isolation`);
      expect(rows).toEqual([{ path: 'pg_catalog', commit: 'on', isolation: 'read committed' }]);
      await database.close();
    });

    test('a statement that takes too long is given up by the server, and the connection is of use again', async () => {
      const database = await postgres.open({ statementTimeoutMs: 200, graceMs: 20_000, maxConnections: 1 });
      await expect(database.query('SELECT pg_sleep(30)')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        details: { sqlState: '57014' },
      });
      expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      await database.close();
    });

    test('a transaction is done as a whole or not at all', async () => {
      const database = await postgres.open();
      await database.query('CREATE TABLE $schema.numbers (number bigint PRIMARY KEY)');
      const numbers = async () =>
        (await database.query('SELECT number FROM $schema.numbers ORDER BY 1')).rows;
      const insert = 'INSERT INTO $schema.numbers VALUES ($1)';
      await database.transaction(async (query) => {
        await Promise.all([query(insert, [1]), query(insert, [2])]);
      });
      const thrown = new Error('the test said so');
      const failing = database.transaction(async (query) => {
        await query(insert, [3]);
        throw thrown;
      });
      await expect(failing).rejects.toBe(thrown);
      const swallowing = database.transaction(async (query) => {
        await query(insert, [4]);
        await query(insert, [1]).catch(() => undefined);
      });
      await expect(swallowing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(database.query(insert, [1])).rejects.toMatchObject({
        retryable: false,
        details: { sqlState: '23505' },
      });
      expect(await numbers()).toEqual([{ number: 1 }, { number: 2 }]);
      await expect(
        database.transaction((query) => query(insert, [5]), { readOnly: true }),
      ).rejects.toMatchObject({ details: { sqlState: '25006' } });
      await database.close();
    });

    test('whole numbers beyond 2^53 are refused, decimals and times come as text', async () => {
      const database = await postgres.open();
      await expect(database.query('SELECT 9007199254740993::bigint AS n')).rejects.toThrow(
        /2\^53.*9007199254740993/,
      );
      const { rows } = await database.query(
        "SELECT 9007199254740991::bigint AS n, 0.10::numeric AS d, timestamptz '2026-01-02 03:04:05.678901Z' AS t",
      );
      expect(rows).toEqual([{ n: 9007199254740991, d: '0.10', t: '2026-01-02 03:04:05.678901+00' }]);
      await database.close();
    });

    test('no connection left on the server: told so, and well again once there is one', async () => {
      await postgres.server.query('CREATE ROLE plain LOGIN SUPERUSER');
      await postgres.server.query('ALTER ROLE plain NOSUPERUSER');
      const schema = postgres.newSchema();
      await (await postgres.open({ schema })).close();
      await postgres.server.query(`GRANT USAGE ON SCHEMA ${schema} TO plain;
      GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO plain`);
      const database = await postgres.open({
        schema,
        url: url().replace('postgres@', 'plain@'),
        maxConnections: 50,
      });
      const all = await Promise.allSettled(
        Array.from({ length: 30 }, () => database.query('SELECT pg_sleep(1)')),
      );
      const refused = all.filter((one) => one.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      for (const { reason } of refused)
        expect(reason).toMatchObject({
          code: 'STORE_UNAVAILABLE',
          retryable: true,
          details: { sqlState: '53300' },
        });
      expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      await database.close();
    });

    test('a server that is stopped and started while nobody asks is of use again, and nothing crashes', async () => {
      const database = await postgres.open({ maxConnections: 3 });
      await Promise.all([1, 2, 3].map(() => database.query('SELECT 1')));
      await postgres.server.stop('immediate');
      await expect(database.query('SELECT 1')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
      });
      await postgres.server.start();
      await vi.waitFor(async () => expect((await database.query('SELECT 1 AS one')).count).toBe(1), PATIENT);
      await database.close();
      await database.close();
      await expect(database.query('SELECT 1')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: false,
      });
    });

    test('versions of many writers grow in the order in which changes are seen', async () => {
      const database = await postgres.open();
      const watched = new PostgresStateStore({}, { database });
      const stores = [1, 2, 3, 4].map(() => new PostgresStateStore({}, { database }));
      const seen: number[] = [];
      let isOver = false;
      const watching = (async () => {
        while (!isOver) {
          const entry = await watched.get('shared');
          if (entry !== undefined) seen.push(entry.version);
        }
      })();
      const given = await Promise.all(
        stores.map(async (store) => {
          const versions: number[] = [];
          for (let at = 0; at < 15; at++) {
            versions.push((await store.set('shared', at)).version);
            if (at % 5 === 4) await store.delete('shared');
          }
          return versions;
        }),
      );
      isOver = true;
      await watching;
      expect(new Set(given.flat()).size).toBe(60);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      await database.close();
    });
  },
);
