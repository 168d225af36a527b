import {
  type BusEvent,
  DATA_QUALITY_CHANGED,
  type DataQualityChanged,
  DESK_ANOMALY_RAISED,
  type EventType,
  RISK_ALERT_RAISED,
  type RiskAlertRaised,
  TRADING_STATE_CHANGED,
  type TradingStateChanged,
} from 'portcullis/events';

export type Severity = 'info' | 'warning' | 'critical';

/** What people are to know of an event. */
export interface Notice {
  /** Of the event. */
  readonly type: string;
  readonly severity: Severity;
  /** What it is about: `account:main`, an instrument, a venue. */
  readonly subject: string;
  readonly code: string;
  readonly text: string;
}

type DataOf<T> = T extends EventType<infer D> ? D : never;
type Anomaly = DataOf<typeof DESK_ANOMALY_RAISED>;

/** What people are told of. */
export const NOTICED = [
  RISK_ALERT_RAISED,
  TRADING_STATE_CHANGED,
  DATA_QUALITY_CHANGED,
  DESK_ANOMALY_RAISED,
] as const;

/** Says an event of these types for people; `undefined` for what they need not know. */
export function noticeOf({ type, data }: BusEvent): Notice | undefined {
  switch (type) {
    case RISK_ALERT_RAISED.type:
      return ofAlert(data as RiskAlertRaised);
    case TRADING_STATE_CHANGED.type:
      return ofState(data as TradingStateChanged);
    case DATA_QUALITY_CHANGED.type:
      return ofQuality(data as DataQualityChanged);
    case DESK_ANOMALY_RAISED.type:
      return ofAnomaly(data as Anomaly);
    default:
      return undefined;
  }
}

function ofAlert({ severity, scope, code, detail, gate, measured, limit }: RiskAlertRaised): Notice {
  const facts = measured === undefined ? '' : ` (${measured} of ${limit ?? 'no limit'})`;
  const text = `${gate === undefined ? '' : `${gate}: `}${detail}${facts}`;
  return { type: RISK_ALERT_RAISED.type, severity, subject: scopeText(scope), code, text };
}

function ofState({ scope, from, to, cause, reason, by }: TradingStateChanged): Notice {
  const severity = to === 'halted' ? 'critical' : to === 'reducing' ? 'warning' : 'info';
  const text = `${from ?? 'unknown'} to ${to} by ${by.kind} ${by.id}: ${reason}`;
  const code = cause.toUpperCase().replaceAll('-', '_');
  return { type: TRADING_STATE_CHANGED.type, severity, subject: scopeText(scope), code, text };
}

function ofQuality({ instrumentId, isGood, problems, began }: DataQualityChanged): Notice {
  const severity = isGood ? 'info' : 'warning';
  const now = problems.map(({ code }) => code).join(', ');
  const code = isGood ? 'DATA_GOOD' : (began[0] ?? problems[0]?.code ?? 'DATA_BAD');
  const text = now === '' ? 'nothing is wrong any more' : `wrong now: ${now}`;
  return { type: DATA_QUALITY_CHANGED.type, severity, subject: instrumentId, code, text };
}

function ofAnomaly({ venue, accountId, code, detail, clientOrderId }: Anomaly): Notice {
  const text = clientOrderId === undefined ? detail : `${detail} (order ${clientOrderId})`;
  const subject = accountId === undefined ? venue : `account:${accountId}`;
  return { type: DESK_ANOMALY_RAISED.type, severity: 'critical', subject, code, text };
}

export const scopeText = (scope: RiskAlertRaised['scope']): string =>
  scope.kind === 'firm' ? 'firm' : `${scope.kind}:${scope.id}`;
