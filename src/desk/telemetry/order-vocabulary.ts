/** Orders, as metrics. `venue` is the venue of the desk, `type` what the order is: never an id. */

const TYPES = ['limit', 'market'] as const;

export const ORDERS = {
  name: 'trading_orders_total',
  help: 'Orders by what became of them; one that was accepted counts again when it ends. reduce_only is true for exits. unknown: sent and not answered. failed: never sent, or never arrived.',
  labels: {
    venue: 'any',
    side: ['buy', 'sell'],
    type: TYPES,
    outcome: ['accepted', 'rejected', 'filled', 'cancelled', 'expired', 'failed', 'unknown'],
    reduce_only: ['true', 'false'],
  },
} as const;

export const ORDER_DURATION = {
  name: 'trading_order_duration_seconds',
  help: 'gate: the decision. submit_ack: from the decision to the first answer of the venue, the write to disk included. ack_fill: from there to the first fill. total: from the decision to the last fill.',
  unit: 'seconds',
  labels: { venue: 'any', stage: ['gate', 'submit_ack', 'ack_fill', 'total'] },
  buckets: [
    0.000_001, 0.000_01, 0.000_1, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600,
  ],
} as const;

export const ORDERS_OPEN = {
  name: 'trading_orders_open',
  help: 'Orders that the venue may still fill, as far as we know.',
  labels: { venue: 'any', type: TYPES },
} as const;

export const ORDERS_UNKNOWN = {
  name: 'trading_orders_unknown',
  help: 'Open orders that were sent and of which nobody knows what became.',
  labels: { venue: 'any', type: TYPES },
} as const;

export const ORDER_OLDEST_OPEN = {
  name: 'trading_order_oldest_open_timestamp_seconds',
  help: 'When the oldest open order was decided, seconds since the Unix epoch; of before a restart, when it was seen after it. 0: none is open.',
  labels: { venue: 'any', type: TYPES },
} as const;

export const DENIALS = {
  name: 'trading_denials_total',
  help: 'Why intents were denied, by gate and code; one intent may have several reasons.',
  labels: ['gate', 'code'],
} as const;

export const FILLS = {
  name: 'trading_fills_total',
  help: 'Fills by liquidity.',
  labels: { liquidity: ['maker', 'taker'] },
} as const;

export const TRADE_VOLUME = {
  name: 'trading_trade_volume_quote_total',
  help: 'Value of what was traded, by quote currency.',
  labels: ['venue', 'currency'],
} as const;

export const FEES = {
  name: 'trading_fees_quote_total',
  help: 'Fees paid, by the currency that they were paid in.',
  labels: ['venue', 'currency'],
} as const;

export const FEE_REBATES = {
  name: 'trading_fee_rebates_quote_total',
  help: 'Rebates received, by their currency.',
  labels: ['venue', 'currency'],
} as const;

export const FILL_SLIPPAGE = {
  name: 'trading_fill_slippage_ratio',
  help: 'How much worse than the mark of its decision a fill was, as a fraction of the mark; 0 when it was not worse.',
  labels: ['venue'],
  buckets: [0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02],
} as const;
