import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { TradingHours, type TradingHoursOptions } from './trading-hours.ts';

/**
 * Nothing is entered outside the hours of trading.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function tradingHoursGate(options: TradingHoursOptions): RiskGate {
  const hours = new TradingHours(options);
  const measure = (_order: PricedOrder, { nowMs }: RiskView) => ({
    measured: hours.text(nowMs),
    note: hours.zone,
  });
  return {
    name: 'trading-hours',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order, view) {
      if (hours.isOpen(view.nowMs)) return undefined;
      return deny('trading-hours', 'OUTSIDE_TRADING_HOURS', measure(order, view));
    },
  };
}
