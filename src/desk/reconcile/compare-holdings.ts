import { type Decimal, decimal } from '../../core/decimal.ts';
import { toText } from '../../core/increment.ts';
import type { Lots } from '../../core/units.ts';
import type { BookReader } from '../../trading/book.ts';
import { heldOf } from '../../trading/booking.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { Difference } from './difference.ts';
import type { VenueBalance, VenuePosition } from '../venue/venue-driver.ts';

/** What the Book holds at one moment. */
export class Holdings {
  readonly #book: BookReader;
  readonly #held = new Map<string, unknown>();

  constructor(book: BookReader) {
    this.#book = book;
    for (const account of book.accounts()) {
      const { accountId } = account;
      for (const { currency, cash } of account.currencies()) this.#held.set(`${accountId} ${currency}`, cash);
      for (const { instrument, pos, dust } of account.cells())
        this.#held.set(`${accountId} ${instrument.instrumentId} held`, held(instrument, pos, dust));
    }
  }

  /** Whether the position, or the cash, that a difference is about is still the same. */
  are({ accountId = '', instrumentId }: Difference): boolean {
    // Money is replaced when it moves, never changed.
    if (instrumentId === undefined) {
      const account = this.#book.account(accountId);
      return (
        account !== undefined &&
        Array.from(account.currencies()).every(
          ({ currency, cash }) => this.#held.get(`${accountId} ${currency}`) === cash,
        )
      );
    }
    const cell = this.#book.cell(accountId, instrumentId);
    const now = cell === undefined ? undefined : held(cell.instrument, cell.pos, cell.dust);
    return (now ?? '0') === (this.#held.get(`${accountId} ${instrumentId} held`) ?? '0');
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
    for (const { instrument, pos, dust } of account.cells()) {
      const { instrumentId } = instrument;
      const key = `${account.accountId} ${instrumentId}`;
      const ours = held(instrument, pos, dust);
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
    const ours = [...(book.account(accountId)?.currencies() ?? [])].find((one) => one.currency === currency);
    if (ours === undefined || ours.cash.eq(decimal(amount))) return [];
    const { cash } = ours;
    const of = currency === book.account(accountId)?.currency ? '' : ` in ${currency}`;
    const detail = `cash${of} ${cash.toFixed()} in the Book, ${amount} at the venue`;
    const difference = decimal(amount).minus(cash).toFixed();
    return [{ code: 'BALANCE_MISMATCH' as const, settled: false, detail, amount: difference, accountId }];
  });
}

/** What is held in the unit that venues speak of, dust included. */
const held = (instrument: Instrument, pos: Lots, dust: Decimal): string =>
  dust.eq('0')
    ? toText(pos, instrument.grid.step)
    : heldOf(instrument, pos, dust).div(instrument.grid.multiplier).toFixed();
