import type { Decimal } from '../core/decimal.ts';
import type { Units } from '../core/units.ts';
import type { CellView } from './book-cell.ts';

/**
 * What an account looks like to gates, ledgers and dashboards. Money in units is NaN while a held instrument has no mark,
 * and while it is beyond the range in which it is exact.
 */
export interface AccountView {
  readonly accountId: string;
  readonly currency: string;
  readonly cash: Decimal;
  readonly fees: Decimal;
  /** Deposits less withdrawals since the beginning. */
  readonly flows: Decimal;
  /** What persons have adjusted, at the prices that they gave. */
  readonly adjusted: Decimal;
  /** Worst-case exposure over all instruments, not netted. */
  readonly gross: Units;
  /** What working and unknown orders may still cost at their worst prices; NaN while that is beyond what can be counted. */
  readonly claimed: Units;
  /** Cash, rounded down, less what is claimed: what a further order may cost. */
  readonly freeCash: Units;
  /** Capital employed: what positions cost, each by its absolute value, and what is claimed. */
  readonly capital: Units;
  /** Instruments with a position, or with orders that could make one. */
  readonly count: number;
  readonly equity: Units;
  /** Equity at the roll of the day, shifted by deposits and withdrawals since. */
  readonly dayOpen: Units;
  readonly dayPnl: Units;
  /** Highest equity, scaled by deposits and withdrawals. */
  readonly highWater: Units;
  /** How far equity is below the high-water mark, as a fraction of it: 0 or more. */
  readonly drawdownFraction: number;
  /**
   * Age of the oldest mark among what is held or being ordered, milliseconds: `Infinity` without a mark, 0 when nothing
   * is held. An age within `limitMs` may be an upper bound, so that the marks need not be looked at for each order.
   */
  oldestMarkAgeMs(monotonicMs: number, limitMs: number): number;
  /**
   * What a strategy has earned in this account since the beginning, at the last good marks: 0 for one that never traded,
   * NaN while something that it holds has no mark. External fills are the strategy `external`, adjusted positions
   * `adjustment`.
   */
  strategyPnl(strategyId: string): Units;
  /** The same since the roll of the day. */
  strategyDayPnl(strategyId: string): Units;
  /** The strategies that ever held or ordered something. */
  strategies(): Iterable<string>;
  cell(instrumentId: string): CellView | undefined;
  cells(): Iterable<CellView>;
}
