import type { HistoryDatabase, TradingHistory } from '../../../src/portfolio/index.ts';

/** Statements that a history asks, with their values. */
export interface Asked {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Notes what is asked of a database. */
export function recorded(of: HistoryDatabase): {
  readonly database: HistoryDatabase;
  readonly asked: Asked[];
} {
  const asked: Asked[] = [];
  return {
    asked,
    database: {
      prefix: of.prefix,
      query: (sql, values = []) => {
        asked.push({ sql, values });
        return of.query(sql, values);
      },
      transaction: (work) => of.transaction(work),
      close: () => of.close(),
    },
  };
}

/** What is asked of a history day by day, by name. */
export const QUESTIONS: Readonly<Record<string, (history: TradingHistory) => Promise<unknown>>> = {
  'orders, newest': (history) => history.orders({ limit: 50 }),
  'orders of an account': (history) => history.orders({ accountId: 'acc-3', limit: 50 }),
  'orders of a strategy': (history) => history.orders({ strategyId: 's-3', limit: 50 }),
  'orders of an instrument': (history) => history.orders({ instrumentId: 'i-3', limit: 50 }),
  'orders in a state': (history) => history.orders({ states: ['working'], limit: 50 }),
  'orders of a time': (history) => history.orders({ fromMs: 5_000, toMs: 5_100 }),
  'one order': (history) => history.order('o-777'),
  'fills of an order': (history) => history.fills({ clientOrderId: 'o-777' }),
  'fills of an account': (history) => history.fills({ accountId: 'acc-3', limit: 50 }),
  'fills of an instrument': (history) => history.fills({ instrumentId: 'i-3', limit: 50 }),
  'fills of a time': (history) => history.fills({ fromMs: 5_000, toMs: 5_100 }),
  'positions as of a time': (history) => history.positions({ accountId: 'acc-3', atMs: 5_000 }),
  'balances as of a time': (history) => history.balances({ accountId: 'acc-3', atMs: 5_000 }),
  'entries of an account': (history) => history.ledger({ accountId: 'acc-3', limit: 50 }),
  'entries of a currency': (history) => history.ledger({ accountId: 'acc-3', currency: 'USD', limit: 50 }),
  'equity of a time': (history) => history.equity({ accountId: 'acc-3', fromMs: 5_000, toMs: 6_000 }),
};

/** Values of many rows, by table, from a number `n` from 1. */
export const ROWS: readonly (readonly [table: string, columns: string, values: string])[] = [
  [
    'history_orders',
    'client_order_id, intent_id, account_id, strategy_id, instrument_id, side, state, cumulative_quantity, leaves_quantity, filled_value, at_ms, updated_ms',
    "'o-' || n, 'i', 'acc-' || (n % 10), 's-' || (n % 7), 'i-' || (n % 13), 'buy', CASE n % 1000 WHEN 0 THEN 'working' ELSE 'filled' END, 1, 0, 1, n, n",
  ],
  [
    'history_fills',
    'client_order_id, execution_id, account_id, strategy_id, instrument_id, side, quantity, price, fee_amount, fee_currency, liquidity, at_ms, seq',
    "'o-' || n, 'x', 'acc-' || (n % 10), 's', 'i-' || (n % 13), 'buy', 1, 1, 0, 'USD', 'maker', n, n",
  ],
  [
    'history_position_changes',
    'account_id, instrument_id, quantity, quote, cost, realised, fees, funding, at_ms, seq',
    "'acc-' || (n % 10), 'i-' || (n % 13), 1, 'USD', 1, 0, 0, 0, n, n",
  ],
  [
    'history_ledger',
    'account_id, currency, seq, at_ms, kind, amount, balance',
    "'acc-' || (n % 10), CASE n % 2 WHEN 0 THEN 'USD' ELSE 'EUR' END, n, n, 'trade', 1, 1",
  ],
  ['history_equity', 'account_id, at_ms, sample_id, equity', "'acc-' || (n % 10), n, 'e', 1"],
];

/** The few that are there now. */
export const NOW: readonly (readonly [table: string, columns: string, values: string])[] = [
  [
    'history_positions',
    'account_id, instrument_id, quantity, quote, cost, realised, fees, funding, at_ms, seq, lots, dust',
    "'acc-' || (n % 10), 'i-' || (n % 13), 1, 'USD', 1, 0, 0, 0, n, n, 1, 0",
  ],
  [
    'history_balances',
    'account_id, currency, amount',
    "'acc-' || (n % 10), CASE n % 2 WHEN 0 THEN 'USD' ELSE 'EUR' END, 1",
  ],
];
