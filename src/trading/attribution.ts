import type { Decimal } from '../core/decimal.ts';
import { type Lots, abs, exactMoney, lots, min, sub } from '../core/units.ts';
import type { Account } from './book-account.ts';
import type { Cell } from './book-cell.ts';
import { ADJUSTMENT, EXTERNAL, FLATTEN, type Share } from './book-share.ts';

/**
 * Strategies that nobody runs: what they take off a position was held for others. So it is taken off the shares that hold that
 * side, at the price of the trade: first off their own, then off the largest, and of equal ones by strategy id. Only what
 * is left over becomes their own share; so do the fees, which they have caused.
 */
export const RESERVED_STRATEGIES: ReadonlySet<string> = new Set([FLATTEN, EXTERNAL, ADJUSTMENT]);

/** What a trade does to the shares of a cell, all of them together. */
export interface Attributed {
  /** What the position moves by. */
  readonly pos: Lots;
  /** What was paid for it, fees taken off, in quote currency. */
  readonly cash: Decimal;
  /** What was traded, without what a fee in the base took. */
  readonly quantity: Lots;
  readonly price: Decimal;
  /** In the currency of the account, where that is another. */
  readonly fees?: Decimal | undefined;
}

/** Takes a trade of a strategy into the shares of a cell. Call it before the cell has taken it. */
export function attribute(account: Account, cell: Cell, strategyId: string, traded: Attributed): Share {
  const own = account.openShare(cell, strategyId);
  let { pos, cash } = traded;
  if (RESERVED_STRATEGIES.has(strategyId) && pos * cell.pos < 0) {
    let left = min(abs(pos), abs(cell.pos));
    let paidFor = traded.quantity;
    for (const share of holders(cell, own)) {
      const off = min(left, abs(share.pos));
      if (off === 0) break;
      const paid = min(off, paidFor);
      const money = exactMoney(cell.instrument.grid, paid, traded.price);
      // What they gain of the position, and of the cash, is not the strategy's own.
      const [moved, got] = pos < 0 ? [lots(0 - off), money] : [off, money.neg()];
      share.take(moved, got);
      pos = sub(pos, moved);
      cash = cash.minus(got);
      left = sub(left, off);
      paidFor = sub(paidFor, paid);
    }
  }
  own.take(pos, cash, traded.fees);
  return own;
}

/** The shares on the side of the position, in the order in which they are reduced. */
const holders = (cell: Cell, own: Share): Share[] =>
  [...cell.shares()]
    .filter((share) => share.pos * cell.pos > 0)
    .sort(
      (a, b) =>
        Number(b === own) - Number(a === own) ||
        abs(b.pos) - abs(a.pos) ||
        (a.strategyId < b.strategyId ? -1 : 1),
    );
