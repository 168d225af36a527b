import type { DenialCode } from '../trading/denial.ts';

/**
 * Denials that somebody should hear of, beyond who has asked. Not among them: flaws of the order itself, and what has events
 * of its own, as bad market data and the kill switch have.
 */
export const ALERT_SEVERITY = {
  DAILY_LOSS_LIMIT: 'critical',
  DRAWDOWN_LIMIT: 'critical',
  REPEATED_EXECUTION: 'critical',
  GATE_FAILED: 'critical',
  OVERRIDE_INVALID: 'critical',
  JOURNAL_UNAVAILABLE: 'critical',
  AUDIT_UNAVAILABLE: 'critical',
  POSITION_COUNT_LIMIT: 'warning',
  POSITION_SIZE_LIMIT: 'warning',
  TOTAL_EXPOSURE_LIMIT: 'warning',
  CLUSTER_EXPOSURE_LIMIT: 'warning',
  ORDER_VALUE_LIMIT: 'warning',
  ORDER_QUANTITY_LIMIT: 'warning',
  BUYING_POWER: 'warning',
  CAPITAL_LIMIT: 'warning',
  MESSAGE_RATE_LIMIT: 'warning',
  DUPLICATE_CONTENT: 'warning',
  SELF_TRADE: 'warning',
  INSTRUMENT_RESTRICTED: 'warning',
  NOT_PERMITTED: 'warning',
  VALUE_AT_RISK_LIMIT: 'warning',
  VALUE_AT_RISK_UNKNOWN: 'warning',
  FX_RATE_MISSING: 'warning',
  PRICE_COLLAR: 'warning',
  PERIOD_COLLAR: 'warning',
} as const satisfies Partial<Record<DenialCode, 'warning' | 'critical'>>;

export const alertSeverity = (code: DenialCode): 'warning' | 'critical' | undefined =>
  code in ALERT_SEVERITY ? ALERT_SEVERITY[code as keyof typeof ALERT_SEVERITY] : undefined;
