import { type Clock, PortcullisError, parseOptions } from 'portcullis/core';
import type {
  AmendReply,
  PlaceReply,
  VenueBalance,
  VenueDriver,
  VenueEvent,
  VenueFill,
  VenueOrder,
  VenueOrderReport,
  VenuePosition,
} from 'portcullis/desk';
import { toExchangeId } from './client-id.ts';
import {
  amendedSchema,
  balancesSchema,
  cancellingSchema,
  fillsSchema,
  orderSchema,
  ordersSchema,
  placedSchema,
  positionsSchema,
} from './messages.ts';
import {
  type AccountKey,
  type DriverOptions,
  type ToyExchangeDriverOptions,
  optionsSchema,
} from './options.ts';
import { PrivateStream } from './private-stream.ts';
import { RestClient } from './rest-client.ts';
import { Translation } from './translate.ts';

const REMEMBERED = 10_000;

/**
 * Carries orders to the toy exchange and its words back: over REST what is asked, over one private stream per account
 * what happens. Every request is sent once. The streams begin with the first listener and come back by themselves; an
 * event that was lost on the way shows as `disconnected` and `connected`.
 */
export class ToyExchangeDriver implements VenueDriver {
  readonly name: string;
  readonly #options: DriverOptions;
  readonly #clock: Clock;
  readonly #rest: RestClient;
  readonly #words: Translation;
  readonly #listeners = new Set<(event: VenueEvent) => void>();
  readonly #closing = new AbortController();
  /** Ids whose acceptance has been told, the last of them. */
  readonly #accepted = new Set<string>();
  readonly #up = new Set<string>();
  #streams: Promise<unknown> | undefined;
  #told: 'connected' | 'disconnected' | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: ToyExchangeDriverOptions, deps: { readonly clock: Clock }) {
    this.#options = parseOptions('ToyExchangeDriver', optionsSchema, options);
    this.name = this.#options.name;
    this.#clock = deps.clock;
    this.#rest = new RestClient(this.#options, deps.clock);
    this.#words = new Translation(this.#options.symbols);
  }

  async place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply> {
    const { side, quantity, price, postOnly, timeInForce } = order;
    const clientId = this.#idOf(order.clientOrderId);
    const body = {
      clientId,
      symbol: this.#words.symbol(order.instrumentId),
      side,
      quantity,
      price,
      postOnly,
      timeInForce,
    };
    const request = { method: 'POST', path: '/v1/orders', body };
    const said = await this.#rest.ask(this.#accountOf(order), request, placedSchema, this.#until(signal));
    if (said.kind === 'yes') {
      this.#same(clientId, said.body.clientId);
      this.#remember(order.clientOrderId);
      return { status: 'accepted', venueOrderId: said.body.orderId };
    }
    // There is an order of this id. Unless whoever asks was told so, "rejected" might be said of the very order that
    // works, when the request itself came there twice: a look-up tells.
    if (said.code === 'CLIENT_ID_TAKEN' && !this.#accepted.has(order.clientOrderId)) {
      throw new Error(`${this.name}: ${order.clientOrderId} has been placed before`);
    }
    return { status: 'rejected', reason: said.code };
  }

  async amend(order: VenueOrder, signal: AbortSignal): Promise<AmendReply> {
    const { quantity, price } = order;
    const clientId = this.#idOf(order.clientOrderId);
    const request = { method: 'PATCH', path: pathOf(clientId), body: { quantity, price } };
    const said = await this.#rest.ask(this.#accountOf(order), request, amendedSchema, this.#until(signal));
    if (said.kind === 'no') return { status: 'rejected', reason: said.code };
    this.#same(clientId, said.body.clientId);
    return { status: 'amended' };
  }

  /**
   * Asks every account, since the id alone does not say whose order it is.
   *
   * @throws {PortcullisError} `CANCEL_REFUSED` when no account has an open order of this id
   */
  async cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    const clientId = this.#idOf(clientOrderId);
    const request = { method: 'DELETE', path: pathOf(clientId) };
    const asked = this.#options.accounts.map((account) =>
      this.#rest.ask(account, request, cancellingSchema, this.#until(signal)),
    );
    const said = await firstOrAll(asked, ({ kind }) => kind === 'yes');
    const codes = said.flatMap((one) => (one.kind === 'no' ? [one.code] : []));
    if (codes.length < said.length) return;
    const refused = codes.every((code) => code === 'ORDER_UNKNOWN' || code === 'ORDER_OVER');
    const message = `${this.name}: cancel ${clientOrderId}: ${codes.join(', ')}`;
    throw refused ? new PortcullisError('CANCEL_REFUSED', message) : new Error(message);
  }

  async lookup(clientOrderId: string, signal: AbortSignal): Promise<VenueOrderReport | undefined> {
    const clientId = this.#idOf(clientOrderId);
    const asked = this.#options.accounts.map(async (account) => {
      const request = { method: 'GET', path: pathOf(clientId) };
      const said = await this.#rest.ask(account, request, orderSchema, this.#until(signal));
      if (said.kind === 'no') {
        if (said.code === 'ORDER_UNKNOWN') return undefined;
        throw new Error(`${this.name}: lookup ${clientOrderId}: ${said.code}`);
      }
      this.#same(clientId, said.body.clientId);
      return this.#words.order(account.accountId, said.body);
    });
    const found = await firstOrAll(asked, (order) => order !== undefined);
    return found.find((order) => order !== undefined);
  }

  async openOrders(signal: AbortSignal): Promise<readonly VenueOrderReport[]> {
    return this.#all(async (account) => {
      const { orders } = await this.#rest.question(account, '/v1/orders', ordersSchema, this.#until(signal));
      return orders.map((order) => this.#words.order(account.accountId, order));
    });
  }

  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly VenueFill[]> {
    const since = Math.max(0, Math.floor(sinceMs));
    const found = await this.#all((account) => this.#fillsOf(account, since, this.#until(signal)));
    return found.sort((a, b) => a.atMs - b.atMs);
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    return this.#all(async (account) => {
      const { accountId } = account;
      const said = await this.#rest.question(account, '/v1/positions', positionsSchema, this.#until(signal));
      return said.positions.map(({ symbol, quantity }) => ({
        accountId,
        instrumentId: this.#words.instrument(symbol),
        quantity,
      }));
    });
  }

  async balances(signal: AbortSignal): Promise<readonly VenueBalance[]> {
    return this.#all(async (account) => {
      const { accountId } = account;
      const said = await this.#rest.question(account, '/v1/balances', balancesSchema, this.#until(signal));
      return said.balances.map(({ currency, amount }) => ({ accountId, currency, amount }));
    });
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    // An entry of its own, so that one function can listen twice.
    const entry = (event: VenueEvent): void => {
      listener(event);
    };
    this.#listeners.add(entry);
    this.#streams ??= Promise.all(this.#options.accounts.map((account) => this.#stream(account).run()));
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Ends the streams and what is still being asked. Orders stay as they are, unless the exchange was told otherwise. */
  async close(): Promise<void> {
    this.#closing.abort(new Error(`${this.name}: closed`));
    await this.#streams;
  }

  /** Page by page. */
  async #fillsOf(account: AccountKey, since: number, signal: AbortSignal): Promise<readonly VenueFill[]> {
    const all: VenueFill[] = [];
    for (let from = 0; ;) {
      const path = `/v1/fills?since=${since}&from=${from}`;
      const { fills, next } = await this.#rest.question(account, path, fillsSchema, signal);
      all.push(...fills.map((fill) => this.#words.fill(account.accountId, fill)));
      if (next === null) return all;
      if (next <= from) throw new Error(`${this.name}: fills: the pages do not end`);
      from = next;
    }
  }

  #remember(clientOrderId: string): void {
    this.#accepted.add(clientOrderId);
    const [oldest] = this.#accepted;
    if (this.#accepted.size > REMEMBERED && oldest !== undefined) this.#accepted.delete(oldest);
  }

  #stream(account: AccountKey): PrivateStream {
    const { accountId } = account;
    return new PrivateStream(this.#options, account, {
      clock: this.#clock,
      time: this.#rest.time,
      closed: this.#closing.signal,
      listener: {
        event: (event) => {
          this.#tell(this.#words.event(event));
        },
        up: () => {
          this.#up.add(accountId);
          if (this.#up.size < this.#options.accounts.length || this.#told === 'connected') return;
          this.#told = 'connected';
          this.#tell({ type: 'connected' });
        },
        down: (reason) => {
          this.#up.delete(accountId);
          if (this.#told === 'disconnected') return;
          this.#told = 'disconnected';
          this.#tell({ type: 'disconnected', reason: `${accountId}: ${reason}` });
        },
      },
    });
  }

  #tell(event: VenueEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async #all<T>(ask: (account: AccountKey) => Promise<readonly T[]>): Promise<T[]> {
    return (await Promise.all(this.#options.accounts.map(ask))).flat();
  }

  #accountOf({ accountId }: VenueOrder): AccountKey {
    const account = this.#options.accounts.find((candidate) => candidate.accountId === accountId);
    if (account !== undefined) return account;
    throw new PortcullisError(
      'ACCOUNT_UNKNOWN',
      `${this.name}: expected an account with a key, got ${accountId}`,
    );
  }

  #idOf(clientOrderId: string): string {
    const clientId = toExchangeId(clientOrderId);
    if (clientId !== undefined) return clientId;
    throw new PortcullisError(
      'INPUT_INVALID',
      `${this.name}: clientOrderId: expected 32 hex characters, got ${clientOrderId}`,
    );
  }

  /** An answer about another order is none. */
  #same(asked: string, answered: string): void {
    if (asked !== answered) throw new Error(`${this.name}: asked about ${asked}, answered about ${answered}`);
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }
}

const pathOf = (clientId: string): string => `/v1/orders/by-client-id/${clientId}`;

/** The first answer that decides, whatever the others say; else all of them, and their first error. */
async function firstOrAll<T>(
  asked: readonly Promise<T>[],
  decides: (answer: T) => boolean,
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(asked);
  const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const deciding = answers.find(decides);
  return deciding === undefined ? Promise.all(asked) : [deciding];
}
