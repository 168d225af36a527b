import type { Lots, Units } from '../core/units.ts';
import type { AccountView } from '../trading/book-account.ts';
import type { CellView, Mark } from '../trading/book-cell.ts';
import type { Denial } from '../trading/denial.ts';
import type { MarketView } from '../trading/market-view.ts';
import type { Measurement } from '../trading/measurement.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import type { TradingState } from './trading-state.ts';

/** Position, working quantities and worst-case exposure in one instrument. */
export type ExposureCell = Pick<CellView, 'instrument' | 'pos' | 'buy' | 'sell' | 'worst'>;

/**
 * Whose limit is judged: an account, or what a wider or narrower scope has of all accounts. Money is NaN while something
 * in it has no mark.
 */
export interface ExposureRow extends Pick<AccountView, 'gross' | 'count' | 'dayPnl' | 'drawdownFraction'> {
  cells(): Iterable<ExposureCell>;
}

/** What a gate sees: facts of this moment, none of which it can change. */
export interface RiskView {
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly market: MarketView;
  /** Last good mark of the instrument; `undefined` if there never was one. */
  readonly mark: Mark | undefined;
  readonly account: AccountView;
  /** What a limit is judged on: the account, or the scope that the limit is for. */
  readonly row: ExposureRow;
  /** Of the row; `undefined` while it has neither position nor order in the instrument. */
  readonly cell: ExposureCell | undefined;
  readonly trading: TradingState;
  /** Scope and reason of what restricts trading most; `undefined` while it is active. */
  readonly restriction?: string | undefined;
  /** The quantity of this pass: it may have been reduced. */
  readonly qty: Lots;
  /** Entry or exit, of this pass. */
  readonly isExit: boolean;
  /** Worst-case exposure in the instrument, without and with the order, at the last good mark. */
  readonly worstBefore: Units;
  readonly worstAfter: Units;
}

/** The gate would let a smaller quantity pass. */
export interface Reduction {
  readonly reduceTo: Lots;
  readonly because: Denial;
}

/**
 * One question: may this account carry this? Pure and synchronous, from the view alone. A gate must be monotone: what
 * passes at a quantity passes at every smaller one.
 */
export interface RiskGate {
  readonly name: string;
  /** Gates that apply to entries are skipped for exits before they run, so that they can never trap a position. */
  readonly appliesTo: 'all' | 'entries';
  /** A signed override may let one order pass it. Never for the eight that are mandatory. */
  readonly overridable?: boolean;
  check(order: PricedOrder, view: RiskView): Denial | Reduction | undefined;
  /** What it measures against which limit, whether it lets the order through or not; for explanations. */
  measure?(order: PricedOrder, view: RiskView): Measurement | undefined;
}
