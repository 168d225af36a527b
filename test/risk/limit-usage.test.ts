import { expect, test } from 'vitest';
import { limitUsage } from '../../src/risk/limit-usage.ts';
import { parseRiskLimits } from '../../src/risk/index.ts';
import { WIDE } from '../support/guard.ts';
import { GOLD } from '../support/orders.ts';
import { accountOf, cellOf, money } from '../support/views.ts';

const LIMITS = parseRiskLimits({
  ...WIDE,
  maxDailyLoss: '200',
  maxDrawdownFraction: 0.1,
  maxPositionNotional: '1000',
  maxTotalExposure: '4000',
  maxPositions: 4,
});

test('each limit with what an account uses of it', () => {
  const cells = [cellOf(GOLD, { worst: 500 }), cellOf(GOLD, { worst: 900 }), cellOf(GOLD, { worst: 600 })];
  const account = accountOf({
    dayPnl: money(-50),
    drawdownFraction: 0.025,
    gross: money(2_000),
    count: 3,
    cells: () => cells,
  });
  expect(limitUsage(account, LIMITS)).toEqual([
    { gate: 'daily-loss', fraction: 0.25, measured: '50', limit: '200' },
    { gate: 'drawdown', fraction: 0.25, measured: 0.025, limit: 0.1 },
    { gate: 'position-size', fraction: 0.9, measured: '900', limit: '1000' },
    { gate: 'total-exposure', fraction: 0.5, measured: '2000', limit: '4000' },
    { gate: 'position-count', fraction: 0.75, measured: 3, limit: 4 },
  ]);
});

test('a profit uses nothing of the daily loss', () => {
  const [dailyLoss] = limitUsage(accountOf({ dayPnl: money(50) }), LIMITS);
  expect(dailyLoss).toEqual({ gate: 'daily-loss', fraction: -0.25, measured: '-50', limit: '200' });
});
