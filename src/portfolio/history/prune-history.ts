import { TRANSITIONS, isOpen, type OrderState } from '../../trading/order-life-cycle.ts';
import type { HistoryBalance, LedgerEntry } from './history-rows.ts';
import { type HistoryDatabase, type HistoryQuery, marks, writeRows } from './history-sql.ts';
import {
  BALANCES,
  EQUITY,
  FILLS,
  type HistoryTable,
  HORIZON,
  LEDGER,
  MARKS,
  ORDERS,
  POSITIONS,
  POSITION_CHANGES,
  type SqlRow,
  type SqlValue,
  rowOf,
} from './history-tables.ts';
import type { PruneReport } from './trading-history.ts';

const OVER = (Object.keys(TRANSITIONS) as OrderState[]).filter((state) => !isOpen(state));

/** Rows that one transaction removes, but for those of one and the same millisecond. */
const BIT = 10_000;

/** Rows of a table, all of them before a time. */
interface Old {
  readonly table: Pick<HistoryTable, 'name'>;
  /** Columns that have these values: with the time after them, the beginning of an index. */
  readonly of: Readonly<Record<string, string>>;
  readonly beforeMs: number;
  /** What else has to be true of a row `p` that goes. */
  readonly and?: readonly [condition: string, ...values: SqlValue[]] | undefined;
}

/** Removes what is older, bit by bit. The horizon is moved first and the marks go last: at no time is an event taken twice. */
export async function pruneHistory(database: HistoryDatabase, beforeMs: number): Promise<PruneReport> {
  const { prefix } = database;
  const all = async (sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]> =>
    (await database.query(sql, values)).rows;
  await database.transaction((query) =>
    query(
      `INSERT INTO ${prefix}${HORIZON.name} AS h (id, before_ms) VALUES (1, ?)` +
        ' ON CONFLICT (id) DO UPDATE SET before_ms = excluded.before_ms WHERE h.before_ms < excluded.before_ms',
      [beforeMs],
    ),
  );
  const orders = await database.transaction((query) =>
    query(
      `DELETE FROM ${prefix}${ORDERS.name} WHERE updated_ms < ? AND state IN (${marks(OVER.length)})` +
        ' AND CAST(leaves_quantity AS double precision) = 0',
      [beforeMs, ...OVER],
    ),
  );
  const isGone = `NOT EXISTS (SELECT 1 FROM ${prefix}${ORDERS.name} o WHERE o.client_order_id = p.client_order_id)`;
  const fills = await remove(database, { table: FILLS, of: {}, beforeMs, and: [isGone] });
  let positionChanges = 0;
  for (const row of await all(`SELECT * FROM ${prefix}${POSITIONS.name}`)) {
    const { accountId, instrumentId } = rowOf(POSITIONS, row);
    const of = { account_id: accountId, instrument_id: instrumentId };
    positionChanges += await removeButLast(database, { table: POSITION_CHANGES, of, beforeMs }, 'seq');
  }
  let samples = 0;
  for (let accountId = ''; ;) {
    const [next] = await all(
      `SELECT min(account_id) AS account_id FROM ${prefix}${EQUITY.name} WHERE account_id > ?`,
      [accountId],
    );
    if (typeof next?.['account_id'] !== 'string') break;
    accountId = next['account_id'];
    const old = { table: EQUITY, of: { account_id: accountId }, beforeMs };
    samples += await removeButLast(database, old, 'sample_id');
  }
  let entries = 0;
  for (const row of await all(`SELECT * FROM ${prefix}${BALANCES.name}`)) {
    const balance = rowOf(BALANCES, row);
    entries += await database.transaction((query) => carry(query, prefix, balance, beforeMs));
  }
  await remove(database, { table: MARKS, of: {}, beforeMs });
  return { orders: orders.count, fills, positionChanges, entries, samples };
}

/** All but the last of them, which says how it was then. Of two of one time the last is the one whose `then` is higher. */
async function removeButLast(database: HistoryDatabase, old: Old, then: string): Promise<number> {
  const { table, beforeMs } = old;
  const { text, values } = conditionsOf(old);
  const { rows } = await database.query(
    `SELECT at_ms, ${then} FROM ${database.prefix}${table.name} WHERE ${text}at_ms < ?` +
      ` ORDER BY at_ms DESC, ${then} DESC LIMIT 1`,
    [...values, beforeMs],
  );
  const [last] = rows;
  if (last === undefined) return 0;
  const lastOne = [Number(last['at_ms']), last[then] as SqlValue];
  return remove(database, { ...old, and: [`(p.at_ms, p.${then}) < (?, ?)`, ...lastOne] });
}

/** Resolves to how many there were. */
async function remove(database: HistoryDatabase, old: Old): Promise<number> {
  const { table, beforeMs, and: [condition, ...more] = ['1 = 1'] } = old;
  const name = `${database.prefix}${table.name}`;
  const { text, values } = conditionsOf(old);
  let removed = 0;
  for (let fromMs = Number.MIN_SAFE_INTEGER; fromMs < beforeMs;) {
    const { rows } = await database.query(
      `SELECT at_ms FROM ${name} WHERE ${text}at_ms >= ? AND at_ms < ? ORDER BY at_ms LIMIT 1 OFFSET ${BIT - 1}`,
      [...values, fromMs, beforeMs],
    );
    const toMs = rows[0] === undefined ? beforeMs : Number(rows[0]['at_ms']) + 1;
    const { count } = await database.transaction((query) =>
      query(`DELETE FROM ${name} AS p WHERE ${text}at_ms >= ? AND at_ms < ? AND ${condition}`, [
        ...values,
        fromMs,
        toMs,
        ...more,
      ]),
    );
    removed += count;
    fromMs = toMs;
  }
  return removed;
}

const conditionsOf = ({ of }: Old) => ({
  text: Object.keys(of)
    .map((column) => `${column} = ? AND `)
    .join(''),
  values: Object.values(of),
});

/** Puts one entry in the place of all that came before the first of the time after. Resolves to how many fewer there are. */
async function carry(
  query: HistoryQuery,
  prefix: string,
  { accountId, currency }: HistoryBalance,
  beforeMs: number,
): Promise<number> {
  const ledger = `${prefix}${LEDGER.name}`;
  const of = 'account_id = ? AND currency = ?';
  const { rows } = await query(
    `SELECT * FROM ${ledger} WHERE ${of} AND seq <` +
      ` (SELECT coalesce(min(seq), ${Number.MAX_SAFE_INTEGER}) FROM ${ledger} WHERE ${of} AND at_ms >= ?)` +
      ' ORDER BY seq DESC LIMIT 1',
    [accountId, currency, accountId, currency, beforeMs],
  );
  if (rows[0] === undefined) return 0;
  const { seq, atMs, balance } = rowOf(LEDGER, rows[0]);
  const { count } = await query(`DELETE FROM ${ledger} WHERE ${of} AND seq <= ?`, [accountId, currency, seq]);
  const carried: LedgerEntry = { accountId, currency, seq, atMs, kind: 'carried', amount: balance, balance };
  await writeRows(query, prefix, LEDGER, [carried], 'keep');
  return count - 1;
}
