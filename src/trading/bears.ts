import { type Decimal, ZERO } from '../core/decimal.ts';
import { ExactSum } from '../core/exact-sum.ts';
import { unitsFloor } from '../core/units.ts';
import type { Account } from './book-account.ts';
import type { Mark } from './book-cell.ts';
import type { Booking } from './booking.ts';

/**
 * Whether a change of cash, and of a position, leaves position, cash, cost and equity in the range in which they are
 * exact. What has left it before, or is unknown, stops no fact.
 *
 * @param cash in its own currency
 * @param paid in the quote currency of the position, where that is another
 */
export function bears(account: Account, cash: Decimal, booking?: Booking, mark?: Mark, paid = ZERO): boolean {
  const own = unitsFloor(account.ledgers.own.cash.plus(cash));
  if (!stays(account.ledgers.own.cashUnits, own)) return false;
  let change = own - account.ledgers.own.cashUnits;
  if (booking === undefined) return stays(account.equity, account.equity + change);
  const { instrument, pos, cost } = booking;
  const cell = account.cellOf(instrument);
  const { ledger } = cell;
  if (!stays(cell.pos, pos) || (isLarge(cost) && !stays(unitsFloor(cell.cost), unitsFloor(cost))))
    return false;
  if (!ledger.isOwn) {
    const foreign = unitsFloor(ledger.cash.plus(paid));
    if (!stays(ledger.cashUnits, foreign)) return false;
    change += ledger.down(foreign) - ledger.down(ledger.cashUnits);
  }
  if (mark === undefined) return true;
  return stays(account.equity, total(account.equity, change, 0 - cell.value, cell.valueOf(pos, cost, mark)));
}

/** The same for cash alone, in a currency of the account's instruments. */
export function bearsIn(account: Account, currency: string, amount: Decimal): boolean {
  const ledger = account.ledgers.of(currency);
  const after = unitsFloor(ledger.cash.plus(amount));
  const change = ledger.down(after) - ledger.down(ledger.cashUnits);
  if (!stays(ledger.cashUnits, after)) return false;
  // Without a rate nobody knows: so it is when the journal is read again.
  return Number.isNaN(change) || stays(account.equity, account.equity + change);
}

const stays = (before: number, after: number): boolean =>
  !Number.isSafeInteger(before) || Number.isSafeInteger(after);

/** A sum that does not round on its way. */
function total(...parts: readonly number[]): number {
  const sum = new ExactSum();
  for (const part of parts) {
    if (!Number.isSafeInteger(part)) return NaN;
    sum.add(part);
  }
  return sum.value;
}

/** Whether units of it might not be exact: for what is less than a billion nobody need count. */
const isLarge = ({ e }: Decimal): boolean => e >= 9;
