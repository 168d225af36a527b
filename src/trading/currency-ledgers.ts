import { type Decimal, ZERO } from '../core/decimal.ts';
import { type Units, add, units } from '../core/units.ts';
import { CurrencyLedger } from './currency-ledger.ts';
import type { Money } from './saved-book.ts';
import type { FxRate, FxRates } from './fx-rates.ts';

/** What an account has in its own and in other currencies. Only the Book has it. */
export class CurrencyLedgers {
  readonly own: CurrencyLedger;
  readonly #rates: FxRates | undefined;
  readonly #foreign = new Map<string, CurrencyLedger>();
  /** Fees by the currency that they were paid in; none where fees and rebates are even. */
  readonly #paid = new Map<string, Decimal>();

  constructor(currency: string, rates: FxRates | undefined) {
    this.own = new CurrencyLedger(currency, true);
    this.#rates = rates;
  }

  *all(): Iterable<CurrencyLedger> {
    yield this.own;
    yield* this.#foreign.values();
  }

  foreign(): Iterable<CurrencyLedger> {
    return this.#foreign.values();
  }

  get isMixed(): boolean {
    return this.#foreign.size > 0;
  }

  /** That of a currency, or one that is empty and not part of the account. */
  of(currency: string): CurrencyLedger {
    if (currency === this.own.currency) return this.own;
    const present = this.#foreign.get(currency);
    if (present !== undefined) return present;
    const ledger = new CurrencyLedger(currency, false);
    ledger.setRate(this.rate(ledger));
    return ledger;
  }

  open(currency: string): CurrencyLedger {
    const ledger = this.of(currency);
    if (!ledger.isOwn) this.#foreign.set(currency, ledger);
    return ledger;
  }

  /** The rate of now. */
  rate({ currency }: CurrencyLedger): FxRate | undefined {
    return this.#rates?.rate(currency, this.own.currency);
  }

  /** All cash in its own currency, rounded down. */
  get cashUnits(): Units {
    let sum: number = this.own.cashUnits;
    if (this.isMixed) for (const ledger of this.#foreign.values()) sum += ledger.down(ledger.cashUnits);
    return units(sum);
  }

  /** All claims in its own currency, rounded up. */
  get claimed(): Units {
    let sum = this.own.claims.value;
    if (this.isMixed) {
      for (const ledger of this.#foreign.values()) sum = add(sum, ledger.up(ledger.claims.value));
    }
    return sum;
  }

  feesPaid(): Money[] {
    return Array.from(this.#paid, ([currency, amount]) => ({ currency, amount }));
  }

  restorePaid(paid: readonly Money[]): void {
    for (const one of paid) this.#addPaid(one);
  }

  /** Counts a fee: what it is worth in the currency of a ledger, and what was paid. */
  addFee(ledger: CurrencyLedger, worth: Decimal, paid: Money): void {
    ledger.fees = ledger.fees.plus(worth);
    this.#addPaid(paid);
  }

  #addPaid({ currency, amount }: Money): void {
    const sum = (this.#paid.get(currency) ?? ZERO).plus(amount);
    if (sum.eq('0')) this.#paid.delete(currency);
    else this.#paid.set(currency, sum);
  }
}
