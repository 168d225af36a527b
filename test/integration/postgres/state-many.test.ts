import { describe, expect, test } from 'vitest';
import {
  type PostgresDatabase,
  type PostgresQuery,
  PostgresStateStore,
} from '../../../src/adapters/postgres/index.ts';
import type { StateStore } from '../../../src/storage/index.ts';
import { postgresForFile } from '../../contract/support/postgres-subject.ts';
import { postgresMissing } from '../../support/postgres-server.ts';

const MANY = 20_000;
const HOUR_MS = 3_600_000;

/** What one piece of work read of the entries, and how often it asked for the time. */
interface Effort {
  readonly rows: number;
  readonly clock: number;
}

const EFFORT = `
  SELECT coalesce((SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
      WHERE schemaname = $1 AND relname = 'state'), 0) AS rows,
    coalesce((SELECT calls FROM pg_stat_xact_user_functions
      WHERE schemaname = $1 AND funcname = 'now_ms'), 0) AS clock`;

/** The server counts for a while beyond a transaction. */
async function spent(query: PostgresQuery, schema: string): Promise<Effort> {
  const { rows } = await query<Effort>(EFFORT, [schema]);
  return rows[0] ?? { rows: 0, clock: 0 };
}

describe.skipIf(postgresMissing !== undefined)(
  `PostgresStateStore with many entries ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile({ settings: { track_functions: 'all' } });

    /** The tables are never analysed: as they are right after an import. */
    async function filled(expiresAtMs: string): Promise<PostgresDatabase> {
      const database = await postgres.open();
      await database.query("INSERT INTO $schema.state_stores VALUES ('state', 1)");
      await database.query(
        `INSERT INTO $schema.state SELECT 'state', 'key-' || n, '1', n, ${expiresAtMs}
         FROM generate_series(1, ${MANY}) AS n`,
      );
      return database;
    }

    const effortOf = (database: PostgresDatabase, work: (store: StateStore) => Promise<unknown>) =>
      database.transaction(async (query) => {
        const before = await spent(query, database.schema);
        await work(new PostgresStateStore({}, { database: { query } as unknown as PostgresDatabase }));
        const after = await spent(query, database.schema);
        return { rows: after.rows - before.rows, clock: after.clock - before.clock };
      });

    test.for([
      { entries: 'that expire later', expires: `$schema.now_ms() + ${HOUR_MS}` },
      { entries: 'for ever', expires: 'NULL' },
    ])('a write looks at a handful of entries, among many $entries', async ({ expires }) => {
      const database = await filled(expires);
      const efforts: Effort[] = [];
      // More often than a server takes to keep a plan.
      for (let round = 0; round < 8; round++) {
        efforts.push(await effortOf(database, (store) => store.set('key-7', round, { ttlMs: HOUR_MS })));
        efforts.push(await effortOf(database, (store) => store.set('key-7', round, { ifVersion: 1 })));
        efforts.push(await effortOf(database, (store) => store.delete(`key-${round}`)));
        efforts.push(await effortOf(database, (store) => store.get('key-9')));
      }
      expect(Math.max(...efforts.map(({ rows }) => rows))).toBeLessThan(20);
      await database.close();
    });

    test('a plan that was made while there was nothing is of use when there is much', async () => {
      const database = await postgres.open({ maxConnections: 1 });
      const store = new PostgresStateStore({}, { database });
      await store.set('a', 1, { ttlMs: HOUR_MS });
      await database.query('VACUUM ANALYZE $schema.state');
      for (let round = 0; round < 10; round++) await store.set('a', round, { ttlMs: HOUR_MS });
      await database.query(
        `INSERT INTO $schema.state SELECT 'state', 'key-' || n, '1', n, $schema.now_ms() + ${HOUR_MS}
         FROM generate_series(1, ${MANY}) AS n`,
      );
      const { rows } = await effortOf(database, (one) => one.set('a', 'last'));
      expect(rows).toBeLessThan(50);
      await database.close();
    });

    test('a write removes up to 100 of many whose time is over, prune all of them in parts', async () => {
      const database = await filled('n');
      const store = new PostgresStateStore({}, { database });
      const { rows } = await effortOf(database, (one) => one.set('new', 1));
      expect(rows).toBeLessThan(400);
      expect(await store.list('')).toMatchObject([{ key: 'new' }]);
      expect(await store.prune()).toBe(MANY - 100);
      expect(await store.prune()).toBe(0);
      await database.close();
    });

    test('lists all of them in order, and asks for the time once a page', async () => {
      const database = await filled(`$schema.now_ms() + ${HOUR_MS}`);
      const store = new PostgresStateStore({}, { database });
      const keys = (await store.list('')).map(({ key }) => key);
      expect(keys).toEqual(Array.from({ length: MANY }, (_, at) => `key-${at + 1}`).sort());
      expect((await store.list('key-1999')).map(({ key }) => key)).toEqual(
        ['key-1999', ...Array.from({ length: 10 }, (_, at) => `key-1999${at}`)].sort(),
      );
      const { clock } = await effortOf(database, (one) => one.list(''));
      expect(clock).toBeLessThanOrEqual(MANY / 1_000 + 1);
      for (const prefix of ['é', '\0', 'a b']) expect(await store.list(prefix)).toEqual([]);
      await database.close();
    });

    test('setAll takes 10,000 at once, each with a version of its own, and refuses one more', async () => {
      const database = await postgres.open();
      const store = new PostgresStateStore({}, { database });
      await store.set('k-00001', 'old', { ttlMs: HOUR_MS });
      const writes = Array.from({ length: 10_000 }, (_, at) => ({
        key: `k-${String(at % 9_999).padStart(5, '0')}`,
        value: at,
      }));
      await store.setAll(writes);
      const entries = await store.list('');
      expect(entries.map(({ value }) => value)).toEqual([
        9_999,
        ...Array.from({ length: 9_998 }, (_, at) => at + 1),
      ]);
      expect(new Set(entries.map(({ version }) => version)).size).toBe(9_999);
      expect(entries[0]?.version).toBe(Math.max(...entries.map(({ version }) => version)));
      expect(entries.every(({ expiresAtMs }) => expiresAtMs === undefined)).toBe(true);
      const next = await store.set('next', 1);
      expect(next.version).toBeGreaterThan(entries[0]?.version ?? Infinity);
      await expect(store.setAll([...writes, { key: 'more', value: 1 }])).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('at most 10000 entries in one write, got 10001') as unknown,
      });
      const large = 'x'.repeat(9 * 1024 * 1024);
      await expect(
        store.setAll([
          { key: 'a', value: large },
          { key: 'b', value: large },
        ]),
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(await store.get('more')).toBeUndefined();
      await database.close();
    });
  },
);
