import { moneyText } from '../core/money-text.ts';
import { neg, units } from '../core/units.ts';
import type { AccountView } from '../trading/account-view.ts';
import type { RiskLimits } from './risk-limits.ts';

/** How much of a limit an account uses. */
export interface LimitUsage {
  /** The gate that has the limit. */
  readonly gate: string;
  /** 0 to 1, beyond it when the limit is exceeded, below it for a profit; NaN while it is not known, and for a limit of 0. */
  readonly fraction: number;
  readonly measured: number | string;
  readonly limit: number | string;
}

/** Of the mandatory limits of an account, working orders included where the gates do. Of clusters nothing is known here. */
export function limitUsage(account: AccountView, limits: RiskLimits): readonly LimitUsage[] {
  const { dayPnl, drawdownFraction, gross, count } = account;
  const loss = neg(dayPnl);
  const { maxDailyLoss, maxDrawdownFraction, maxTotalExposure, maxPositionNotional, maxPositions } = limits;
  const largest = units(Math.max(0, ...Array.from(account.cells(), ({ worst }) => worst)));
  return [
    {
      gate: 'daily-loss',
      fraction: share(loss, maxDailyLoss),
      measured: moneyText(loss),
      limit: moneyText(maxDailyLoss),
    },
    {
      gate: 'drawdown',
      fraction: share(drawdownFraction, maxDrawdownFraction),
      measured: drawdownFraction,
      limit: maxDrawdownFraction,
    },
    {
      gate: 'position-size',
      fraction: share(largest, maxPositionNotional),
      measured: moneyText(largest),
      limit: moneyText(maxPositionNotional),
    },
    {
      gate: 'total-exposure',
      fraction: share(gross, maxTotalExposure),
      measured: moneyText(gross),
      limit: moneyText(maxTotalExposure),
    },
    {
      gate: 'position-count',
      fraction: share(count, maxPositions),
      measured: count,
      limit: maxPositions,
    },
  ];
}

const share = (measured: number, limit: number): number => (limit > 0 ? measured / limit : NaN);
