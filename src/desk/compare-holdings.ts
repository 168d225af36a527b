import { decimal } from '../core/decimal.ts';
import { toText } from '../core/increment.ts';
import type { BookReader } from '../trading/book.ts';
import type { Difference } from './difference.ts';
import type { VenueBalance, VenuePosition } from './venue-driver.ts';

/** Positions that are not the same at the venue and in the Book, of the accounts that the Book has. */
export function comparePositions(
  book: BookReader,
  positions: readonly VenuePosition[],
  instrumentIds: ReadonlySet<string>,
): Difference[] {
  const differences: Difference[] = [];
  const mismatch = (accountId: string, instrumentId: string, ours: string, theirs: string): void => {
    const code = instrumentIds.has(instrumentId) ? 'POSITION_MISMATCH' : 'INSTRUMENT_FOREIGN';
    const detail = `position ${ours} in the Book, ${theirs} at the venue`;
    const amount = decimal(theirs).minus(decimal(ours)).toFixed();
    differences.push({ code, settled: false, detail, amount, accountId, instrumentId });
  };
  const said = new Map<string, VenuePosition>();
  for (const position of positions) said.set(`${position.accountId} ${position.instrumentId}`, position);
  for (const account of book.accounts()) {
    for (const { instrument, pos } of account.cells()) {
      const { instrumentId, grid } = instrument;
      const key = `${account.accountId} ${instrumentId}`;
      const ours = toText(pos, grid.step);
      const theirs = said.get(key)?.quantity ?? '0';
      said.delete(key);
      if (!decimal(ours).eq(decimal(theirs))) mismatch(account.accountId, instrumentId, ours, theirs);
    }
  }
  for (const { accountId, instrumentId, quantity } of said.values()) {
    if (book.account(accountId) === undefined || decimal(quantity).eq('0')) continue;
    mismatch(accountId, instrumentId, '0', quantity);
  }
  return differences;
}

/** Cash that is not the same, of the accounts and currencies that the venue speaks of and the Book has. */
export function compareBalances(book: BookReader, balances: readonly VenueBalance[]): Difference[] {
  return balances.flatMap(({ accountId, currency, amount }) => {
    const account = book.account(accountId);
    if (account?.currency !== currency || account.cash.eq(decimal(amount))) return [];
    const detail = `cash ${account.cash.toFixed()} in the Book, ${amount} at the venue`;
    const difference = decimal(amount).minus(account.cash).toFixed();
    return [{ code: 'BALANCE_MISMATCH' as const, settled: false, detail, amount: difference, accountId }];
  });
}
