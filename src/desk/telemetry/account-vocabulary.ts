/** Accounts, limits, gates and reconciliation, as metrics. */

const accountLabels = ['account', 'currency'] as const;

export const EQUITY = {
  name: 'trading_equity_quote',
  help: 'Cash and positions at the last good marks, in the currency of the account. Absent while it is not known.',
  labels: accountLabels,
} as const;

export const REALIZED = {
  name: 'trading_pnl_realized_quote',
  help: 'Realised profit less fees, funding included, since the account began.',
  labels: accountLabels,
} as const;

export const UNREALIZED = {
  name: 'trading_pnl_unrealized_quote',
  help: 'Value of open positions less what they cost. Absent while a position has no mark.',
  labels: accountLabels,
} as const;

export const DRAWDOWN = {
  name: 'trading_drawdown_ratio',
  help: 'How far equity is below its highest, as a fraction of it. Absent while it is not known.',
  labels: ['account'],
} as const;

export const DRAWDOWN_LIMIT = {
  name: 'trading_drawdown_limit_ratio',
  help: 'The drawdown from which on no entries pass: the tightest of the limits in force for the account.',
  labels: ['account'],
} as const;

export const RISK_LIMITS = [
  'daily-loss',
  'drawdown',
  'position-count',
  'position-size',
  'total-exposure',
] as const;

export const LIMIT_USAGE = {
  name: 'trading_risk_limit_usage_ratio',
  help: 'How much of a limit of every account is used, working orders included; 1 is all, and a limit of 0 is always used. Named after its gate. Absent while it is not known.',
  labels: ['limit', 'account'],
} as const;

export const POSITION_NOTIONAL = {
  name: 'trading_position_notional_quote',
  help: 'Absolute value of the positions of all accounts at the last good mark, in the quote currency of the symbol. Absent without a mark.',
  labels: ['venue', 'symbol'],
} as const;

export const GATE_EVALUATIONS = {
  name: 'trading_gate_evaluations_total',
  help: 'How often a gate was asked, by what it said. error: it failed, and so denied. An order that was reduced is asked again.',
  labels: { gate: 'any', decision: ['approve', 'reduce', 'reject', 'error'] },
} as const;

export const RISK_REJECTIONS = {
  name: 'trading_risk_rejections_total',
  help: 'Orders that a gate of the risk guard rejected, named after the gate; those where it failed are not among them.',
  labels: ['limit'],
} as const;

export const STRATEGY_ENABLED = {
  name: 'trading_strategy_enabled',
  help: '1 while nothing keeps the entries of a strategy from passing the kill switch: neither the firm nor the strategy is restricted.',
  labels: { strategy: 'any', mode: ['paper', 'live'] },
} as const;

export const RECONCILED = {
  name: 'trading_reconciliation_last_success_timestamp_seconds',
  help: 'When our books were last compared with those of the venue, seconds since the Unix epoch; 0 for never.',
  labels: ['venue'],
} as const;

export const POSITION_MISMATCHES = {
  name: 'trading_position_mismatches',
  help: 'Positions that differed from those of the venue when they were last compared.',
  labels: ['venue'],
} as const;

export const JOURNAL_PENDING = {
  name: 'trading_queue_depth',
  help: 'What waits in a queue.',
  labels: { queue: ['journal'] },
} as const;
