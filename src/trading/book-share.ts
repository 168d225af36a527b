import { type Decimal, ZERO } from '../core/decimal.ts';
import { type Lots, type Units, add, lots, units, unitsCeil, unitsFloor } from '../core/units.ts';
import type { SavedShare } from './saved-book.ts';
import type { Side } from './order-intent.ts';

/** Whose orders the exits are that a person asks for at once. */
export const FLATTEN = 'flatten';
/** Whose orders those are that we never sent. */
export const EXTERNAL = 'external';
/** Whose share an adjustment by a person is. */
export const ADJUSTMENT = 'adjustment';
/** Whose share a position is that was saved before shares were kept. */
export const UNATTRIBUTED = 'unattributed';
/** Whose share funding is: nobody says which strategy it was for. */
export const FUNDING = 'funding';

/** What one strategy has of an account's position in an instrument. The shares of a cell add up to the cell, in lots. */
export interface ShareView {
  readonly strategyId: string;
  /** Signed. */
  readonly pos: Lots;
  /** What its working and unknown orders may still buy. */
  readonly buy: Lots;
  /** What its working and unknown orders may still sell. */
  readonly sell: Lots;
  /** What it was paid less what it paid, fees taken off, in quote currency: cash and the value of `pos` are what it has earned. */
  readonly cash: Decimal;
  /** The same, rounded down. */
  readonly cashUnits: Units;
  /** Fees that it paid in the currency of the account, where that is not the quote currency. */
  readonly fees: Decimal;
}

/** The writable share. Only the Book has it. */
export class Share implements ShareView {
  readonly strategyId: string;
  pos = lots(0);
  buy = lots(0);
  sell = lots(0);
  #cash = ZERO;
  #fees = ZERO;
  #feeUnits = units(0);
  /** Worked out when it is asked for: fills are many. */
  #cashUnits: Units | undefined;

  constructor(strategyId: string) {
    this.strategyId = strategyId;
  }

  get cash(): Decimal {
    return this.#cash;
  }

  get cashUnits(): Units {
    return (this.#cashUnits ??= unitsFloor(this.#cash));
  }

  get fees(): Decimal {
    return this.#fees;
  }

  /** Rounded up. */
  get feeUnits(): Units {
    return this.#feeUnits;
  }

  /** Whether there is nothing to tell of it. */
  get isEmpty(): boolean {
    return this.buy === 0 && this.sell === 0 && !this.hasTraded;
  }

  /** Whether it has a position, or has made or lost money. */
  get hasTraded(): boolean {
    return this.pos !== 0 || !this.#cash.eq('0') || !this.#fees.eq('0');
  }

  snapshot(): SavedShare {
    const saved = { strategyId: this.strategyId, pos: this.pos, cash: this.#cash };
    return this.#fees.eq('0') ? saved : { ...saved, fees: this.#fees };
  }

  moveLeaves(side: Side, by: Lots): void {
    if (side === 'buy') this.buy = add(this.buy, by);
    else this.sell = add(this.sell, by);
  }

  /** Takes a change of the position, what it was paid for it, and fees in the currency of the account. */
  take(pos: Lots, cash: Decimal, fees?: Decimal): void {
    this.pos = add(this.pos, pos);
    this.#cash = this.#cash.plus(cash);
    this.#cashUnits = undefined;
    if (fees === undefined) return;
    this.#fees = this.#fees.plus(fees);
    this.#feeUnits = unitsCeil(this.#fees);
  }
}

/** In an order that does not depend on which was first. */
export const byStrategy = (a: { readonly strategyId: string }, b: { readonly strategyId: string }): number =>
  a.strategyId < b.strategyId ? -1 : 1;
