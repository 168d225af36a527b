import { parseInput } from '../../core/options.ts';
import { z } from 'zod';
import { EquityPoints } from './equity-points.ts';
import type { HistoryChange, Standing, StandingQuery } from './history-change.ts';
import {
  type BalanceQuery,
  type EquityQuery,
  type FillQuery,
  type GapQuery,
  type LedgerQuery,
  type OrderQuery,
  type Page,
  type PositionQuery,
  readQuery,
} from './history-query.ts';
import type {
  EquityPoint,
  EquitySample,
  HistoryAccount,
  HistoryBalance,
  HistoryFill,
  HistoryGap,
  HistoryOrder,
  HistoryPosition,
  LedgerEntry,
} from './history-rows.ts';
import {
  Conditions,
  type HistoryDatabase,
  type HistoryQuery,
  marks,
  pageOf,
  writeRows,
} from './history-sql.ts';
import {
  ACCOUNTS,
  BALANCES,
  EQUITY,
  FILLS,
  GAPS,
  type HistoryTable,
  HORIZON,
  LEDGER,
  MARKS,
  ORDERS,
  POSITIONS,
  POSITION_CHANGES,
  columnOf,
  rowOf,
  valuesOf,
} from './history-tables.ts';
import { pruneHistory } from './prune-history.ts';
import type { PruneReport, TradingHistory } from './trading-history.ts';

/** Samples that are read in one go. */
const CHUNK = 5_000;

/** Points of an equity curve where nobody says how many. */
const MOST_POINTS = 10_000;

/** What is thrown to give up a transaction. */
const CONFLICT = new Error('somebody else has written the account');

/** A trading history in a database that speaks SQL. {@link SqliteTradingHistory} is one. */
export class SqlTradingHistory implements TradingHistory {
  readonly #database: HistoryDatabase;

  constructor(database: HistoryDatabase) {
    this.#database = database;
  }

  async orders(query: OrderQuery = {}): Promise<Page<HistoryOrder>> {
    const { accountId, strategyId, instrumentId, states, ...rest } = readQuery.orders(query);
    const conditions = new Conditions()
      .equal('account_id', accountId)
      .equal('strategy_id', strategyId)
      .equal('instrument_id', instrumentId)
      .any('state', states)
      .within(rest);
    const paged = { of: 'orders', table: ORDERS, order: ['atMs', 'clientOrderId'], shape: [0, ''] } as const;
    return pageOf(this.#database, paged, conditions, rest);
  }

  async order(clientOrderId: string): Promise<HistoryOrder | undefined> {
    const found = await this.#all(ORDERS, new Conditions().equal('client_order_id', clientOrderId));
    return found[0];
  }

  async fills(query: FillQuery = {}): Promise<Page<HistoryFill>> {
    const { clientOrderId, accountId, instrumentId, ...rest } = readQuery.fills(query);
    const conditions = new Conditions()
      .equal('client_order_id', clientOrderId)
      .equal('account_id', accountId)
      .equal('instrument_id', instrumentId)
      .within(rest);
    const order = ['atMs', 'seq', 'clientOrderId'] as const;
    const paged = { of: 'fills', table: FILLS, order, shape: [0, 0, ''] } as const;
    return pageOf(this.#database, paged, conditions, rest);
  }

  async positions(query: PositionQuery = {}): Promise<readonly HistoryPosition[]> {
    const { accountId, instrumentId, atMs } = readQuery.positions(query);
    const conditions = new Conditions()
      .equal('c.account_id', accountId)
      .equal('c.instrument_id', instrumentId);
    const { prefix } = this.#database;
    const order = ' ORDER BY c.account_id, c.instrument_id';
    const now = `${prefix}${POSITIONS.name} c`;
    if (atMs === undefined) {
      const { rows } = await this.#query(
        `SELECT c.* FROM ${now}${conditions.text}${order}`,
        conditions.values,
      );
      return rows.map((row) => rowOf(POSITION_CHANGES, row));
    }
    const then = `${prefix}${POSITION_CHANGES.name}`;
    const same = (a: string): string =>
      `${a}.account_id = c.account_id AND ${a}.instrument_id = c.instrument_id`;
    const { rows } = await this.#query(
      `SELECT p.* FROM ${now} JOIN ${then} p ON ${same('p')} AND p.seq = (SELECT x.seq FROM ${then} x` +
        ` WHERE ${same('x')} AND x.at_ms <= ? ORDER BY x.at_ms DESC, x.seq DESC LIMIT 1)${conditions.text}${order}`,
      [Math.floor(atMs), ...conditions.values],
    );
    return rows.map((row) => rowOf(POSITION_CHANGES, row));
  }

  async balances(query: BalanceQuery): Promise<readonly HistoryBalance[]> {
    const { accountId, atMs } = readQuery.balances(query);
    const { prefix } = this.#database;
    const ofAccount = new Conditions().equal('account_id', accountId);
    if (atMs === undefined) return this.#all(BALANCES, ofAccount, 'currency');
    const ledger = `${prefix}${LEDGER.name}`;
    const same = (a: string): string => `${a}.account_id = b.account_id AND ${a}.currency = b.currency`;
    const { rows } = await this.#query(
      `SELECT l.account_id, l.currency, l.balance AS amount FROM ${prefix}${BALANCES.name} b` +
        ` JOIN ${ledger} l ON ${same('l')} AND l.seq = (SELECT x.seq FROM ${ledger} x` +
        ` WHERE ${same('x')} AND x.at_ms <= ? ORDER BY x.at_ms DESC, x.seq DESC LIMIT 1)` +
        ' WHERE b.account_id = ? ORDER BY b.currency',
      [Math.floor(atMs), accountId],
    );
    return rows.map((row) => rowOf(BALANCES, row));
  }

  async ledger(query: LedgerQuery): Promise<Page<LedgerEntry>> {
    const { accountId, currency, ...rest } = readQuery.ledger(query);
    const conditions = new Conditions()
      .equal('account_id', accountId)
      .equal('currency', currency)
      .within(rest);
    const paged = { of: 'ledger', table: LEDGER, order: ['atMs', 'seq'], shape: [0, 0] } as const;
    return pageOf(this.#database, paged, conditions, rest);
  }

  async equity(query: EquityQuery): Promise<readonly EquityPoint[]> {
    const { accountId, points, ...period } = readQuery.equity(query);
    const conditions = (): Conditions => new Conditions().equal('account_id', accountId).within(period);
    const { text, values } = conditions();
    const { rows } = await this.#query(
      `SELECT min(at_ms) AS first, max(at_ms) AS last, count(*) AS samples FROM ${this.#name(EQUITY)}${text}`,
      values,
    );
    const [first, last, samples] = ['first', 'last', 'samples'].map((name) => Number(rows[0]?.[name] ?? 0));
    if (first === undefined || last === undefined || samples === undefined || samples === 0) return [];
    const most = points ?? (samples > MOST_POINTS ? MOST_POINTS : undefined);
    const found = new EquityPoints(
      most === undefined ? undefined : { fromMs: first, toMs: last, points: most },
    );
    for (let behind: EquitySample | undefined, isMore = true; isMore;) {
      const next = conditions();
      if (behind !== undefined) next.add('(at_ms, sample_id) > (?, ?)', behind.atMs, behind.sampleId);
      const some = await this.#all(EQUITY, next, `at_ms, sample_id LIMIT ${CHUNK}`);
      for (const sample of some) found.add(sample);
      behind = some.at(-1);
      isMore = some.length === CHUNK;
    }
    return found.end();
  }

  async accounts(): Promise<readonly HistoryAccount[]> {
    const accounts = await this.#all(ACCOUNTS, new Conditions(), 'account_id');
    return accounts.map(({ revision: _, seq: __, ...account }) => account);
  }

  async gaps(query: GapQuery = {}): Promise<Page<HistoryGap>> {
    const { accountId, ...rest } = readQuery.gaps(query);
    const order = ['atMs', 'source', 'eventId', 'code'] as const;
    const paged = { of: 'gaps', table: GAPS, order, shape: [0, '', '', ''] } as const;
    return pageOf(this.#database, paged, new Conditions().equal('account_id', accountId), rest);
  }

  async prune(beforeMs: number): Promise<PruneReport> {
    const before = Math.floor(parseInput('prune', z.number().min(-8.64e15).max(8.64e15), beforeMs));
    return pruneHistory(this.#database, before);
  }

  async standing(query: StandingQuery): Promise<Standing> {
    const { accountId, instruments } = query;
    const ofAccount = (): Conditions => new Conditions().equal('account_id', accountId);
    // First: what is read after it and is newer makes the commit a conflict.
    const [account] = await this.#all(ACCOUNTS, ofAccount());
    const named = instruments === 'all' ? undefined : instruments;
    const [{ known, horizon }, orders, positions, balances] = await Promise.all([
      this.#known(query.marks),
      this.#some(ORDERS, 'client_order_id', query.orders),
      named?.length === 0 ? [] : this.#all(POSITIONS, ofAccount().any('instrument_id', named)),
      this.#all(BALANCES, ofAccount()),
    ]);
    return {
      ...(account && { account }),
      marks: new Set(known.map(({ mark }) => mark)),
      orders,
      positions,
      balances,
      ...(horizon[0] && { prunedBeforeMs: horizon[0].beforeMs }),
    };
  }

  async commit(change: HistoryChange): Promise<'written' | 'conflict'> {
    try {
      await this.#database.transaction((query) => this.#write(query, change));
      return 'written';
    } catch (error) {
      if (error === CONFLICT) return 'conflict';
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** The horizon last: `prune` moves it before it removes a mark, so that whoever misses the mark sees the horizon. */
  async #known(names: readonly string[]) {
    const known = await this.#some(MARKS, 'mark', names);
    return { known, horizon: await this.#all(HORIZON, new Conditions()) };
  }

  async #write(query: HistoryQuery, change: HistoryChange): Promise<void> {
    const { prefix } = this.#database;
    if (change.account !== undefined) await this.#putAccount(query, change.account);
    const put = <Row extends object>(table: HistoryTable<Row>, rows: readonly Row[]) =>
      writeRows(query, prefix, table, rows, 'replace');
    const added = await writeRows(query, prefix, MARKS, change.marks, 'keep');
    if (added !== change.marks.length) throw CONFLICT;
    await put(ORDERS, change.orders);
    await put(FILLS, change.fills);
    await put(POSITION_CHANGES, change.positionChanges);
    await put(POSITIONS, change.positions);
    await put(LEDGER, change.entries);
    await put(BALANCES, change.balances);
    await put(EQUITY, change.equity);
    await writeRows(query, prefix, GAPS, change.gaps, 'keep');
  }

  /** Whoever writes the account at the same time waits here, and then finds another revision. */
  async #putAccount(
    query: HistoryQuery,
    { row, ifRevision }: NonNullable<HistoryChange['account']>,
  ): Promise<void> {
    const columns = Object.keys(ACCOUNTS.columns).map(columnOf);
    const { count } = await query(
      `INSERT INTO ${this.#name(ACCOUNTS)} AS a (${columns.join(', ')}) VALUES (${marks(columns.length)})` +
        ` ON CONFLICT (account_id) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}` +
        ' WHERE a.revision = ?',
      [...valuesOf(ACCOUNTS, row), ifRevision],
    );
    if (count !== 1) throw CONFLICT;
  }

  async #all<Row extends object>(
    table: HistoryTable<Row>,
    { text, values }: Conditions,
    order?: string,
  ): Promise<readonly Row[]> {
    const { rows } = await this.#query(
      `SELECT * FROM ${this.#name(table)}${text}${order === undefined ? '' : ` ORDER BY ${order}`}`,
      values,
    );
    return rows.map((row) => rowOf(table, row));
  }

  async #some<Row extends object>(
    table: HistoryTable<Row>,
    column: string,
    values: readonly string[],
  ): Promise<readonly Row[]> {
    return values.length === 0 ? [] : this.#all(table, new Conditions().any(column, values));
  }

  #query(...of: Parameters<HistoryQuery>): ReturnType<HistoryQuery> {
    return this.#database.query(...of);
  }

  #name({ name }: Pick<HistoryTable, 'name'>): string {
    return `${this.#database.prefix}${name}`;
  }
}
