/** The gates that are always asked, in the order in which they are asked. */
export const MANDATORY_RISK_GATES = [
  'kill-switch',
  'data-quality',
  'daily-loss',
  'drawdown',
  'position-count',
  'position-size',
  'correlation',
  'total-exposure',
] as const;

export const MANDATORY_EXECUTION_GATES = [
  'idempotency',
  'time-in-force',
  'price-collar',
  'spread',
  'depth',
  'volume',
  'slippage-budget',
] as const;
