import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresDatabase, PostgresTradingHistory } from '../../../src/adapters/postgres/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { HISTORY_INDICES, HISTORY_TABLES, columnOf } from '../../../src/portfolio/history/history-tables.ts';
import { type TradingHistoryUnderTest, tradingHistoryContract } from '../../../src/testing/index.ts';
import { PostgresServer, postgresMissing } from '../../support/postgres-server.ts';

describe.skipIf(postgresMissing)('PostgresTradingHistory', () => {
  let server: PostgresServer;
  let schemas = 0;

  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 120_000);
  afterAll(() => server[Symbol.asyncDispose]());

  const connect = (schema: string): Promise<PostgresDatabase> =>
    PostgresDatabase.open({ url: server.url, schema }, { clock: new SystemClock() });

  async function open(): Promise<TradingHistoryUnderTest> {
    const schema = `history_${(schemas += 1)}`;
    let database = await connect(schema);
    let history = new PostgresTradingHistory(database);
    return {
      history,
      async reopen() {
        await history.close();
        await database.close();
        database = await connect(schema);
        history = new PostgresTradingHistory(database);
        return history;
      },
      dispose: () => database.close(),
    };
  }

  for (const contract of tradingHistoryContract) test(contract.name, () => contract.run(open), 30_000);

  test.each([
    ['from old to new, not analysed', 1, ''],
    ['from new to old, analysed', -1, 'ANALYZE'],
  ])(
    'prunes the tables of one account, whatever the server knows of them: %s',
    async (_, by, analyse) => {
      await using database = disposable(await connect(`pruned_${by + 1}`));
      // In the square of it this takes more than a minute on any machine.
      const count = 40_000;
      const [first, last] = by > 0 ? [1, count] : [count, 1];
      const rows = [
        ['history_equity (account_id, at_ms, sample_id, equity)', "'acc', n, n, 1"],
        [
          'history_position_changes (account_id, instrument_id, quantity, quote, cost, realised, fees, funding, at_ms, seq)',
          "'acc', 'i', n, 'USD', 1, 0, 0, 0, n, n",
        ],
        [
          'history_fills (client_order_id, execution_id, account_id, strategy_id, instrument_id, side, quantity, price, fee_amount, fee_currency, liquidity, at_ms, seq)',
          "'o', n, 'acc', 's', 'i', 'buy', 1, 1, 0, 'USD', 'maker', n, n",
        ],
        ['history_marks (mark, at_ms)', 'n, n'],
      ] as const;
      for (const [table, values] of rows) {
        const name = table.replace(/ .*/, '');
        await database.of.query(`ALTER TABLE $schema.${name} SET (autovacuum_enabled = off)`);
        await database.of.query(
          `INSERT INTO $schema.${table} SELECT ${values} FROM generate_series(${first}, ${last}, ${by}) n`,
        );
        if (analyse !== '') await database.of.query(`ANALYZE $schema.${name}`);
      }
      await database.of.query(
        `INSERT INTO $schema.history_positions (account_id, instrument_id, quantity, quote, cost, realised, fees, funding, at_ms, seq, lots, dust)
         VALUES ('acc', 'i', 1, 'USD', 1, 0, 0, 0, ${count}, ${count}, 1, 0)`,
      );
      const history = new PostgresTradingHistory(database.of);
      expect(await history.prune(count)).toEqual({
        ...{ orders: 0, fills: count - 1, positionChanges: count - 2, entries: 0, samples: count - 2 },
      });
      expect((await history.positions({ atMs: count - 1 })).map(({ quantity }) => quantity)).toEqual([
        String(count - 1),
      ]);
      const { rows: left } = await database.of.query<{ marks: number }>(
        'SELECT count(*) AS marks FROM $schema.history_marks',
      );
      expect(Number(left[0]?.marks)).toBe(1);
    },
    60_000,
  );

  test('its tables and indices are those that a history names', async () => {
    await using database = disposable(await connect('tables'));
    const { rows: columns } = await database.of.query<{ at: string }>(
      `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS at
         FROM information_schema.columns WHERE table_schema = 'tables' AND table_name LIKE 'history%'`,
    );
    const types = {
      ...{ text: 'text', decimal: 'numeric', integer: 'bigint', flag: 'boolean' },
      fraction: 'double precision',
    };
    const expected = HISTORY_TABLES.flatMap(({ name, columns: fields }) =>
      Object.entries(fields).map(([field, kind]) => {
        const type = types[kind.replace('?', '') as keyof typeof types];
        return `${name}.${columnOf(field)} ${type} ${kind.endsWith('?') ? 'YES' : 'NO'}`;
      }),
    );
    expect(columns.map(({ at }) => at).sort()).toEqual(expected.sort());
    const { rows: indices } = await database.of.query<{ indexdef: string }>(
      "SELECT indexdef FROM pg_indexes WHERE schemaname = 'tables'",
    );
    const defined = indices.map(({ indexdef }) =>
      indexdef.replace(/^.* ON tables\.(\S+) USING btree /, '$1 '),
    );
    for (const [{ name }, ...fields] of HISTORY_INDICES) {
      expect(defined).toContain(`${name} (${fields.map(columnOf).join(', ')})`);
    }
  });
});

const disposable = (of: PostgresDatabase) => ({
  of,
  [Symbol.asyncDispose]: () => of.close(),
});
