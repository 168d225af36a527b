import {
  type BusEvent,
  DATA_QUALITY_CHANGED,
  DESK_ANOMALY_RAISED,
  type EventType,
  ORDER_DENIED,
  RISK_ALERT_RAISED,
  TRADING_STATE_CHANGED,
} from 'portcullis/events';
import { expect, test } from 'vitest';
import { NOTICED, noticeOf } from '../../../notification/notice.ts';

function event<D>(type: EventType<D>, data: D): BusEvent {
  const checked = type.check(data);
  if (!checked.success) throw checked.error;
  return { specversion: '1.0', id: '1', source: '/test', type: type.type, dataversion: 1, time: '', data };
}

const alert = {
  ...{ code: 'DRAWDOWN_LIMIT', severity: 'critical' as const, detail: 'Too deep.' },
  scope: { kind: 'account' as const, id: 'main' },
  ...{ count: 1, firstMs: 1, lastMs: 1 },
};

test('an alert says what was measured against which limit, and who said so', () => {
  const data = { ...alert, gate: 'drawdown', measured: 0.08, limit: 0.075 };
  expect(noticeOf(event(RISK_ALERT_RAISED, data))).toEqual({
    ...{ type: 'risk.alert-raised', severity: 'critical', subject: 'account:main', code: 'DRAWDOWN_LIMIT' },
    text: 'drawdown: Too deep. (0.08 of 0.075)',
  });
  expect(noticeOf(event(RISK_ALERT_RAISED, alert))?.text).toBe('Too deep.');
});

test.each([
  ['halted', 'critical'],
  ['reducing', 'warning'],
  ['active', 'info'],
] as const)('a change to %s is %s', (to, severity) => {
  const data = {
    ...{ scope: { kind: 'firm' as const }, from: 'active' as const, to, cause: 'trip' as const },
    ...{ reason: 'drill', by: { kind: 'person' as const, id: 'ada' } },
  };
  expect(noticeOf(event(TRADING_STATE_CHANGED, data))).toEqual({
    ...{ type: 'risk.trading-state-changed', severity, subject: 'firm', code: 'TRIP' },
    text: `active to ${to} by person ada: drill`,
  });
});

test('data that are bad, and good again', () => {
  const bad = {
    ...{ instrumentId: 'BTC-USD', isGood: false, began: ['SEQUENCE_GAP'], ended: [] },
    problems: [{ code: 'SEQUENCE_GAP', blocking: true }],
  };
  const type = DATA_QUALITY_CHANGED.type;
  expect(noticeOf(event(DATA_QUALITY_CHANGED, bad))).toEqual({
    ...{
      type,
      severity: 'warning',
      subject: 'BTC-USD',
      code: 'SEQUENCE_GAP',
      text: 'wrong now: SEQUENCE_GAP',
    },
  });
  const good = { ...bad, isGood: true, problems: [], began: [], ended: ['SEQUENCE_GAP'] };
  expect(noticeOf(event(DATA_QUALITY_CHANGED, good))).toEqual({
    ...{ type, severity: 'info', subject: 'BTC-USD', code: 'DATA_GOOD', text: 'nothing is wrong any more' },
  });
});

test('an anomaly is about the account where it is known, else about the venue', () => {
  const anomaly = { venue: 'exchange', code: 'POSITION_MISMATCH', detail: 'They have more.' };
  const known = { ...anomaly, accountId: 'main', clientOrderId: 'c1' };
  expect(noticeOf(event(DESK_ANOMALY_RAISED, anomaly))).toMatchObject({
    subject: 'exchange',
    severity: 'critical',
  });
  expect(noticeOf(event(DESK_ANOMALY_RAISED, known))).toMatchObject({
    ...{ subject: 'account:main', text: 'They have more. (order c1)' },
  });
});

test('of anything else people are not told', () => {
  expect(NOTICED).not.toContain(ORDER_DENIED);
  expect(noticeOf({ ...event(RISK_ALERT_RAISED, alert), type: 'order.denied' })).toBeUndefined();
});
