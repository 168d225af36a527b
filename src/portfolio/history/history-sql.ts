import { type CursorKey, readCursor, writeCursor } from './history-cursor.ts';
import type { Page } from './history-query.ts';
import {
  type HistoryTable,
  type SqlRow,
  type SqlValue,
  columnOf,
  rowOf,
  valuesOf,
} from './history-tables.ts';

/** What a statement gave: its rows, and how many it changed. */
export interface SqlAnswer {
  readonly rows: readonly SqlRow[];
  readonly count: number;
}

/** One statement. Its parameters are written `?`, and no other `?` stands in it. */
export type HistoryQuery = (sql: string, values?: readonly SqlValue[]) => Promise<SqlAnswer>;

/** A database that has the tables of a history. */
export interface HistoryDatabase {
  /** What stands before the names of tables: `$schema.`. */
  readonly prefix: string;
  readonly query: HistoryQuery;
  /** All of what `work` asks by the function that it is given, or nothing where it rejects. */
  transaction<T>(work: (query: HistoryQuery) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Conditions of a statement, with their values. */
export class Conditions {
  readonly #texts: string[] = [];
  readonly values: SqlValue[] = [];

  /** Leaves out what is not asked for. */
  equal(column: string, value: string | undefined): this {
    return value === undefined ? this : this.add(`${column} = ?`, value);
  }

  any(column: string, values: readonly string[] | undefined): this {
    return values === undefined ? this : this.add(`${column} IN (${marks(values.length)})`, ...values);
  }

  /** From inclusive, to exclusive. */
  within({
    fromMs,
    toMs,
  }: {
    readonly fromMs?: number | undefined;
    readonly toMs?: number | undefined;
  }): this {
    if (fromMs !== undefined) this.add('at_ms >= ?', Math.ceil(fromMs));
    if (toMs !== undefined) this.add('at_ms < ?', Math.ceil(toMs));
    return this;
  }

  add(text: string, ...values: readonly SqlValue[]): this {
    this.#texts.push(text);
    this.values.push(...values);
    return this;
  }

  get text(): string {
    return this.#texts.length === 0 ? '' : ` WHERE ${this.#texts.join(' AND ')}`;
  }
}

export const marks = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

/** How a table is paged: by these fields, newest first. */
export interface Paged<Row extends object> {
  readonly of: string;
  readonly table: HistoryTable<Row>;
  readonly order: readonly (keyof Row & string)[];
  /** One value of each kind. */
  readonly shape: CursorKey;
}

/** A page of a table. */
export async function pageOf<Row extends object>(
  { query, prefix }: Pick<HistoryDatabase, 'query' | 'prefix'>,
  { of, table, order, shape }: Paged<Row>,
  conditions: Conditions,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<Row>> {
  const columns = order.map(columnOf);
  if (cursor !== undefined) {
    const key = readCursor(of, cursor, shape);
    conditions.add(`(${columns.join(', ')}) < (${marks(columns.length)})`, ...key);
  }
  const { rows } = await query(
    `SELECT * FROM ${prefix}${table.name}${conditions.text}` +
      ` ORDER BY ${columns.map((column) => `${column} DESC`).join(', ')} LIMIT ?`,
    [...conditions.values, limit + 1],
  );
  const items = rows.slice(0, limit).map((row) => rowOf(table, row));
  const last = items.at(-1) as Readonly<Record<string, string | number>> | undefined;
  if (rows.length <= limit || last === undefined) return { items };
  return {
    items,
    next: writeCursor(
      of,
      order.map((field) => last[field] ?? ''),
    ),
  };
}

/** SQLite takes 32,766 of them, PostgreSQL 65,535. */
const MAX_VALUES = 30_000;

/** Writes rows. Where one is there it is replaced, or left as it is. Resolves to how many were written. */
export async function writeRows<Row extends object>(
  query: HistoryQuery,
  prefix: string,
  table: HistoryTable<Row>,
  rows: readonly Row[],
  where: 'replace' | 'keep',
): Promise<number> {
  const fields = Object.keys(table.columns);
  const key: readonly string[] = table.key;
  const others = fields.filter((field) => !key.includes(field)).map(columnOf);
  const action =
    where === 'keep'
      ? 'NOTHING'
      : `UPDATE SET ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  const most = Math.floor(MAX_VALUES / fields.length);
  let written = 0;
  for (let at = 0; at < rows.length; at += most) {
    const some = rows.slice(at, at + most);
    const { count } = await query(
      `INSERT INTO ${prefix}${table.name} (${fields.map(columnOf).join(', ')}) VALUES ` +
        some.map(() => `(${marks(fields.length)})`).join(', ') +
        ` ON CONFLICT (${key.map(columnOf).join(', ')}) DO ${action}`,
      some.flatMap((row) => valuesOf(table, row)),
    );
    written += count;
  }
  return written;
}
