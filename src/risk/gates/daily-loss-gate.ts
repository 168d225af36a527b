import { type Units, neg } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { RiskGate } from '../risk-gate.ts';
import { moneyText } from '../../core/money-text.ts';

/**
 * Stops entries once the trading day has lost `maxDailyLoss`, open positions included. Deposits are no profit. A limit
 * of 0 takes no entry, not even on a day in profit.
 */
export const dailyLossGate = (maxDailyLoss: Units): RiskGate => ({
  name: 'daily-loss',
  appliesTo: 'entries',
  check(_order, { account: { dayPnl } }) {
    if (maxDailyLoss > 0 && dayPnl > neg(maxDailyLoss)) return undefined;
    return deny('daily-loss', 'DAILY_LOSS_LIMIT', {
      measured: moneyText(dayPnl),
      limit: moneyText(neg(maxDailyLoss)),
    });
  },
});
