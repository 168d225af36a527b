import type { ExchangeConfig } from './config.ts';
import { amountText, readAmount } from './decimals.ts';
import type { ExchangeLog, LogLine } from './exchange-log.ts';
import { ExchangeRules, type PlaceRequest, type RefusalCode } from './exchange-rules.ts';
import { type ExchangeOrder, ExchangeState } from './exchange-state.ts';
import type { Fact, FactOf } from './facts.ts';
import { feeOf } from './fees.ts';
import type { Match, Resting, Side } from './order-book.ts';

export type Outcome =
  { readonly ok: true; readonly order: ExchangeOrder } | { readonly ok: false; readonly code: RefusalCode };

type Level = readonly [price: string, quantity: string];

/**
 * The exchange itself: takes requests, matches in price-time priority, and answers only after the log has it. It has no
 * clock and no randomness of its own, and shares no code with the library that is tested against it.
 */
export class Exchange {
  readonly state: ExchangeState;
  readonly #config: ExchangeConfig;
  readonly #rules: ExchangeRules;
  readonly #log: Pick<ExchangeLog, 'append'>;
  readonly #nowMs: () => number;
  readonly #listeners = new Set<(fact: Fact, atMs: number) => void>();
  #facts: Fact[] = [];

  /** @param lines what the log holds: the state goes on from there */
  constructor(
    config: ExchangeConfig,
    deps: {
      readonly log: Pick<ExchangeLog, 'append'>;
      readonly lines?: readonly LogLine[];
      readonly nowMs: () => number;
    },
  ) {
    this.#config = config;
    this.#log = deps.log;
    this.#nowMs = deps.nowMs;
    this.state = new ExchangeState(config.instruments);
    this.#rules = new ExchangeRules(config, this.state);
    for (const fact of (deps.lines ?? []).flatMap(({ facts }) => facts)) this.state.apply(fact);
    this.#begin();
  }

  /** Tells every fact once it is in the log. */
  onFact(listener: (fact: Fact, atMs: number) => void): void {
    this.#listeners.add(listener);
  }

  place(accountId: string, request: PlaceRequest): Outcome {
    return this.#commit('place', accountId, request, () => {
      const flaw = this.#rules.flawOf(accountId, request);
      if (flaw !== undefined) return this.#refuse('place', flaw, accountId, request.clientId);
      const orderId = this.state.nextOrderId();
      const terms = { accountId, orderId, ...request };
      const reason = this.#rules.objection(accountId, request, readAmount(request.quantity) ?? 0n);
      if (reason !== undefined) {
        this.#emit({ type: 'rejected', ...terms, reason });
        return { ok: false, code: reason };
      }
      this.#emit({ type: 'accepted', ...terms });
      return { ok: true, order: this.#trade(orderId) };
    });
  }

  /** @param to the quantity in all, fills included */
  amend(
    accountId: string,
    clientId: string,
    to: { readonly quantity: string; readonly price: string },
  ): Outcome {
    return this.#commit('amend', accountId, { clientId, ...to }, () => {
      const order = this.state.orderOf(accountId, clientId);
      const flaw = order === undefined ? 'ORDER_UNKNOWN' : this.#rules.amendFlaw(order, to);
      if (order === undefined || flaw !== undefined) {
        return this.#refuse('amend', flaw ?? 'ORDER_UNKNOWN', accountId, clientId);
      }
      const { orderId } = order;
      const quantity = readAmount(to.quantity) ?? 0n;
      const requeued = (readAmount(to.price) ?? 0n) !== order.price || quantity > order.quantity;
      this.#emit({ type: 'amended', accountId, orderId, clientId, ...to, requeued });
      return { ok: true, order: this.#trade(orderId) };
    });
  }

  cancel(accountId: string, clientId: string): Outcome {
    return this.#commit('cancel', accountId, { clientId }, () => {
      const order = this.state.orderOf(accountId, clientId);
      if (order?.state !== 'open') {
        const code = order === undefined ? 'ORDER_UNKNOWN' : 'ORDER_OVER';
        return this.#refuse('cancel', code, accountId, clientId);
      }
      this.#end(order, 'asked');
      return { ok: true, order };
    });
  }

  /** @returns how many orders were open, and are not any more */
  cancelAll(accountId: string): number {
    return this.#commit('cancel-all', accountId, undefined, () => this.#endAll(accountId, 'asked'));
  }

  /** A private stream begins or ends; with the last guarded one of an account its open orders go. */
  session(fact: Omit<FactOf<'session'>, 'type'>): void {
    this.#commit('session', fact.accountId, undefined, () => {
      this.#emit({ type: 'session', ...fact });
      if (fact.state === 'closed' && fact.cancelOnDisconnect) this.#endUnguarded(fact.accountId);
    });
  }

  /** A request that did not get past the door. */
  refuseAtDoor(op: string, code: string, accountId?: string): void {
    this.#commit(op, accountId, undefined, () => {
      this.#emit({ type: 'refused', op, code, ...(accountId !== undefined && { accountId }) });
    });
  }

  /** The market maker shows these quotes instead of all it showed before. What crosses orders of clients trades with them. */
  quote(
    symbol: string,
    bids: readonly Level[],
    asks: readonly Level[],
    walk?: FactOf<'quoted'>['walk'],
  ): void {
    this.#commit('quote', undefined, { bids, asks }, () => {
      const rest = {
        bids: bids.flatMap((level) => this.#quoteMeets(symbol, 'buy', level)),
        asks: asks.flatMap((level) => this.#quoteMeets(symbol, 'sell', level)),
      };
      this.#emit({ type: 'quoted', symbol, ...rest, ...(walk !== undefined && { walk }) });
    });
  }

  /** Somebody else sends an immediate order, which meets quotes and orders of clients in their priority. */
  marketTrade(symbol: string, side: Side, price: string, quantity: string): void {
    this.#commit('market-trade', undefined, { symbol, side, price, quantity }, () => {
      const book = this.state.book(symbol);
      const eaten = new Map<string, bigint>();
      for (const { resting, quantity: part } of book.matches(
        side,
        readAmount(price) ?? 0n,
        readAmount(quantity) ?? 0n,
      )) {
        if (resting.accountId === undefined) eaten.set(resting.orderId, part);
        else this.#fillResting(resting, part);
      }
      if (eaten.size === 0) return;
      const left = (of: Side): [string, string][] =>
        book
          .side(of)
          .filter(({ accountId }) => accountId === undefined)
          .map((quote) => ({ ...quote, leaves: quote.leaves - (eaten.get(quote.orderId) ?? 0n) }))
          .filter(({ leaves }) => leaves > 0n)
          .map((quote) => [amountText(quote.price), amountText(quote.leaves)]);
      this.#emit({ type: 'quoted', symbol, bids: left('buy'), asks: left('sell') });
    });
  }

  /** First words of a new exchange; after a restart, the streams of the life before are gone. */
  #begin(): void {
    this.#commit('start', undefined, undefined, () => {
      for (const { accountId, balances } of this.#config.accounts) {
        if (this.state.accounts.knows(accountId)) continue;
        for (const [currency, amount] of Object.entries({ ...balances })) {
          this.#emit({ type: 'deposited', accountId, currency, amount });
        }
      }
      for (const [session, accountId] of [...this.state.guarded]) {
        this.#emit({ type: 'session', accountId, session, state: 'closed', cancelOnDisconnect: true });
        this.#endUnguarded(accountId);
      }
    });
  }

  /** Lets an accepted or amended order meet the book, and ends what cannot rest. */
  #trade(orderId: string): ExchangeOrder {
    const order = this.state.order(orderId);
    if (order === undefined) throw new Error(`expected an order of the exchange, got ${orderId}`);
    const leaves = order.quantity - order.filled;
    const matches = this.state.book(order.symbol).matches(order.side, order.price, leaves);
    const whole = matches.reduce((sum, { quantity }) => sum + quantity, 0n) === leaves;
    if (order.timeInForce !== 'FOK' || whole) for (const match of matches) this.#meet(order, match);
    if (order.state === 'open' && order.timeInForce !== 'GTC') {
      const { accountId, clientId } = order;
      this.#emit({ type: 'expired', accountId, orderId, clientId, cumulative: amountText(order.filled) });
    }
    return order;
  }

  #meet(taker: ExchangeOrder, { resting, quantity }: Match): void {
    const executionId = this.state.nextExecutionId();
    if (resting.accountId === undefined) {
      this.#fill(taker, 'taker', resting.price, quantity, executionId, true);
      return;
    }
    const maker = this.state.order(resting.orderId);
    if (maker === undefined) throw new Error(`expected an order of the exchange, got ${resting.orderId}`);
    this.#fill(maker, 'maker', resting.price, quantity, executionId, false);
    this.#fill(taker, 'taker', resting.price, quantity, executionId, false);
  }

  #fillResting({ orderId, price }: Resting, quantity: bigint): void {
    const order = this.state.order(orderId);
    if (order !== undefined) this.#fill(order, 'maker', price, quantity, this.state.nextExecutionId(), true);
  }

  #fill(
    order: ExchangeOrder,
    liquidity: 'maker' | 'taker',
    price: bigint,
    quantity: bigint,
    executionId: string,
    againstQuote: boolean,
  ): void {
    const { accountId, orderId, clientId, symbol, side } = order;
    const listing = this.state.listing(symbol);
    if (listing === undefined) throw new Error(`expected a listed symbol, got ${symbol}`);
    this.#emit({
      type: 'filled',
      accountId,
      orderId,
      clientId,
      executionId,
      symbol,
      side,
      quantity: amountText(quantity),
      price: amountText(price),
      fee: feeOf(listing, liquidity, quantity, price),
      feeCurrency: listing.quote,
      liquidity,
      cumulative: amountText(order.filled + quantity),
      atMs: this.#nowMs(),
      againstQuote,
    });
  }

  /** What a new quote finds among the orders of clients; the rest is shown. */
  #quoteMeets(symbol: string, side: Side, [price, quantity]: Level): [string, string][] {
    const wanted = readAmount(quantity) ?? 0n;
    const clients = ({ accountId }: Resting): boolean => accountId !== undefined;
    const matches = this.state.book(symbol).matches(side, readAmount(price) ?? 0n, wanted, clients);
    for (const match of matches) this.#fillResting(match.resting, match.quantity);
    const left = wanted - matches.reduce((sum, match) => sum + match.quantity, 0n);
    return left > 0n ? [[price, amountText(left)]] : [];
  }

  #endUnguarded(accountId: string): void {
    if (![...this.state.guarded.values()].includes(accountId)) this.#endAll(accountId, 'disconnect');
  }

  #endAll(accountId: string, why: 'asked' | 'disconnect'): number {
    const open = this.state.openOrders(accountId);
    for (const order of open) this.#end(order, why);
    return open.length;
  }

  #end({ accountId, orderId, clientId, filled }: ExchangeOrder, why: 'asked' | 'disconnect'): void {
    this.#emit({ type: 'cancelled', accountId, orderId, clientId, cumulative: amountText(filled), why });
  }

  #refuse(op: string, code: RefusalCode, accountId: string, clientId: string): Outcome {
    this.#emit({ type: 'refused', op, code, accountId, clientId });
    return { ok: false, code };
  }

  #emit(fact: Fact): void {
    this.state.apply(fact);
    this.#facts.push(fact);
  }

  /** Runs a command, writes down what came of it, and only then tells anybody. */
  #commit<T>(op: string, accountId: string | undefined, request: unknown, command: () => T): T {
    const result = command();
    const facts = this.#facts;
    this.#facts = [];
    const atMs = this.#nowMs();
    if (facts.length > 0) {
      this.#log.append({
        atMs,
        op,
        ...(accountId !== undefined && { accountId }),
        ...(request !== undefined && { request }),
        facts,
      });
    }
    for (const fact of facts) for (const listener of this.#listeners) listener(fact, atMs);
    return result;
  }
}
