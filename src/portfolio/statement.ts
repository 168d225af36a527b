import { type Decimal, ZERO } from '../core/decimal.ts';
import { toText } from '../core/increment.ts';
import { exactMoney, lots, neg } from '../core/units.ts';
import type { BookReader } from '../trading/book.ts';
import type { AccountView } from '../trading/book-account.ts';
import type { CellView, Mark } from '../trading/book-cell.ts';

/** One position with its profit. Money is exact, in account currency. */
export interface PositionStatement {
  readonly instrumentId: string;
  /** Signed, in units of the base. */
  readonly quantity: string;
  /** Average price paid or received; `undefined` when flat. */
  readonly averagePrice: Decimal | undefined;
  /** Last good mark; `undefined` without one. */
  readonly mark: string | undefined;
  /** At the mark; `undefined` without one. */
  readonly value: Decimal | undefined;
  /** Value less cost; `undefined` without a mark. */
  readonly unrealised: Decimal | undefined;
  /** Before fees. */
  readonly realised: Decimal;
  readonly fees: Decimal;
}

/** An account to the last digit: `equity = flows + adjusted + realised + unrealised - fees`. */
export interface AccountStatement {
  readonly accountId: string;
  readonly currency: string;
  readonly cash: Decimal;
  /** Deposits less withdrawals. */
  readonly flows: Decimal;
  /** What persons have adjusted, at the prices that they gave. */
  readonly adjusted: Decimal;
  readonly realised: Decimal;
  readonly fees: Decimal;
  /** `undefined` while a position has no mark. */
  readonly unrealised: Decimal | undefined;
  readonly equity: Decimal | undefined;
  /** Since the roll of the trading day, deposits aside, in millionths; NaN while a position or a working order has no mark. */
  readonly dayPnlUnits: number;
  /** Below the high-water mark, as a fraction of it; NaN as above. */
  readonly drawdownFraction: number;
  readonly positions: readonly PositionStatement[];
}

/** What an account holds and has earned, read from the Book: nothing is counted a second time. */
export function statement(book: BookReader, accountId: string): AccountStatement | undefined {
  const account = book.account(accountId);
  return account === undefined ? undefined : accountStatement(book, account);
}

function accountStatement(book: BookReader, account: AccountView): AccountStatement {
  const positions = [...account.cells()].map((cell) =>
    position(cell, book.markOf(cell.instrument.instrumentId)),
  );
  const unrealised = sum(positions.map((one) => one.unrealised));
  const value = sum(positions.map((one) => one.value));
  return {
    accountId: account.accountId,
    currency: account.currency,
    cash: account.cash,
    flows: account.flows,
    adjusted: account.adjusted,
    realised: positions.reduce((total, one) => total.plus(one.realised), ZERO),
    fees: account.fees,
    unrealised,
    equity: value?.plus(account.cash),
    dayPnlUnits: account.dayPnl,
    drawdownFraction: account.drawdownFraction,
    positions,
  };
}

function position(
  { instrument, pos, cost, realised, fees }: CellView,
  mark: Mark | undefined,
): PositionStatement {
  const { grid, instrumentId } = instrument;
  const flat = pos === 0;
  const price = mark === undefined ? undefined : grid.tick.value.times(String(mark.price));
  const value = flat ? ZERO : price === undefined ? undefined : signedMoney(instrument.grid, pos, price);
  return {
    instrumentId,
    quantity: toText(pos, grid.step),
    averagePrice: flat ? undefined : cost.div(signedMoney(grid, pos, ONE)),
    mark: mark === undefined ? undefined : toText(mark.price, grid.tick),
    value,
    unrealised: value?.minus(cost),
    realised,
    fees,
  };
}

const ONE = ZERO.plus('1');

const signedMoney = (grid: CellView['instrument']['grid'], pos: CellView['pos'], price: Decimal): Decimal =>
  pos < lots(0) ? exactMoney(grid, neg(pos), price).neg() : exactMoney(grid, pos, price);

/** `undefined` if any part is: a sum that leaves something out is a lie. */
function sum(parts: readonly (Decimal | undefined)[]): Decimal | undefined {
  let total = ZERO;
  for (const part of parts) {
    if (part === undefined) return undefined;
    total = total.plus(part);
  }
  return total;
}
