import type { ExchangeConfig, Listing } from './config.ts';
import { money, moneyAtRate, readAmount, worth } from './decimals.ts';
import type { ExchangeOrder, ExchangeState } from './exchange-state.ts';
import type { Side } from './order-book.ts';

/** A new order, in the words of whoever places it. */
export interface PlaceRequest {
  readonly clientId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  readonly postOnly: boolean;
}

/** What is wrong with a request as such: nothing is remembered of it. */
type Flaw =
  | 'SYMBOL_UNKNOWN'
  | 'OFF_GRID'
  | 'BELOW_MINIMUM'
  | 'TIME_IN_FORCE_CONFLICT'
  | 'CLIENT_ID_TAKEN'
  | 'ORDER_UNKNOWN'
  | 'ORDER_OVER'
  | 'BELOW_FILLED';

/** What speaks against a well-formed order now: it is rejected, and its id is spent. */
type Objection = 'POST_ONLY_WOULD_CROSS' | 'OWN_ORDER_WOULD_MATCH' | 'INSUFFICIENT_FUNDS';

/** Why a request changed nothing. */
export type RefusalCode = Flaw | Objection;

/** Quantity and price that an order is to have. */
export interface Terms {
  readonly quantity: string;
  readonly price: string;
}

/** What the exchange takes and what it turns down. Changes nothing. */
export class ExchangeRules {
  readonly #config: ExchangeConfig;
  readonly #state: ExchangeState;

  constructor(config: ExchangeConfig, state: ExchangeState) {
    this.#config = config;
    this.#state = state;
  }

  flawOf(accountId: string, request: PlaceRequest): Flaw | undefined {
    const listing = this.#state.listing(request.symbol);
    if (listing === undefined) return 'SYMBOL_UNKNOWN';
    if (this.#state.orderOf(accountId, request.clientId) !== undefined) return 'CLIENT_ID_TAKEN';
    if (request.postOnly && request.timeInForce !== 'GTC') return 'TIME_IN_FORCE_CONFLICT';
    return termsFlaw(listing, request);
  }

  amendFlaw(order: ExchangeOrder, to: Terms): RefusalCode | undefined {
    if (order.state !== 'open') return 'ORDER_OVER';
    const listing = this.#state.listing(order.symbol);
    const flaw = listing === undefined ? 'SYMBOL_UNKNOWN' : termsFlaw(listing, to);
    if (flaw !== undefined) return flaw;
    const quantity = readAmount(to.quantity) ?? 0n;
    if (quantity <= order.filled) return 'BELOW_FILLED';
    return this.objection(order.accountId, { ...order, ...to }, quantity - order.filled, order);
  }

  /** @param replaced the order that is being changed, which then no longer counts as it was */
  objection(
    accountId: string,
    { symbol, side, price, postOnly }: Pick<PlaceRequest, 'symbol' | 'side' | 'price' | 'postOnly'>,
    leaves: bigint,
    replaced?: ExchangeOrder,
  ): Objection | undefined {
    const limit = readAmount(price) ?? 0n;
    const matches = this.#state.book(symbol).matches(side, limit, leaves);
    if (postOnly && matches.length > 0) return 'POST_ONLY_WOULD_CROSS';
    if (matches.some(({ resting }) => resting.accountId === accountId)) return 'OWN_ORDER_WOULD_MATCH';
    const account = this.#config.accounts.find((candidate) => candidate.accountId === accountId);
    const listing = this.#state.listing(symbol);
    if (account?.funding !== 'cash' || listing === undefined) return undefined;
    const others = this.#state.openOrders(accountId).filter((o) => o !== replaced && o.side === side);
    const covered =
      side === 'buy'
        ? this.#canPay(accountId, listing, others, costOf(leaves, limit, listing))
        : this.#canDeliver(accountId, listing, others, leaves);
    return covered ? undefined : 'INSUFFICIENT_FUNDS';
  }

  #canPay(accountId: string, { quote }: Listing, others: readonly ExchangeOrder[], cost: bigint): boolean {
    const working = others.map((order) => {
      const listing = this.#state.listing(order.symbol);
      return listing?.quote === quote ? costOf(order.quantity - order.filled, order.price, listing) : 0n;
    });
    return sum(working) + cost <= (this.#state.accounts.balances(accountId).get(quote) ?? 0n);
  }

  #canDeliver(
    accountId: string,
    { symbol }: Listing,
    others: readonly ExchangeOrder[],
    quantity: bigint,
  ): boolean {
    const working = others.filter((o) => o.symbol === symbol).map((o) => o.quantity - o.filled);
    return sum(working) + quantity <= (this.#state.accounts.positions(accountId).get(symbol) ?? 0n);
  }
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/** At most: a taker fee is the larger of the two. */
const costOf = (quantity: bigint, price: bigint, { takerFeeRate }: Listing): bigint =>
  worth(quantity, price) + moneyAtRate(worth(quantity, price), takerFeeRate);

function termsFlaw(listing: Listing, terms: Terms): 'OFF_GRID' | 'BELOW_MINIMUM' | undefined {
  const [quantity, price] = [readAmount(terms.quantity) ?? 0n, readAmount(terms.price) ?? 0n];
  const onGrid = quantity > 0n && price > 0n && quantity % listing.step === 0n && price % listing.tick === 0n;
  if (!onGrid) return 'OFF_GRID';
  const tooSmall = quantity < listing.minQuantity || worth(quantity, price) < money(listing.minNotional);
  return tooSmall ? 'BELOW_MINIMUM' : undefined;
}
