import type { HistoryMark, StandingAccount, StandingPosition } from './history-change.ts';
import type {
  EquitySample,
  HistoryBalance,
  HistoryFill,
  HistoryGap,
  HistoryOrder,
  HistoryPosition,
  LedgerEntry,
} from './history-rows.ts';

/** How a column is kept. With `?` it may be missing. Decimals are exact: text in SQLite, `numeric` in PostgreSQL. */
type Kind = 'text' | 'decimal' | 'integer' | 'flag' | 'fraction';
type ColumnKind = Kind | `${Kind}?`;

/** How values of a type can be kept: by this a table and its rows cannot say different things. */
type KindOf<V> = V extends boolean ? 'flag' : V extends number ? 'integer' | 'fraction' : 'text' | 'decimal';
type ColumnOf<V> = unknown extends V
  ? ColumnKind
  : undefined extends V
    ? `${KindOf<NonNullable<V>>}?`
    : KindOf<V>;

/** A table, by the names of the fields of its rows. */
export interface HistoryTable<Row extends object = Readonly<Record<string, unknown>>> {
  readonly name: string;
  readonly columns: { readonly [Field in keyof Row & string]-?: ColumnOf<Row[Field]> };
  readonly key: readonly (keyof Row & string)[];
}

/** What a database gives and takes. */
export type SqlValue = string | number | boolean | null;
export type SqlRow = Readonly<Record<string, unknown>>;

export const ORDERS: HistoryTable<HistoryOrder> = {
  name: 'history_orders',
  columns: {
    clientOrderId: 'text',
    intentId: 'text',
    accountId: 'text',
    strategyId: 'text',
    instrumentId: 'text',
    side: 'text',
    state: 'text',
    type: 'text?',
    timeInForce: 'text?',
    postOnly: 'flag?',
    reduceOnly: 'flag?',
    isExit: 'flag?',
    requestedQuantity: 'decimal?',
    quantity: 'decimal?',
    worstPrice: 'decimal?',
    cumulativeQuantity: 'decimal',
    leavesQuantity: 'decimal',
    filledValue: 'decimal',
    venueOrderId: 'text?',
    limitsHash: 'text?',
    reason: 'text?',
    atMs: 'integer',
    updatedMs: 'integer',
  },
  key: ['clientOrderId'],
};

export const FILLS: HistoryTable<HistoryFill> = {
  name: 'history_fills',
  columns: {
    clientOrderId: 'text',
    executionId: 'text',
    accountId: 'text',
    strategyId: 'text',
    instrumentId: 'text',
    side: 'text',
    quantity: 'decimal',
    price: 'decimal',
    feeAmount: 'decimal',
    feeCurrency: 'text',
    liquidity: 'text',
    atMs: 'integer',
    seq: 'integer',
  },
  key: ['clientOrderId', 'executionId'],
};

const POSITION: HistoryTable<HistoryPosition>['columns'] = {
  accountId: 'text',
  instrumentId: 'text',
  quantity: 'decimal',
  quote: 'text',
  averagePrice: 'decimal?',
  cost: 'decimal',
  realised: 'decimal',
  fees: 'decimal',
  funding: 'decimal',
  atMs: 'integer',
  seq: 'integer',
};

/** As they were, every step. */
export const POSITION_CHANGES: HistoryTable<HistoryPosition> = {
  name: 'history_position_changes',
  columns: POSITION,
  key: ['accountId', 'instrumentId', 'seq'],
};

/** As they are. */
export const POSITIONS: HistoryTable<StandingPosition> = {
  name: 'history_positions',
  columns: { ...POSITION, lots: 'integer', dust: 'decimal' },
  key: ['accountId', 'instrumentId'],
};

export const LEDGER: HistoryTable<LedgerEntry> = {
  name: 'history_ledger',
  columns: {
    accountId: 'text',
    currency: 'text',
    seq: 'integer',
    atMs: 'integer',
    kind: 'text',
    amount: 'decimal',
    balance: 'decimal',
    reference: 'text?',
    instrumentId: 'text?',
  },
  key: ['accountId', 'currency', 'seq'],
};

export const BALANCES: HistoryTable<HistoryBalance> = {
  name: 'history_balances',
  columns: { accountId: 'text', currency: 'text', amount: 'decimal' },
  key: ['accountId', 'currency'],
};

export const ACCOUNTS: HistoryTable<StandingAccount> = {
  name: 'history_accounts',
  columns: {
    accountId: 'text',
    currency: 'text?',
    openedMs: 'integer?',
    dayId: 'text?',
    updatedMs: 'integer',
    isComplete: 'flag',
    revision: 'integer',
    seq: 'integer',
  },
  key: ['accountId'],
};

export const EQUITY: HistoryTable<EquitySample> = {
  name: 'history_equity',
  columns: {
    accountId: 'text',
    atMs: 'integer',
    sampleId: 'text',
    equity: 'decimal',
    balance: 'decimal?',
    highWater: 'decimal?',
    drawdownFraction: 'fraction?',
  },
  key: ['accountId', 'atMs', 'sampleId'],
};

export const GAPS: HistoryTable<HistoryGap> = {
  name: 'history_gaps',
  columns: {
    accountId: 'text',
    code: 'text',
    atMs: 'integer',
    source: 'text',
    eventId: 'text',
    clientOrderId: 'text?',
    detail: 'text',
  },
  key: ['source', 'eventId', 'code'],
};

/** Events and facts that have been taken. */
export const MARKS: HistoryTable<HistoryMark> = {
  name: 'history_marks',
  columns: { mark: 'text', atMs: 'integer' },
  key: ['mark'],
};

/** One row at most: what was before it has been pruned. */
export const HORIZON: HistoryTable<{ readonly id: number; readonly beforeMs: number }> = {
  name: 'history_horizon',
  columns: { id: 'integer', beforeMs: 'integer' },
  key: ['id'],
};

export const HISTORY_TABLES: readonly HistoryTable[] = [
  ORDERS,
  FILLS,
  POSITION_CHANGES,
  POSITIONS,
  LEDGER,
  BALANCES,
  ACCOUNTS,
  EQUITY,
  GAPS,
  MARKS,
  HORIZON,
];

/** What the queries go by. */
export const HISTORY_INDICES: readonly (readonly [table: HistoryTable, ...columns: string[]])[] = [
  [ORDERS, 'atMs', 'clientOrderId'],
  [ORDERS, 'accountId', 'atMs', 'clientOrderId'],
  [ORDERS, 'strategyId', 'atMs', 'clientOrderId'],
  [ORDERS, 'instrumentId', 'atMs', 'clientOrderId'],
  [ORDERS, 'state', 'atMs', 'clientOrderId'],
  [FILLS, 'atMs', 'seq', 'clientOrderId'],
  [FILLS, 'accountId', 'atMs', 'seq', 'clientOrderId'],
  [FILLS, 'instrumentId', 'atMs', 'seq', 'clientOrderId'],
  [POSITION_CHANGES, 'accountId', 'instrumentId', 'atMs', 'seq'],
  [LEDGER, 'accountId', 'atMs', 'seq'],
  [LEDGER, 'accountId', 'currency', 'atMs', 'seq'],
  [GAPS, 'atMs', 'source', 'eventId', 'code'],
  [GAPS, 'accountId', 'atMs', 'source', 'eventId', 'code'],
  [MARKS, 'atMs'],
];

/** `clientOrderId` is the column `client_order_id`. */
export const columnOf = (field: string): string =>
  field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The row of a table as the database has it. */
export function valuesOf<Row extends object>({ columns }: HistoryTable<Row>, row: Row): SqlValue[] {
  const given = row as Readonly<Record<string, unknown>>;
  return Object.keys(columns).map((field) => {
    const value = given[field];
    if (typeof value === 'boolean') return value ? 1 : 0;
    return (value ?? null) as SqlValue;
  });
}

/** What a database has, as the row that it was. */
export function rowOf<Row extends object>({ columns }: HistoryTable<Row>, found: SqlRow): Row {
  const row: Record<string, unknown> = {};
  for (const [field, kind] of Object.entries<ColumnKind>(columns)) {
    const value = found[columnOf(field)];
    if (value === null || value === undefined) continue;
    row[field] = READ[kind.replace('?', '') as Kind](value);
  }
  return row as Row;
}

const READ: Readonly<Record<Kind, (value: unknown) => unknown>> = {
  text: String,
  decimal: String,
  integer: Number,
  fraction: Number,
  flag: (value) => value === true || value === 1,
};
