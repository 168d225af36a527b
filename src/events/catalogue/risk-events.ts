import { z } from 'zod';
import { eventType } from '../event-type.ts';
import { measuredField, textField, timeField } from './event-fields.ts';

/** What an alert or a trip is about. */
const scope = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('firm') }),
  z.strictObject({
    kind: z.enum(['venue', 'account', 'strategy', 'instrument']),
    id: z.string().max(128),
  }),
]);

const scopeText = (about: z.output<typeof scope>): string =>
  about.kind === 'firm' ? 'firm' : `${about.kind}:${about.id}`;

const alert = z.strictObject({
  /** `DRAWDOWN_LIMIT`, `LIMIT_NEAR`. */
  code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'expected a code in upper case'),
  severity: z.enum(['info', 'warning', 'critical']),
  scope,
  detail: textField,
  /** The gate or monitor that says so. */
  gate: z.string().min(1).max(128).optional(),
  /** In the unit of the limit: milliseconds, bps, fraction, lots, or money in the account currency. */
  measured: measuredField.optional(),
  limit: measuredField.optional(),
  /** How often it happened between the two times. */
  count: z.int().min(1),
  /** When it happened first, wall time. */
  firstMs: timeField,
  lastMs: timeField,
});

/** @interface */
export type RiskAlertRaised = z.output<typeof alert>;

/** A limit has denied something, or is close. What repeats itself is told once for each interval, with how often. */
export const RISK_ALERT_RAISED = eventType({
  type: 'risk.alert-raised',
  schema: alert,
  subject: (data) => scopeText(data.scope),
});

const tradingState = z.enum(['active', 'reducing', 'halted']);

const change = z.strictObject({
  scope,
  /** What was in force in exactly this scope before. Missing where that is not known: at a start. */
  from: tradingState.optional(),
  /** What is in force in it now, by trips and by conditions of the process. */
  to: tradingState,
  /** `trip` and `release` are orders that last over restarts, the other two a condition of a process. */
  cause: z.enum(['trip', 'release', 'restraint', 'restraint-lifted']),
  reason: textField,
  by: z.strictObject({ kind: z.enum(['person', 'system']), id: z.string().max(128) }),
  /** The second person of a release that takes two. */
  second: z.strictObject({ kind: z.enum(['person', 'system']), id: z.string().max(128) }).optional(),
});

/** @interface */
export type TradingStateChanged = z.output<typeof change>;

/** The kill switch has been tripped or released, or a condition of a process restrains trading or no longer does. */
export const TRADING_STATE_CHANGED = eventType({
  type: 'risk.trading-state-changed',
  schema: change,
  subject: (data) => scopeText(data.scope),
});
