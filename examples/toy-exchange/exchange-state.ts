import { Accounts } from './accounts.ts';
import type { Listing } from './config.ts';
import { amountText, readAmount } from './decimals.ts';
import type { Fact, FactOf } from './facts.ts';
import { OrderBook, type Side } from './order-book.ts';

/** An order as the exchange has it, open or over. Amounts in 10^-12. */
export interface ExchangeOrder {
  readonly orderId: string;
  readonly clientId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  quantity: bigint;
  price: bigint;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  readonly postOnly: boolean;
  filled: bigint;
  state: 'open' | 'filled' | 'cancelled' | 'expired' | 'rejected';
  readonly reason?: string;
}

/** All that the exchange knows. It changes by facts alone, so that the log gives it back. */
export class ExchangeState {
  readonly accounts = new Accounts();
  readonly fills: FactOf<'filled'>[] = [];
  /** Sessions that asked for their orders to go with them, by id. */
  readonly guarded = new Map<string, string>();
  readonly walks = new Map<string, { readonly step: number; readonly mid: string }>();
  readonly #listings: ReadonlyMap<string, Listing>;
  readonly #books = new Map<string, OrderBook>();
  readonly #orders = new Map<string, ExchangeOrder>();
  readonly #byClientId = new Map<string, ExchangeOrder>();
  #trades = 0;

  constructor(listings: readonly Listing[]) {
    this.#listings = new Map(listings.map((listing) => [listing.symbol, listing]));
    for (const { symbol } of listings) this.#books.set(symbol, new OrderBook());
  }

  listing(symbol: string): Listing | undefined {
    return this.#listings.get(symbol);
  }

  get listings(): Iterable<Listing> {
    return this.#listings.values();
  }

  /** @throws for a symbol that is not listed */
  book(symbol: string): OrderBook {
    const book = this.#books.get(symbol);
    if (book === undefined) throw new Error(`expected a listed symbol, got ${symbol}`);
    return book;
  }

  order(orderId: string): ExchangeOrder | undefined {
    return this.#orders.get(orderId);
  }

  orderOf(accountId: string, clientId: string): ExchangeOrder | undefined {
    return this.#byClientId.get(`${accountId} ${clientId}`);
  }

  /** What may still fill, in the order in which it came. */
  openOrders(accountId: string): readonly ExchangeOrder[] {
    return [...this.#orders.values()].filter((o) => o.accountId === accountId && o.state === 'open');
  }

  nextOrderId(): string {
    return `X${this.#orders.size + 1}`;
  }

  nextExecutionId(): string {
    return `T${this.#trades + 1}`;
  }

  apply(fact: Fact): void {
    switch (fact.type) {
      case 'deposited':
        this.accounts.deposit(fact);
        return;
      case 'accepted':
      case 'rejected':
        this.#add(fact);
        return;
      case 'amended':
        this.#amend(fact);
        return;
      case 'filled':
        this.#fill(fact);
        return;
      case 'cancelled':
      case 'expired': {
        const order = this.#require(fact.orderId);
        order.state = fact.type;
        this.book(order.symbol).remove(order.orderId);
        return;
      }
      case 'quoted':
        this.#quote(fact);
        return;
      case 'session':
        if (fact.state === 'closed') this.guarded.delete(fact.session);
        else if (fact.cancelOnDisconnect) this.guarded.set(fact.session, fact.accountId);
        return;
      case 'refused':
        return;
    }
  }

  #add(fact: FactOf<'accepted'> | FactOf<'rejected'>): void {
    const { type, quantity, price, ...rest } = fact;
    const order: ExchangeOrder = {
      ...rest,
      quantity: readAmount(quantity) ?? 0n,
      price: readAmount(price) ?? 0n,
      filled: 0n,
      state: type === 'accepted' ? 'open' : 'rejected',
    };
    this.#orders.set(order.orderId, order);
    this.#byClientId.set(`${order.accountId} ${order.clientId}`, order);
    // Also an order that trades at once stands in the book for that moment: its fills and its end find it there.
    if (order.state === 'open') this.#enqueue(order);
  }

  #amend({ orderId, quantity, price, requeued }: FactOf<'amended'>): void {
    const order = this.#require(orderId);
    const book = this.book(order.symbol);
    const before = order.quantity;
    order.quantity = readAmount(quantity) ?? 0n;
    order.price = readAmount(price) ?? 0n;
    if (requeued) {
      book.remove(orderId);
      this.#enqueue(order);
    } else {
      book.reduce(orderId, before - order.quantity);
    }
  }

  #fill(fact: FactOf<'filled'>): void {
    const order = this.#require(fact.orderId);
    const quantity = readAmount(fact.quantity) ?? 0n;
    order.filled += quantity;
    if (order.filled >= order.quantity) order.state = 'filled';
    const book = this.book(order.symbol);
    book.reduce(order.orderId, quantity);
    if (fact.againstQuote && fact.liquidity === 'taker') {
      book.reduce(quoteId(fact.side === 'buy' ? 'sell' : 'buy', fact.price), quantity);
    }
    this.fills.push(fact);
    this.#trades = Math.max(this.#trades, Number(fact.executionId.slice(1)));
    this.accounts.fill(fact, this.#listings.get(order.symbol)?.quote ?? '');
  }

  #quote({ symbol, bids, asks, walk }: FactOf<'quoted'>): void {
    const book = this.book(symbol);
    for (const side of ['buy', 'sell'] as const) {
      const old = book.side(side).filter(({ accountId }) => accountId === undefined);
      for (const { orderId } of old) book.remove(orderId);
      for (const [price, quantity] of side === 'buy' ? bids : asks) {
        const leaves = readAmount(quantity) ?? 0n;
        const quote = { orderId: quoteId(side, price), accountId: undefined, side, leaves };
        book.add({ ...quote, price: readAmount(price) ?? 0n });
      }
    }
    if (walk !== undefined) this.walks.set(symbol, walk);
  }

  #enqueue(order: ExchangeOrder): void {
    const { orderId, accountId, side, price, quantity, filled } = order;
    this.book(order.symbol).add({ orderId, accountId, side, price, leaves: quantity - filled });
  }

  #require(orderId: string): ExchangeOrder {
    const order = this.#orders.get(orderId);
    if (order === undefined) throw new Error(`expected an order of the exchange, got ${orderId}`);
    return order;
  }
}

/** The market maker shows one quote at a price. */
const quoteId = (side: Side, price: string): string => `quote ${side} ${amountText(readAmount(price) ?? 0n)}`;
