import { units, unitsToDecimal } from '../../core/units.ts';
import type { ScopedLimits } from '../../risk/scoped-limits.ts';
import { inScope } from '../../risk/trading-state.ts';
import type { AccountView } from '../../trading/account-view.ts';
import type { CellView } from '../../trading/book-cell.ts';
import type { BookReader } from '../../trading/book.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { AccountInputs } from './verdict-inputs.ts';

/** What limits of scopes read of accounts, for one order. */
interface Reach {
  /** All that other accounts have, for limits of the firm and the venue. */
  readonly all: boolean;
  /** What they have in the instrument of the order. */
  readonly instrument: boolean;
  /** What this strategy has of them. */
  readonly strategyId: string | undefined;
}

type Order = Pick<PricedOrder, 'accountId' | 'strategyId' | 'instrument'>;

/** The accounts that gates may read for an order, as they are now: its own, and others where a limit of a scope does. */
export function accountInputs(
  book: BookReader,
  order: Order,
  scopes: readonly ScopedLimits[],
  venue: string | undefined,
): AccountInputs[] {
  const reach = reachOf(order, scopes, venue);
  const { instrumentId, quote } = order.instrument;
  const own = book.account(order.accountId);
  if (own === undefined) return [];
  const ofStrategy = (cell: CellView): boolean => hasShare(cell, reach.strategyId);
  const ofOwn = (cell: CellView): boolean => isActive(cell) || ofStrategy(cell);
  if (!reach.all && !reach.instrument && reach.strategyId === undefined)
    return [imageOf(own, quote, undefined, isActive)];
  const ofOthers = (cell: CellView): boolean =>
    ofStrategy(cell) ||
    (isActive(cell) && (reach.all || (reach.instrument && cell.instrument.instrumentId === instrumentId)));
  return Array.from(book.accounts(), (account) =>
    imageOf(account, quote, reach.strategyId, account === own ? ofOwn : ofOthers),
  );
}

function reachOf(order: Order, scopes: readonly ScopedLimits[], venue: string | undefined): Reach {
  const reach = { all: false, instrument: false, strategyId: undefined as string | undefined };
  for (const { scope } of scopes) {
    if (!inScope(scope, order, venue)) continue;
    if (scope.kind === 'firm' || scope.kind === 'venue') reach.all = true;
    else if (scope.kind === 'instrument') reach.instrument = true;
    else if (scope.kind === 'strategy') reach.strategyId = scope.id;
  }
  return reach;
}

const isActive = ({ pos, buy, sell }: Pick<CellView, 'pos' | 'buy' | 'sell'>): boolean =>
  pos !== 0 || buy > 0 || sell > 0;

/** Also where what others hold makes up for it. */
function hasShare(cell: CellView, strategyId: string | undefined): boolean {
  const share = strategyId === undefined ? undefined : cell.share(strategyId);
  return share !== undefined && isActive(share);
}

function imageOf(
  account: AccountView,
  quote: string,
  strategyId: string | undefined,
  reads: (cell: CellView) => boolean,
): AccountInputs {
  const { accountId, currency, cash, claimed, dayOpen, highWater } = account;
  const cells: AccountInputs['cells'][number][] = [];
  const shares: NonNullable<AccountInputs['shares']>[number][] = [];
  for (const cell of account.cells()) {
    if (!reads(cell)) continue;
    const { instrument, pos, buy, sell, cost } = cell;
    const { instrumentId } = instrument;
    cells.push([instrumentId, pos, buy, sell, cost.toFixed()]);
    const share = strategyId === undefined ? undefined : cell.share(strategyId);
    if (share !== undefined) shares.push([instrumentId, share.strategyId, share.pos, share.buy, share.sell]);
  }
  const currencies = currenciesOf(account, quote);
  return {
    accountId,
    currency,
    cash: cash.toFixed(),
    claimed,
    dayOpen,
    highWater,
    cells,
    ...(currencies.length > 0 && { currencies }),
    ...(strategyId !== undefined && {
      shares,
      strategies: [[strategyId, account.strategyDayPnl(strategyId)]],
    }),
  };
}

/** A number of units by which a rate can be told without reading it: all of its digits that count. */
const MANY = units(1e15);

/** What it has in other currencies, and the one that is asked for. */
function currenciesOf(
  account: AccountView,
  quote: string,
): NonNullable<AccountInputs['currencies']>[number][] {
  const found: [string, string, string | null, number][] = [];
  let isThere = quote === account.currency;
  for (const { currency, cash, rate } of account.currencies()) {
    if (currency === account.currency) continue;
    isThere ||= currency === quote;
    found.push([currency, cash.toFixed(), rate?.rate.toFixed() ?? null, rate?.monotonicMs ?? -Infinity]);
  }
  if (isThere) return found;
  // It has none of it yet: there is nobody who says the rate itself.
  const many = account.inOwnCurrency(quote, MANY);
  const rate = Number.isSafeInteger(many) ? unitsToDecimal(many).div(unitsToDecimal(MANY)).toFixed() : null;
  found.push([quote, '0', rate, account.rateMonotonicMs(quote)]);
  return found;
}
