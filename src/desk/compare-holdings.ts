import { decimal } from '../core/decimal.ts';
import { toText } from '../core/increment.ts';
import type { BookReader } from '../trading/book.ts';
import type { Difference } from './difference.ts';
import type { VenueBalance, VenuePosition } from './venue-driver.ts';

/** What the Book holds at one moment. */
export class Holdings {
  readonly #book: BookReader;
  readonly #held = new Map<string, unknown>();

  constructor(book: BookReader) {
    this.#book = book;
    for (const account of book.accounts()) {
      const { accountId } = account;
      this.#held.set(accountId, account.cash);
      for (const { instrument, pos } of account.cells())
        this.#held.set(`${accountId} ${instrument.instrumentId}`, pos);
    }
  }

  /** Whether the position, or the cash, that a difference is about is still the same. */
  are({ accountId = '', instrumentId }: Difference): boolean {
    // Money is replaced when it moves, never changed.
    if (instrumentId === undefined) return this.#book.account(accountId)?.cash === this.#held.get(accountId);
    const pos = this.#book.cell(accountId, instrumentId)?.pos ?? 0;
    return pos === (this.#held.get(`${accountId} ${instrumentId}`) ?? 0);
  }
}

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
