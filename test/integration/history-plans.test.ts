import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresDatabase } from '../../src/adapters/postgres/index.ts';
import { SystemClock } from '../../src/core/index.ts';
import { SqliteHistoryDatabase } from '../../src/portfolio/history/sqlite-history-database.ts';
import { type HistoryDatabase, SqlTradingHistory } from '../../src/portfolio/index.ts';
import { NOW, QUESTIONS, ROWS, recorded } from '../portfolio/support/history-plans.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';
import { PostgresServer, postgresMissing } from '../support/postgres-server.ts';

/** The plans are those of 100,000 as well, which take a while to write. SQLite plans without a look at how many there are. */
const MANY = { sqlite: 2_000, postgres: 20_000 };
/** Each account with each instrument once. */
const FEW = 130;

test('SQLite answers every question about many rows by an index', async () => {
  const path = join(await temporaryDirectory(), 'history.sqlite');
  const own = new SqliteHistoryDatabase(path);
  const database = new DatabaseSync(path);
  const fill = (rows: typeof ROWS, count: number): void => {
    for (const [table, columns, values] of rows) {
      database.exec(
        `WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${count})` +
          ` INSERT OR IGNORE INTO ${table} (${columns}) SELECT ${values} FROM c`,
      );
    }
  };
  database.exec('BEGIN');
  fill(ROWS, MANY.sqlite);
  fill(NOW, FEW);
  database.exec('COMMIT');
  const { database: noted, asked } = recorded(own);
  const history = new SqlTradingHistory(noted);
  for (const [question, ask] of Object.entries(QUESTIONS)) {
    asked.length = 0;
    await ask(history);
    const plan = asked.flatMap(({ sql, values }) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...(values as string[]))
        .map(({ detail }) => String(detail)),
    );
    const scans = plan.filter((line) => /^SCAN /.test(line) && !line.includes('USING INDEX'));
    expect([question, scans]).toEqual([question, []]);
    // An order has few fills.
    if (question === 'fills of an order') continue;
    expect([question, plan.filter((line) => line.includes('TEMP B-TREE'))]).toEqual([question, []]);
  }
  database.close();
  await history.close();
}, 60_000);

describe.skipIf(postgresMissing)('PostgreSQL', () => {
  let server: PostgresServer;
  let database: PostgresDatabase;
  beforeAll(async () => {
    server = await PostgresServer.start();
    database = await PostgresDatabase.open(
      { url: server.url, schema: 'plans', statementTimeoutMs: 60_000 },
      { clock: new SystemClock() },
    );
    for (const [rows, count] of [[ROWS, MANY.postgres] as const, [NOW, FEW] as const]) {
      for (const [table, columns, values] of rows) {
        await database.query(
          `INSERT INTO $schema.${table} (${columns}) SELECT ${values} FROM generate_series(1, ${count}) n ON CONFLICT DO NOTHING`,
        );
        await database.query(`ANALYZE $schema.${table}`);
      }
    }
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await server[Symbol.asyncDispose]();
  });

  test('answers every question about many rows by an index', async () => {
    const own: HistoryDatabase = {
      prefix: '$schema.',
      query: (sql, values = []) => database.query(numbered(sql), values),
      transaction: () => Promise.reject(new Error('not here')),
      close: () => Promise.resolve(),
    };
    const { database: noted, asked } = recorded(own);
    const history = new SqlTradingHistory(noted);
    for (const [question, ask] of Object.entries(QUESTIONS)) {
      asked.length = 0;
      await ask(history);
      for (const { sql, values } of [...asked]) {
        const { rows } = await database.query<Record<string, string>>(`EXPLAIN ${numbered(sql)}`, values);
        const plan = rows.map((row) => row['QUERY PLAN'] ?? '');
        // Those that there are few of may be read as a whole.
        const scans = plan.filter(
          (line) => /Seq Scan/.test(line) && !/history_(positions|balances)/.test(line),
        );
        expect([question, scans]).toEqual([question, []]);
      }
    }
  }, 60_000);
});

function numbered(sql: string): string {
  let at = 0;
  return sql.replaceAll('?', () => `$${(at += 1)}`);
}
