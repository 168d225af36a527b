import { type Decimal, ZERO } from '../core/decimal.ts';
import { KnownSum } from '../core/known-sum.ts';
import { Ratio } from '../core/ratio.ts';
import { type Units, units, unitsFloor } from '../core/units.ts';
import type { FxRate } from './fx-rates.ts';
import type { SavedCurrency } from './saved-book.ts';

/** What an account has in one currency. Money is exact, in that currency. */
export interface CurrencyView {
  readonly currency: string;
  readonly cash: Decimal;
  /** What was paid in it, and in what it bought: a fee in the base of an instrument counts at the price of its fill. */
  readonly fees: Decimal;
  /** What persons have adjusted in it, at the prices that they gave. */
  readonly adjusted: Decimal;
  /** What it is worth in the currency of the account; `undefined` for that itself, and without a rate. */
  readonly rate: FxRate | undefined;
}

const NONE = units(0);

/** What an account has in a currency, and what it is worth in the currency of the account. Only the Book has it. */
export class CurrencyLedger implements CurrencyView {
  readonly currency: string;
  /** Whether it is the currency of the account. */
  readonly isOwn: boolean;
  fees = ZERO;
  adjusted = ZERO;
  /** What working and unknown orders may still cost, in this currency. */
  readonly claims = new KnownSum();
  rate: FxRate | undefined;
  #ratio: Ratio | undefined;
  #cash = ZERO;
  #cashUnits = NONE;

  constructor(currency: string, isOwn: boolean) {
    this.currency = currency;
    this.isOwn = isOwn;
  }

  restore({ cash, fees, adjusted }: Pick<SavedCurrency, 'cash' | 'fees' | 'adjusted'>): void {
    this.#cash = cash;
    this.#cashUnits = unitsFloor(cash);
    this.fees = fees;
    this.adjusted = adjusted;
  }

  snapshot(): SavedCurrency {
    return { currency: this.currency, cash: this.#cash, fees: this.fees, adjusted: this.adjusted };
  }

  get cash(): Decimal {
    return this.#cash;
  }

  /** Rounded down, in this currency. */
  get cashUnits(): Units {
    return this.#cashUnits;
  }

  addCash(amount: Decimal): void {
    this.#cash = this.#cash.plus(amount);
    this.#cashUnits = unitsFloor(this.#cash);
  }

  setRate(rate: FxRate | undefined): void {
    this.rate = rate;
    this.#ratio = rate?.rate.gt('0') === true ? new Ratio(rate.rate) : undefined;
  }

  /** In the currency of the account, rounded up; NaN without a rate. Nothing is nothing. */
  up(amount: Units): Units {
    if (this.isOwn || amount === 0) return amount;
    return this.#ratio?.up(amount) ?? units(NaN);
  }

  /** As `up`, rounded down. */
  down(amount: Units): Units {
    if (this.isOwn || amount === 0) return amount;
    return this.#ratio?.down(amount) ?? units(NaN);
  }

  /** When its rate was received: what is worth nothing needs none. */
  get rateMs(): number {
    return this.isOwn || this.#cash.eq('0') ? Infinity : (this.rate?.monotonicMs ?? -Infinity);
  }
}
