import { money, readAmount, readMoney, worth } from './decimals.ts';
import type { FactOf } from './facts.ts';

interface Holdings {
  /** By currency, 10^-24. */
  readonly balances: Map<string, bigint>;
  /** By symbol, signed, 10^-12. */
  readonly positions: Map<string, bigint>;
}

/** What each account has: cash by currency, position by instrument. A buy pays cash for position, a sell the reverse. */
export class Accounts {
  readonly #holdings = new Map<string, Holdings>();

  deposit({ accountId, currency, amount }: FactOf<'deposited'>): void {
    this.#move(this.#of(accountId).balances, currency, money(readAmount(amount) ?? 0n));
  }

  fill(fill: FactOf<'filled'>, quoteCurrency: string): void {
    const quantity = readAmount(fill.quantity) ?? 0n;
    const notional = worth(quantity, readAmount(fill.price) ?? 0n);
    const { balances, positions } = this.#of(fill.accountId);
    const buys = fill.side === 'buy';
    this.#move(positions, fill.symbol, buys ? quantity : -quantity);
    this.#move(balances, quoteCurrency, buys ? -notional : notional);
    this.#move(balances, fill.feeCurrency, -readMoney(fill.fee));
  }

  knows(accountId: string): boolean {
    return this.#holdings.has(accountId);
  }

  balances(accountId: string): ReadonlyMap<string, bigint> {
    return this.#of(accountId).balances;
  }

  positions(accountId: string): ReadonlyMap<string, bigint> {
    return this.#of(accountId).positions;
  }

  #of(accountId: string): Holdings {
    const present = this.#holdings.get(accountId);
    if (present !== undefined) return present;
    const holdings: Holdings = { balances: new Map(), positions: new Map() };
    this.#holdings.set(accountId, holdings);
    return holdings;
  }

  #move(amounts: Map<string, bigint>, key: string, by: bigint): void {
    amounts.set(key, (amounts.get(key) ?? 0n) + by);
  }
}
