import type { DayId } from '../core/trading-day.ts';
import type { Units } from '../core/units.ts';
import type { AccountView } from './account-view.ts';
import type { CellView, Mark } from './book-cell.ts';
import type { FxRates, Marks } from './fx-rates.ts';
import type { MarketView } from './market-view.ts';
import type { Side } from './order-intent.ts';
import type { OrderView } from './order-view.ts';
import type { StrategyOpen } from './saved-book.ts';

/** What everybody but the desk sees of the Book. */
export interface BookReader {
  account(accountId: string): AccountView | undefined;
  accounts(): Iterable<AccountView>;
  cell(accountId: string, instrumentId: string): CellView | undefined;
  order(clientOrderId: string): OrderView | undefined;
  orders(): Iterable<OrderView>;
  /** Those that may still fill, oldest first: open ones, and ended ones whose last fills have not been seen. */
  liveOrders(): Iterable<OrderView>;
  /** Those on one side of an instrument, of all accounts, oldest first. It takes as long as there are such. */
  workingOn(instrumentId: string, side: Side): Iterable<OrderView>;
  /** The last view, good or not. */
  view(instrumentId: string): MarketView | undefined;
  /** The last good mark. */
  markOf(instrumentId: string): Mark | undefined;
}

/** The roll of a trading day, with the facts that a journal cannot derive. */
export interface DayRolled {
  readonly dayId: DayId;
  readonly atMs: number;
  readonly accounts: readonly {
    readonly accountId: string;
    readonly dayOpen: Units;
    readonly highWater: Units;
    /** What strategies had earned in it; those that are missing, nothing. `undefined`: that was not written down. */
    readonly strategies?: readonly StrategyOpen[];
  }[];
}

export interface BookDeps {
  /**
   * Makes what is asked for rates between the currencies of accounts and instruments; `markedFxRates` reads them from the
   * Book's own marks. Default: none, so that accounts trade only what is quoted in their currency.
   */
  readonly fxRates?: (marks: Marks) => FxRates;
}
