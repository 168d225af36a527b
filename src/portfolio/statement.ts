import { type Decimal, ZERO } from '../core/decimal.ts';
import { toText } from '../core/increment.ts';
import type { BookReader } from '../trading/book.ts';
import type { AccountView } from '../trading/account-view.ts';
import type { CellView, Mark } from '../trading/book-cell.ts';
import type { ShareView } from '../trading/book-share.ts';
import { heldOf } from '../trading/booking.ts';
import type { CurrencyView } from '../trading/currency-ledger.ts';
import type { Money } from '../trading/saved-book.ts';

/** One position with its profit. Money is exact, in quote currency. */
export interface PositionStatement {
  readonly instrumentId: string;
  /** Signed, in units of the base, dust included. */
  readonly quantity: string;
  /** Average price paid or received; `undefined` when flat. */
  readonly averagePrice: Decimal | undefined;
  /** Last good mark; `undefined` without one. */
  readonly mark: string | undefined;
  readonly quote: string;
  /** What it adds to equity at the mark: for spot its value, on margin what is not realised. `undefined` without a mark. */
  readonly value: Decimal | undefined;
  /** Value less cost; `undefined` without a mark. */
  readonly unrealised: Decimal | undefined;
  /** Before fees. */
  readonly realised: Decimal;
  readonly fees: Decimal;
  /** Received less paid. */
  readonly funding: Decimal;
  /** What each strategy has of it. */
  readonly shares: readonly ShareStatement[];
}

/** What one strategy has of a position. */
export interface ShareStatement {
  readonly strategyId: string;
  /** Signed, in units of the base. */
  readonly quantity: string;
  /** Received less paid, fees taken off. */
  readonly cash: Decimal;
  /** Cash and the value of what it has, at the mark; `undefined` without one. */
  readonly profit: Decimal | undefined;
}

/**
 * What an account has in one currency, to the last digit: `cash + cost = flows + adjusted + realised + funding - fees`, where
 * `cost` is that of its spot positions.
 */
export interface CurrencyStatement {
  readonly currency: string;
  readonly cash: Decimal;
  readonly flows: Decimal;
  readonly adjusted: Decimal;
  readonly realised: Decimal;
  readonly funding: Decimal;
  readonly fees: Decimal;
  readonly cost: Decimal;
  /** What one unit of it is worth in the currency of the account; `undefined` without a rate. */
  readonly rate: Decimal | undefined;
}

/**
 * An account to the last digit: `equity = flows + adjusted + realised + unrealised + funding - fees`. What is in other
 * currencies counts at their rates of now, so that with such the sum leaves out what rates have moved.
 */
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
  /** Received less paid. */
  readonly funding: Decimal;
  /** `undefined` while a position has no mark, or its currency no rate; the next as well. */
  readonly unrealised: Decimal | undefined;
  readonly equity: Decimal | undefined;
  /** Since the roll of the trading day, deposits aside, in millionths; NaN while a position or a working order has no mark. */
  readonly dayPnlUnits: number;
  /** Below the high-water mark, as a fraction of it; NaN as above. */
  readonly drawdownFraction: number;
  readonly positions: readonly PositionStatement[];
  /** Its own first. */
  readonly currencies: readonly CurrencyStatement[];
  /** Fees by the currency that they were paid in, rebates taken off. */
  readonly feesPaid: readonly Money[];
}

/** What an account holds and has earned, read from the Book: nothing is counted a second time. */
export function statement(book: BookReader, accountId: string): AccountStatement | undefined {
  const account = book.account(accountId);
  return account === undefined ? undefined : accountStatement(book, account);
}

function accountStatement(book: BookReader, account: AccountView): AccountStatement {
  const cells = [...account.cells()];
  const positions = cells.map((cell) => position(cell, book.markOf(cell.instrument.instrumentId)));
  const currencies = Array.from(account.currencies(), (one) => currencyStatement(one, account, cells));
  const rates = new Map(currencies.map(({ currency, rate }) => [currency, rate]));
  /** All of it in the currency of the account; nothing needs no rate. */
  const total = (parts: readonly (readonly [currency: string, amount: Decimal | undefined])[]) =>
    sum(
      parts.map(([currency, amount]) =>
        amount?.eq('0') === true ? ZERO : times(amount, rates.get(currency)),
      ),
    );
  const over = (of: 'realised' | 'funding' | 'fees') =>
    total(currencies.map((one) => [one.currency, one[of]])) ?? ZERO;
  const value = total(positions.map((one) => [one.quote, one.value]));
  const cash = total(currencies.map((one) => [one.currency, one.cash]));
  return {
    accountId: account.accountId,
    currency: account.currency,
    cash: account.cash,
    flows: account.flows,
    adjusted: account.adjusted,
    realised: over('realised'),
    funding: over('funding'),
    fees: over('fees'),
    unrealised: total(positions.map((one) => [one.quote, one.unrealised])),
    equity: cash && value?.plus(cash),
    dayPnlUnits: account.dayPnl,
    drawdownFraction: account.drawdownFraction,
    positions,
    currencies,
    feesPaid: account.feesPaid(),
  };
}

function currencyStatement(
  { currency, cash, fees, adjusted, rate }: CurrencyView,
  account: AccountView,
  cells: readonly CellView[],
): CurrencyStatement {
  const isOwn = currency === account.currency;
  const own = cells.filter(({ instrument }) => instrument.quote === currency);
  const add = (of: 'realised' | 'funding' | 'cost', from = own): Decimal =>
    from.reduce((total, cell) => total.plus(cell[of]), ZERO);
  return {
    currency,
    cash,
    flows: isOwn ? account.flows : ZERO,
    adjusted,
    realised: add('realised'),
    funding: add('funding'),
    fees,
    cost: add(
      'cost',
      own.filter(({ instrument }) => instrument.kind === 'spot'),
    ),
    rate: isOwn ? ONE : rate?.rate,
  };
}

function position(cell: CellView, mark: Mark | undefined): PositionStatement {
  const { instrument, pos, dust, cost, realised, fees, funding } = cell;
  const { grid, instrumentId, quote } = instrument;
  const held = heldOf(instrument, pos, dust);
  const isFlat = held.eq('0');
  const price = mark === undefined ? undefined : grid.tick.value.times(String(mark.price));
  const worth = isFlat ? ZERO : times(held, price);
  const unrealised = worth?.minus(cost);
  return {
    instrumentId,
    quote,
    quantity: dust.eq('0') ? toText(pos, grid.step) : held.div(grid.multiplier).toFixed(),
    averagePrice: isFlat ? undefined : cost.div(held),
    mark: mark === undefined ? undefined : toText(mark.price, grid.tick),
    value: instrument.kind === 'linear' ? unrealised : worth,
    unrealised,
    realised,
    fees,
    funding,
    shares: Array.from(cell.shares(), (share) => shareStatement(cell, share, price)),
  };
}

function shareStatement(
  { instrument }: CellView,
  { strategyId, pos, cash }: ShareView,
  price: Decimal | undefined,
): ShareStatement {
  const worth = pos === 0 ? ZERO : times(heldOf(instrument, pos, ZERO), price);
  return { strategyId, quantity: toText(pos, instrument.grid.step), cash, profit: worth?.plus(cash) };
}

const times = (amount: Decimal | undefined, by: Decimal | undefined): Decimal | undefined =>
  by && amount?.times(by);

const ONE = ZERO.plus('1');

/** `undefined` if any part is: a sum that leaves something out is a lie. */
function sum(parts: readonly (Decimal | undefined)[]): Decimal | undefined {
  let total = ZERO;
  for (const part of parts) {
    if (part === undefined) return undefined;
    total = total.plus(part);
  }
  return total;
}
