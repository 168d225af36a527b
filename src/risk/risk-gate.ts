import type { Lots, Units } from '../core/units.ts';
import type { AccountView } from '../trading/book-account.ts';
import type { CellView, Mark } from '../trading/book-cell.ts';
import type { Denial } from '../trading/denial.ts';
import type { MarketView } from '../trading/market-view.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import type { TradingState } from './trading-state.ts';

/** What a gate sees: facts of this moment, none of which it can change. */
export interface RiskView {
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly market: MarketView;
  /** Last good mark of the instrument; `undefined` if there never was one. */
  readonly mark: Mark | undefined;
  readonly account: AccountView;
  /** `undefined` while the account has neither position nor order in the instrument. */
  readonly cell: CellView | undefined;
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
  check(order: PricedOrder, view: RiskView): Denial | Reduction | undefined;
}
