/** The metrics behind `recordTrade`, `recordError` and `recordLatency`. Give them to `counter` or `histogram` to `expect` labels. */

const tradeLabels = { symbol: 'any', side: ['buy', 'sell'], strategy: 'any', status: 'any' } as const;

export const TRADES = {
  name: 'trading_trades_total',
  help: 'Trades by symbol, side, strategy and status.',
  labels: tradeLabels,
} as const;

export const TRADE_NOTIONAL = {
  name: 'trading_trade_notional_quote_total',
  help: 'Traded notional in the quote currency of the symbol.',
  labels: tradeLabels,
} as const;

export const ERRORS = {
  name: 'trading_errors_total',
  help: 'Errors by component, kind and severity.',
  labels: { component: 'any', kind: 'any', severity: ['info', 'low', 'medium', 'high', 'critical'] },
} as const;

export const OPERATION_DURATION = {
  name: 'trading_operation_duration_seconds',
  help: 'How long operations took, by what was done and on what.',
  labels: ['operation', 'target'],
} as const;

export interface TradeRecord {
  /** Instrument, such as `BTC-USDT`. */
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly strategy: string;
  /** How it ended, such as `filled` or `rejected`: one word of a small vocabulary. */
  readonly status: string;
  /** Quote currency, 0 or more; a statistic, so float64. */
  readonly notional: number;
}

export interface ErrorRecord {
  readonly component: string;
  /** An error code or class, never a message. */
  readonly kind: string;
  readonly severity: (typeof ERRORS.labels.severity)[number];
}

export interface LatencyRecord {
  readonly operation: string;
  /** What it was done on: a venue, a source, a service. */
  readonly target: string;
  /** Seconds, 0 or more. */
  readonly seconds: number;
}
