import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { amountText } from './decimals.ts';
import type { Fact } from './facts.ts';
import type { StreamDeps } from './stream-hub.ts';

const requestSchema = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('login'),
    key: z.string(),
    timestamp: z.string(),
    window: z.string(),
    signature: z.string(),
    /** All open orders of the account go with its last session that asked for it. */
    cancelOnDisconnect: z.boolean().default(false),
  }),
  z.strictObject({ op: z.literal('follow'), symbols: z.array(z.string()) }),
]);

type Request = z.output<typeof requestSchema>;

/** What a private stream tells; everything else is nobody's business or was answered already. */
const TOLD = new Set<Fact['type']>(['accepted', 'amended', 'filled', 'cancelled', 'expired']);

/** One WebSocket: logged in as an account or not, with a sequence number per private message. */
export class StreamSession {
  readonly #ws: WebSocket;
  readonly #deps: StreamDeps;
  readonly #symbols = new Set<string>();
  #login:
    | { readonly accountId: string; readonly session: string; readonly cancelOnDisconnect: boolean }
    | undefined;
  #sequence = 0;

  constructor(ws: WebSocket, deps: StreamDeps) {
    this.#ws = ws;
    this.#deps = deps;
    ws.on('message', (data: Buffer) => {
      this.#hear(data.toString('utf8'));
    });
    ws.on('error', () => {
      ws.terminate();
    });
  }

  /** A fact of the exchange; sent if it is about an order of this account. */
  tell(fact: Fact): void {
    if (this.#login === undefined || !('accountId' in fact) || fact.accountId !== this.#login.accountId)
      return;
    if (!TOLD.has(fact.type)) return;
    this.#sequence += 1;
    const { faults } = this.#deps;
    if (faults.onMessage('disconnect', fact.type) !== undefined) {
      this.cut();
      return;
    }
    if (faults.onMessage('lost-event', fact.type) !== undefined) return;
    const message = { type: 'event', sequence: this.#sequence, event: this.#perhapsLying(fact) };
    const copies = faults.onMessage('duplicate-event', fact.type) === undefined ? 1 : 2;
    const lateMs = faults.onMessage('late-event', fact.type) ?? 0;
    for (let copy = 0; copy < copies; copy += 1) this.#send(message, lateMs);
  }

  /** A public message, if it is followed. */
  show(quote: { readonly symbol: string }): void {
    if (this.#symbols.has(quote.symbol)) this.#send(quote);
  }

  /** Says that the stream lives, and how far it is: a lost last message shows. */
  beat(): void {
    if (this.#login === undefined) return;
    if (this.#deps.faults.onMessage('disconnect', undefined) !== undefined) this.cut();
    else this.#send({ type: 'heartbeat', sequence: this.#sequence });
  }

  /** Breaks off, without a word. */
  cut(): void {
    this.#ws.terminate();
  }

  leave(): void {
    this.#ws.close(1001);
  }

  closed(): void {
    if (this.#login !== undefined) this.#deps.exchange.session({ ...this.#login, state: 'closed' });
  }

  #hear(text: string): void {
    const request = requestSchema.safeParse(json(text)).data;
    if (request === undefined) this.#send({ type: 'refused', code: 'REQUEST_INVALID' });
    else if (request.op === 'login') this.#logIn(request);
    else {
      for (const symbol of request.symbols) this.#symbols.add(symbol);
      this.#send({ type: 'following', symbols: [...this.#symbols] });
    }
  }

  #logIn({ key, timestamp, window, signature, cancelOnDisconnect }: Request & { op: 'login' }): void {
    const body = String(cancelOnDisconnect);
    const signed = { timestamp, window, method: 'LOGIN', path: '/v1/stream', body };
    const admission = this.#deps.door.admit(key, signed, signature, undefined);
    if (!admission.ok || this.#login !== undefined) {
      this.#send({ type: 'refused', code: admission.ok ? 'ALREADY_LOGGED_IN' : admission.code });
      return;
    }
    const { accountId } = admission;
    this.#login = { accountId, session: randomUUID(), cancelOnDisconnect };
    this.#deps.exchange.session({ ...this.#login, state: 'opened' });
    this.#send({ type: 'loggedIn', accountId, session: this.#login.session, sequence: this.#sequence });
  }

  /** The fact as it is told: a lying final report says that nothing filled, or all if nothing did. */
  #perhapsLying(fact: Fact): unknown {
    if (fact.type !== 'cancelled' && fact.type !== 'expired') return fact;
    if (this.#deps.faults.onMessage('lying-final', fact.type) === undefined) return fact;
    const all = amountText(this.#deps.exchange.state.order(fact.orderId)?.quantity ?? 0n);
    return { ...fact, cumulative: fact.cumulative === '0' ? all : '0' };
  }

  #send(message: unknown, lateMs = 0): void {
    const delayMs = this.#deps.latencyMs + lateMs;
    const send = (): void => {
      if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
    };
    if (delayMs === 0) send();
    else setTimeout(send, delayMs).unref();
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
