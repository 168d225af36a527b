import { type Lots, type Units, lots, notional, ticks, units } from '../core/units.ts';
import type { AccountView } from '../trading/account-view.ts';
import type { BookReader } from '../trading/book.ts';
import { type CellView, worstQty } from '../trading/book-cell.ts';
import type { ExposureCell, ExposureRow } from './risk-gate.ts';

const UNKNOWN = units(NaN);
const NO_PRICE = ticks(NaN);
const NONE = lots(0);

/** What all accounts have together. Not netted: a fill of one account cancels nothing of another's. */
export const firmRow = (book: BookReader): ExposureRow => ({
  get gross() {
    return sum(book, ({ gross }) => gross);
  },
  get dayPnl() {
    return sum(book, ({ dayPnl }) => dayPnl);
  },
  get count() {
    let count = 0;
    for (const account of book.accounts()) count += account.count;
    return count;
  },
  drawdownFraction: NaN,
  cells: () => inOneCurrency(book, (account) => account.cells()),
});

/** What all accounts have in one instrument. */
export const instrumentRow = (book: BookReader, instrumentId: string): ExposureRow => ({
  get gross() {
    return sum(book, (account) => account.cell(instrumentId)?.worst ?? units(0));
  },
  dayPnl: UNKNOWN,
  count: NaN,
  drawdownFraction: NaN,
  cells: () =>
    inOneCurrency(book, (account) => {
      const cell = account.cell(instrumentId);
      return cell === undefined ? [] : [cell];
    }),
});

/** What the orders of one strategy have made, in all accounts. */
export const strategyRow = (book: BookReader, strategyId: string): ExposureRow => ({
  get gross() {
    return sum(book, (account) => {
      let gross = 0;
      for (const cell of sharesOf(book, account, strategyId)) gross += cell.worst;
      return units(gross);
    });
  },
  get dayPnl() {
    return sum(book, (account) => account.strategyDayPnl(strategyId));
  },
  get count() {
    let count = 0;
    for (const { pos, buy, sell } of this.cells()) if (pos !== 0 || buy > 0 || sell > 0) count += 1;
    return count;
  },
  drawdownFraction: NaN,
  cells: () => inOneCurrency(book, (account) => sharesOf(book, account, strategyId)),
});

/** What a strategy has of an account's cell. */
export function shareCell(
  book: BookReader,
  account: AccountView,
  cell: CellView,
  strategyId: string,
): ExposureCell {
  const { instrument } = cell;
  const { pos, buy, sell } = cell.share(strategyId) ?? { pos: NONE, buy: NONE, sell: NONE };
  const quantity: Lots = worstQty(pos, buy, sell);
  const price = book.markOf(instrument.instrumentId)?.price ?? NO_PRICE;
  return {
    instrument,
    pos,
    buy,
    sell,
    worst:
      quantity === 0
        ? units(0)
        : account.inOwnCurrency(instrument.quote, notional(instrument.grid, quantity, price)),
  };
}

function* sharesOf(book: BookReader, account: AccountView, strategyId: string): Generator<ExposureCell> {
  for (const cell of account.cells()) {
    if (cell.share(strategyId) !== undefined) yield shareCell(book, account, cell, strategyId);
  }
}

function sum(book: BookReader, of: (account: AccountView) => Units): Units {
  if (isMixed(book)) return UNKNOWN;
  let total = 0;
  for (const account of book.accounts()) total += of(account);
  return units(total);
}

function* inOneCurrency(
  book: BookReader,
  of: (account: AccountView) => Iterable<ExposureCell>,
): Generator<ExposureCell> {
  const mixed = isMixed(book);
  for (const account of book.accounts()) {
    for (const cell of of(account)) yield mixed ? unknownIn(cell) : cell;
  }
}

const unknownIn = ({ instrument, pos, buy, sell }: ExposureCell): ExposureCell => ({
  instrument,
  pos,
  buy,
  sell,
  worst: UNKNOWN,
});

/** Money of accounts in different currencies cannot be added: then nobody knows. */
function isMixed(book: BookReader): boolean {
  let currency: string | undefined;
  for (const account of book.accounts()) {
    currency ??= account.currency;
    if (account.currency !== currency) return true;
  }
  return false;
}
