/** Every reason for which an order is denied before it leaves the process, and what it means. */
export const DENIAL_CATALOGUE = {
  // the order itself
  ID_INVALID: 'An id is missing, too long or has characters that ids may not have.',
  SIDE_INVALID: 'The side is neither buy nor sell.',
  QUANTITY_INVALID: 'The quantity is not a positive plain decimal, or it is a JavaScript number.',
  PRICE_INVALID:
    'The price is not a positive plain decimal, or the slippage allowance is not from 0 to 10,000 bps.',
  ORDER_TYPE_UNSUPPORTED: 'Only limit and market orders are taken.',
  FLAG_INVALID: 'Reduce-only and post-only are true, false or left out.',
  TIME_IN_FORCE_UNSUPPORTED: 'Time in force is GTC, IOC or FOK.',
  TIME_IN_FORCE_CONFLICT: 'Post-only and an immediate time in force exclude each other.',
  INSTRUMENT_UNKNOWN: 'The instrument has not been configured.',
  ACCOUNT_UNKNOWN: 'The account has not been configured.',
  KNOWN_IDS_UNAVAILABLE: 'Whether an order of this id exists could not be looked up.',
  INTENT_CHANGED: 'An order with this intent id exists with other content.',
  BELOW_MINIMUM:
    'The quantity or its value is below the minimum of the instrument, after rounding or reducing.',
  ABOVE_MAXIMUM: 'The quantity is above the maximum of the instrument.',
  EXIT_BELOW_MINIMUM: 'A remainder below the minimum can be exited only whole.',
  EXIT_ALREADY_WORKING: 'Working or unknown orders already take what is left of the position.',
  SHORT_NOT_ALLOWED: 'A cash account cannot sell what it does not have.',
  NOTHING_TO_REDUCE: 'The order is reduce-only and there is no position that it could reduce.',
  // market data
  MARKET_DATA_MISSING: 'The instrument has never been quoted.',
  MARKET_DATA_STALE: 'The last market data are too old, or from the future.',
  MARKET_DATA_BAD: 'The market data have a blocking problem.',
  MARKET_SIDE_EMPTY: 'There is nobody on the side that the order would trade with.',
  MARK_MISSING: 'A held instrument has no price, so equity is unknown.',
  MARK_STALE: 'The price of a held instrument is too old.',
  // risk
  KILL_SWITCH_REDUCING: 'The kill switch lets only exits through.',
  KILL_SWITCH_HALTED: 'The kill switch lets nothing through.',
  DAILY_LOSS_LIMIT: 'The loss of the trading day has reached its limit.',
  DRAWDOWN_LIMIT: 'The drawdown from the highest equity has reached its limit.',
  POSITION_COUNT_LIMIT: 'There would be too many positions, working orders included.',
  POSITION_SIZE_LIMIT: 'The position could become too large, working orders included.',
  TOTAL_EXPOSURE_LIMIT: 'The exposure of the account could become too large, working orders included.',
  CLUSTER_EXPOSURE_LIMIT: 'The exposure to instruments that move together could become too large.',
  ORDER_VALUE_LIMIT: 'The order could cost more than one order may.',
  ORDER_QUANTITY_LIMIT: 'The quantity is larger than that of one order may be.',
  BUYING_POWER: 'There is not enough free cash or margin for the order, working orders included.',
  CAPITAL_LIMIT: 'The capital employed could become too large, working orders included.',
  MESSAGE_RATE_LIMIT: 'Too many orders, changes and cancels were sent within the window.',
  REPEATED_EXECUTION:
    'The strategy has executed too often within the window; a named person has to enable it again.',
  DUPLICATE_CONTENT: 'An order of the same content was sent within the window.',
  SELF_TRADE: 'The order would trade with a working order of our own.',
  INSTRUMENT_RESTRICTED: 'The instrument is on the restricted list.',
  NOT_PERMITTED: 'The strategy has no permission for the instrument.',
  OUTSIDE_TRADING_HOURS: 'The instrument is not traded at this hour.',
  VALUE_AT_RISK_LIMIT: 'The value at risk of the account could become too large.',
  VALUE_AT_RISK_UNKNOWN: 'There are too few returns to know the value at risk.',
  FX_RATE_MISSING:
    'There is no rate, or too old a one, from the currency of the instrument to that of the account.',
  OVERRIDE_INVALID:
    'The override is not signed by a known person, not for this order, spent, expired, or for a gate that cannot be overridden.',
  EXIT_COLLAR: 'The price of an exit without good market data is too far from the last good mark.',
  // execution
  SPREAD_TOO_WIDE: 'The spread is wider than its limit, crossed, or unknown.',
  DEPTH_TOO_THIN: 'The book does not show enough quantity near the touch.',
  VOLUME_TOO_LOW: 'The order is too large for what has been traded recently.',
  SLIPPAGE_BUDGET: 'The slippage that this order allows exceeds what is left of the budget.',
  DUPLICATE_ORDER: 'An order with this client order id has been seen before.',
  WOULD_CROSS: 'A post-only order would trade at once.',
  TIME_IN_FORCE_DENIED: 'This time in force is not allowed here.',
  PRICE_COLLAR: 'The worst price is too far from the mark.',
  PERIOD_COLLAR: 'The worst price is too far from the prices of the last while.',
  SPREAD_UNUSUAL: 'The spread is too wide compared with its own recent median.',
  // changing an order
  AMEND_UNSUPPORTED: 'The venue cannot change an order; cancel it and send another.',
  AMEND_NOT_WORKING: 'Only an order that works, and is not being changed or cancelled, can be changed.',
  AMEND_BELOW_FILLED: 'The quantity in all is not above what has been filled.',
  // the path
  DESK_STOPPED: 'The desk has been stopped and takes no more orders.',
  LEASE_LOST: 'The desk does not hold its lease any more: another one sends orders now, or may do so.',
  CANCELLED_BEFORE_SEND: 'The order was cancelled before it was sent.',
  DECISION_EXPIRED: 'Too much time passed between the decision and the send.',
  GATE_FAILED: 'A gate threw an error; it denies in its own name.',
  JOURNAL_UNAVAILABLE: 'The journal could not be written, so nothing was sent.',
  AUDIT_UNAVAILABLE: 'The audit log did not keep the decision, or not in time, so nothing was sent.',
} as const satisfies Record<string, string>;

export type DenialCode = keyof typeof DENIAL_CATALOGUE;

/** Why an order was denied: which gate, which code, and what was measured against which limit. */
export interface Denial {
  readonly gate: string;
  readonly code: DenialCode;
  /** In the unit of the limit: milliseconds, bps, fraction, lots, or money in the account currency. */
  readonly measured?: number | string;
  readonly limit?: number | string;
  readonly note?: string;
}

export const deny = (gate: string, code: DenialCode, facts: Omit<Denial, 'gate' | 'code'> = {}): Denial => ({
  gate,
  code,
  ...facts,
});
