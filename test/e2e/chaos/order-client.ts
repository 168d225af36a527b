import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from 'portcullis/core';
import { Refused, ask } from './ask.ts';
import type { ClusterProcess } from './cluster-process.ts';
import { TOKENS, TRADED } from './system-config.ts';

/** What was said last of an order that was posted. */
export interface Posted {
  readonly intentId: string;
  readonly firstMs: number;
  tries: number;
  /** Missing while nobody has answered. */
  answer?: Answer;
  answeredMs?: number;
  /** By whom. */
  url?: string;
  /** Why it is not asked again. */
  refused?: string;
}

interface Answer {
  readonly kind: 'denied' | 'duplicate' | 'accepted' | 'rejected' | 'unknown';
  readonly clientOrderId?: string;
  readonly state?: string;
  readonly denials?: readonly { readonly code: string }[];
}

const PAUSE_MS = 100;
const POST_TIMEOUT_MS = 2_500;
const CLIENTS = 2;
const PRICE_BPS = 15;

/** Posts orders to whoever trades, and posts each again under the same intent id until somebody has answered. */
export class OrderClient {
  readonly posted: Posted[] = [];
  readonly #cluster: ClusterProcess;
  readonly #exchangeUrl: string;
  readonly #seed: number;
  readonly #over = new AbortController();
  readonly #abandon = new AbortController();
  readonly #late: Promise<void>[] = [];
  #formers = 0;
  #running: Promise<unknown> | undefined;
  #url: string | undefined;

  constructor(cluster: ClusterProcess, exchangeUrl: string, seed: number) {
    this.#cluster = cluster;
    this.#exchangeUrl = exchangeUrl;
    this.#seed = seed;
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: CLIENTS }, (_, at) => this.#run(at)));
  }

  /** No more orders; those that nobody has answered are asked for until then. */
  async stop(withinMs: number): Promise<void> {
    this.#over.abort();
    const late = setTimeout(() => {
      this.#abandon.abort();
    }, withinMs);
    await this.#running;
    await Promise.all(this.#late);
    clearTimeout(late);
  }

  /**
   * Orders of one who has not heard of a successor: each goes to this process first, and to whoever trades where it does not
   * answer. Resolves when the last is under way.
   */
  async askFormer(url: string, forMs: number): Promise<void> {
    this.#formers += 1;
    const random = new SeededRandom(this.#seed + this.#formers * 1_000);
    const endMs = performance.now() + forMs;
    for (let number = 1; performance.now() < endMs; number += 1) {
      const intentId = `former-${this.#formers}-${number}`;
      const order = await this.#order(random).catch(() => undefined);
      if (order !== undefined) this.#late.push(this.#post({ intentId, ...order }, url));
      await sleep(PAUSE_MS);
    }
  }

  /** When somebody else than `url` has first answered an order since then. */
  answeredSince(sinceMs: number, url?: string): number | undefined {
    const answers = this.posted.filter((one) => (one.answeredMs ?? 0) > sinceMs && one.url !== url);
    return answers.length === 0
      ? undefined
      : Math.min(...answers.map(({ answeredMs = Infinity }) => answeredMs));
  }

  async #run(client: number): Promise<void> {
    const random = new SeededRandom(this.#seed + client);
    for (let number = 1; !this.#over.signal.aborted; number += 1) {
      const intentId = `c${client}-${number}`;
      const order = await this.#order(random).catch(() => undefined);
      if (order !== undefined) await this.#post({ intentId, ...order });
      const { answer } = this.posted.at(-1) ?? {};
      if (answer?.kind === 'accepted' && random.next() < 0.4) await this.#cancel(answer.clientOrderId);
      await sleep(PAUSE_MS + random.integer(0, PAUSE_MS));
    }
  }

  /** Half of them at the market, half of them to rest a little behind it. */
  async #order(random: SeededRandom) {
    const one = TRADED[random.integer(0, TRADED.length - 1)];
    if (one === undefined) throw new Error('nothing is traded');
    const { instrumentId, symbol, quantity, places } = one;
    const side = random.next() < 0.55 ? ('buy' as const) : ('sell' as const);
    const order = { instrumentId, side, quantity, ...(side === 'sell' && { reduceOnly: true }) };
    if (random.next() < 0.5) return { ...order, price: { type: 'market', maxSlippageBps: PRICE_BPS } };
    const book = await ask<Record<'bids' | 'asks', [string, string][]>>(
      `${this.#exchangeUrl}/v1/quotes/${symbol}`,
    );
    const best = Number(book[side === 'buy' ? 'bids' : 'asks'][0]?.[0]);
    const limit = (best * (side === 'buy' ? 0.9998 : 1.0002)).toFixed(places);
    return { ...order, price: { type: 'limit', limit } };
  }

  async #post(body: { readonly intentId: string }, first?: string): Promise<void> {
    const posted: Posted = { intentId: body.intentId, firstMs: Date.now(), tries: 0 };
    this.posted.push(posted);
    while (!this.#abandon.signal.aborted) {
      try {
        const url = first !== undefined && posted.tries === 0 ? first : await this.#active();
        posted.tries += 1;
        const answer = await ask<Answer>(`${url}/orders`, { body, token: TOKENS.client }, POST_TIMEOUT_MS);
        if (isUnderWay(answer)) throw new Error('not decided yet');
        Object.assign(posted, { answer, url, answeredMs: Date.now() });
        return;
      } catch (error) {
        if (error instanceof Refused && error.status < 500) {
          posted.refused = error.message;
          return;
        }
        this.#url = undefined;
        await sleep(PAUSE_MS);
      }
    }
  }

  async #cancel(clientOrderId = ''): Promise<void> {
    const { url } = this.posted.at(-1) ?? {};
    const order = `${url ?? ''}/orders/${clientOrderId}`;
    await ask(order, { method: 'DELETE', token: TOKENS.client }, POST_TIMEOUT_MS).catch(() => undefined);
  }

  async #active(): Promise<string> {
    this.#url ??= (await this.#cluster.active())?.url;
    if (this.#url === undefined) throw new Error('nobody trades');
    return this.#url;
  }
}

/** An order that may not be on disk yet is promised to nobody: a process that ends now leaves nothing of it. */
const isUnderWay = ({ kind, state = '' }: Answer): boolean =>
  kind === 'duplicate' && ['submitting', 'cancelPending'].includes(state);
