import type { Decimal } from '../core/decimal.ts';
import type { Units } from '../core/units.ts';
import type { CurrencyView } from './currency-ledger.ts';
import type { Money } from './saved-book.ts';
import type { CellView } from './book-cell.ts';

/**
 * What an account looks like to gates, ledgers and dashboards. Money in units is NaN while a held instrument has no mark,
 * and while it is beyond the range in which it is exact.
 */
export interface AccountView {
  readonly accountId: string;
  readonly currency: string;
  /** In its own currency; so are the next three. Others: `currencies()`. */
  readonly cash: Decimal;
  readonly fees: Decimal;
  /** Deposits less withdrawals since the beginning. */
  readonly flows: Decimal;
  /** What persons have adjusted, at the prices that they gave. */
  readonly adjusted: Decimal;
  /** Worst-case exposure over all instruments, not netted. */
  readonly gross: Units;
  /**
   * What working and unknown orders may still cost at their worst prices, on margin what they would lose there at once; NaN
   * while that is beyond what can be counted.
   */
  readonly claimed: Units;
  /** Initial margin of what is held on margin, working and unknown orders included, at worst case. */
  readonly margin: Units;
  /**
   * What a further order may cost or tie up: cash of all currencies, rounded down, less what is claimed, margin, and what is
   * lost in what is held on margin but not realised. Profit that is not realised does not raise it.
   */
  readonly freeCash: Units;
  /** Capital employed: what spot positions cost, each by its absolute value, margin, and what is claimed. */
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
  /** What it has in each currency, its own first. */
  currencies(): Iterable<CurrencyView>;
  /** Fees by the currency that they were paid in, rebates taken off. */
  feesPaid(): readonly Money[];
  /** An amount in another currency as it counts here: rounded up, NaN without a rate. What is in its own stays as it is. */
  inOwnCurrency(currency: string, amount: Units): Units;
  /** When the rate of a currency was received, by the monotonic clock: `Infinity` for its own, minus infinity without one. */
  rateMonotonicMs(currency: string): number;
  cell(instrumentId: string): CellView | undefined;
  cells(): Iterable<CellView>;
  /** How many they are: never fewer than before. */
  readonly cellCount: number;
}
