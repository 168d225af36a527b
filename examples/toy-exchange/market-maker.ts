import type { Listing } from './config.ts';
import { amountText, readAmount } from './decimals.ts';
import type { Exchange } from './exchange.ts';
import { chance } from './random.ts';

const LEVELS = 5;
/** Of the mid price, per step, at most: one in this many. */
const STRIDE = 2_000n;

/**
 * The others: quotes around a seeded random walk, and now and then somebody who takes. A step depends on nothing but the
 * seed, its number and where the walk stands, so that a restart goes on where the log ends.
 */
export class MarketMaker {
  readonly #exchange: Exchange;
  readonly #seed: number;

  constructor(exchange: Exchange, seed: number) {
    this.#exchange = exchange;
    this.#seed = seed;
  }

  /** Quotes every instrument that has never been quoted. */
  open(): void {
    for (const listing of this.#exchange.state.listings) {
      if (!this.#exchange.state.walks.has(listing.symbol)) this.#quote(listing, 0, listing.startPrice);
    }
  }

  /** One step of every instrument, or of one. */
  step(symbol?: string): void {
    for (const listing of this.#exchange.state.listings) {
      if (symbol !== undefined && symbol !== listing.symbol) continue;
      const walk = this.#exchange.state.walks.get(listing.symbol);
      const number = (walk?.step ?? 0) + 1;
      const before = walk === undefined ? listing.startPrice : (readAmount(walk.mid) ?? listing.startPrice);
      const stride = this.#whole(`${listing.symbol} stride ${number}`, -1_000n, 1_000n);
      const moved = before + (before * stride) / (1_000n * STRIDE);
      const mid = onGrid(moved, listing.tick);
      this.#quote(listing, number, mid > listing.tick * 100n ? mid : before);
      this.#take(listing, number);
    }
  }

  #quote({ symbol, tick, step, minQuantity }: Listing, number: number, mid: bigint): void {
    const level = (side: string, sign: bigint, at: number): [string, string] => {
      const away = tick * BigInt(1 + at) * (mid / (tick * 20_000n) + 1n);
      const lots = this.#whole(`${symbol} ${side} ${at} ${number}`, 10n, 2_000n);
      return [amountText(mid + sign * away), amountText(onGrid(minQuantity, step) + lots * step)];
    };
    const levels = Array.from({ length: LEVELS }, (_, at) => at);
    this.#exchange.quote(
      symbol,
      levels.map((at) => level('bid', -1n, at)),
      levels.map((at) => level('ask', 1n, at)),
      { step: number, mid: amountText(mid) },
    );
  }

  /** Every third step or so somebody takes what stands best, whoever it belongs to. */
  #take({ symbol, step }: Listing, number: number): void {
    if (chance(this.#seed, symbol, 'takes', number) >= 0.35) return;
    const side = chance(this.#seed, symbol, 'side', number) < 0.5 ? 'buy' : 'sell';
    const best = this.#exchange.state.book(symbol).side(side === 'buy' ? 'sell' : 'buy')[0];
    if (best === undefined) return;
    const lots = this.#whole(`${symbol} taken ${number}`, 1n, 1_000n);
    this.#exchange.marketTrade(symbol, side, amountText(best.price), amountText(lots * step));
  }

  #whole(what: string, from: bigint, to: bigint): bigint {
    return from + BigInt(Math.floor(chance(this.#seed, what) * Number(to - from + 1n)));
  }
}

const onGrid = (amount: bigint, increment: bigint): bigint => amount - (amount % increment);
