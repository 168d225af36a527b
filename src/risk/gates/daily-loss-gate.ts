import { moneyText } from '../../core/money-text.ts';
import { type Units, neg } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

/**
 * Stops entries once the trading day has lost `maxDailyLoss`, open positions included. Deposits are no profit. A limit
 * of 0 takes no entry, not even on a day in profit.
 */
export function dailyLossGate(maxDailyLoss: Units): RiskGate {
  const measure = (_order: PricedOrder, { row: { dayPnl } }: RiskView) => ({
    measured: moneyText(dayPnl),
    limit: moneyText(neg(maxDailyLoss)),
  });
  return {
    name: 'daily-loss',
    appliesTo: 'entries',
    measure,
    check(order, view) {
      if (maxDailyLoss > 0 && view.row.dayPnl > neg(maxDailyLoss)) return undefined;
      return deny('daily-loss', 'DAILY_LOSS_LIMIT', measure(order, view));
    },
  };
}
