import { TRANSITIONS, isOpen, type OrderState } from '../../trading/order-life-cycle.ts';
import type { HistoryBalance, LedgerEntry } from './history-rows.ts';
import { type HistoryQuery, marks, writeRows } from './history-sql.ts';
import {
  BALANCES,
  EQUITY,
  FILLS,
  HORIZON,
  LEDGER,
  MARKS,
  ORDERS,
  POSITION_CHANGES,
  rowOf,
} from './history-tables.ts';
import type { PruneReport } from './trading-history.ts';

const OVER = (Object.keys(TRANSITIONS) as OrderState[]).filter((state) => !isOpen(state));

/** Removes what is older, within a transaction. */
export async function pruneHistory(
  query: HistoryQuery,
  prefix: string,
  beforeMs: number,
): Promise<PruneReport> {
  const table = ({ name }: { readonly name: string }): string => `${prefix}${name}`;
  const { rows } = await query(`SELECT * FROM ${table(HORIZON)}`);
  const horizon = Math.max(
    beforeMs,
    ...rows.map((row) => rowOf<{ beforeMs: number }>(HORIZON, row).beforeMs),
  );
  await writeRows(query, prefix, HORIZON, [{ id: 1, beforeMs: horizon }], 'replace');
  const orders = await query(
    `DELETE FROM ${table(ORDERS)} WHERE updated_ms < ? AND state IN (${marks(OVER.length)})` +
      ' AND CAST(leaves_quantity AS double precision) = 0',
    [beforeMs, ...OVER],
  );
  const fills = await query(
    `DELETE FROM ${table(FILLS)} AS f WHERE at_ms < ? AND NOT EXISTS` +
      ` (SELECT 1 FROM ${table(ORDERS)} o WHERE o.client_order_id = f.client_order_id)`,
    [beforeMs],
  );
  // The last one of before says what was held then.
  const positionChanges = await query(
    `DELETE FROM ${table(POSITION_CHANGES)} AS p WHERE at_ms < ? AND EXISTS` +
      ` (SELECT 1 FROM ${table(POSITION_CHANGES)} n WHERE n.account_id = p.account_id` +
      ' AND n.instrument_id = p.instrument_id AND n.at_ms < ? AND (n.at_ms, n.seq) > (p.at_ms, p.seq))',
    [beforeMs, beforeMs],
  );
  const samples = await query(
    `DELETE FROM ${table(EQUITY)} AS p WHERE at_ms < ? AND EXISTS` +
      ` (SELECT 1 FROM ${table(EQUITY)} n WHERE n.account_id = p.account_id` +
      ' AND n.at_ms < ? AND (n.at_ms, n.sample_id) > (p.at_ms, p.sample_id))',
    [beforeMs, beforeMs],
  );
  let entries = 0;
  const balances = await query(`SELECT * FROM ${table(BALANCES)}`);
  for (const row of balances.rows) {
    entries += await carry(query, prefix, rowOf<HistoryBalance>(BALANCES, row), beforeMs);
  }
  await query(`DELETE FROM ${table(MARKS)} WHERE at_ms < ?`, [beforeMs]);
  return {
    orders: orders.count,
    fills: fills.count,
    positionChanges: positionChanges.count,
    entries,
    samples: samples.count,
  };
}

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
  const { seq, atMs, balance } = rowOf<LedgerEntry>(LEDGER, rows[0]);
  const { count } = await query(`DELETE FROM ${ledger} WHERE ${of} AND seq <= ?`, [accountId, currency, seq]);
  const carried: LedgerEntry = { accountId, currency, seq, atMs, kind: 'carried', amount: balance, balance };
  await writeRows(query, prefix, LEDGER, [carried], 'keep');
  return count - 1;
}
