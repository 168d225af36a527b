import { type Decimal, ZERO } from '../core/decimal.ts';
import { type Lots, type Units, sub } from '../core/units.ts';
import { attribute } from './attribution.ts';
import { bears } from './bears.ts';
import type { Account } from './book-account.ts';
import type { Mark } from './book-cell.ts';
import { type Booking, baseFeeOf, bookingOf } from './booking.ts';
import type { Fee, Fill } from './fill.ts';
import type { BookedOrder } from './order-event.ts';
import type { Side } from './order-intent.ts';

/** A fill that has been worked out, but not made. */
export interface PlannedFill {
  /** Whether its fee can be booked: one in a third currency cannot. */
  readonly feeTaken: boolean;
  /** Makes it; what its order may still fill moves by `moved`, and what it may still cost from `claim` to `claims`, in the same step. */
  take(moved: Lots, claim: Units, claims: Units): void;
}

/** What a fill does: to the position, to the cash in its quote currency, and to that of the account where it is another. */
export interface FillEffect {
  readonly booking: Booking;
  /** In quote currency. */
  readonly cash: Decimal;
  /** What the fee was worth in quote currency. */
  readonly fee: Decimal;
  /** The fee where it was paid in the currency of the account, and that is not the quote currency. */
  readonly ownFee: Decimal;
  readonly feeTaken: boolean;
}

/** Works out what a fill does to its account; `undefined` when money would leave the range in which it is exact. */
export function planFill(
  account: Account,
  { instrument, side, strategyId }: Pick<BookedOrder, 'instrument' | 'side' | 'strategyId'>,
  fill: Fill,
  mark: Mark | undefined,
): PlannedFill | undefined {
  const before = account.cellOf(instrument);
  const effect = fillEffect(before, side, fill, account.currency);
  const { booking, cash, fee, ownFee, feeTaken } = effect;
  const { isOwn } = before.ledger;
  const isBorne = isOwn
    ? bears(account, cash, booking, mark)
    : bears(account, ownFee.neg(), booking, mark, cash);
  if (!isBorne) return undefined;
  return {
    feeTaken,
    take(moved, claim, claims) {
      const cell = account.openCell(instrument);
      const { ledger } = cell;
      account.update(cell, mark, () => {
        // Also on margin as if it had been paid for: what it has earned is this and the value of what it holds.
        const paid = booking.realised.minus(cell.realised).minus(booking.cost.minus(cell.cost)).minus(fee);
        const share = attribute(account, cell, strategyId, {
          pos: sub(booking.pos, cell.pos),
          cash: paid,
          quantity: fill.quantity,
          price: fill.price,
          fees: ownFee.eq('0') ? undefined : ownFee,
        });
        cell.take(booking);
        cell.moveLeaves(side, share, moved);
      });
      if (claim !== claims) ledger.claims.move(claim, claims);
      cell.fees = cell.fees.plus(fee);
      account.ledgers.addFee(ledger, fee, feeTaken ? fill.fee : NO_FEE);
      account.addCash(cash, ledger);
      if (!ownFee.eq('0')) {
        account.ledgers.addFee(account.ledgers.own, ownFee, NO_FEE);
        account.addCash(ownFee.neg());
      }
      account.raiseHighWater();
    },
  };
}

const NO_FEE: Fee = { amount: ZERO, currency: '' };

/**
 * Works out what a fill does, without making it.
 *
 * @param own currency of the account
 */
export function fillEffect(
  before: Parameters<typeof bookingOf>[0],
  side: Side,
  fill: Pick<Fill, 'quantity' | 'price' | 'fee'>,
  own: string,
): FillEffect {
  const { instrument } = before;
  const {
    fee: { amount, currency },
    price,
  } = fill;
  const booking = bookingOf(before, side, fill);
  const { paid: cash } = booking;
  const none = { booking, cash, fee: ZERO, ownFee: ZERO, feeTaken: true };
  if (amount.eq('0')) return none;
  if (currency === instrument.quote) return { ...none, cash: cash.minus(amount), fee: amount };
  if (currency === own) return { ...none, ownFee: amount };
  if (currency === instrument.base && instrument.kind === 'spot') {
    const taken = baseFeeOf(booking, amount, price);
    return { ...none, booking: taken.booking, fee: taken.worth };
  }
  return { ...none, feeTaken: false };
}
