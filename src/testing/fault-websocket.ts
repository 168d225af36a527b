import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../core/clock.ts';
import type { FaultConnections } from './fault-connections.ts';
import { remember } from './fault-memory.ts';
import { type FaultScript, ScriptReader } from './fault-script.ts';
import { type WebSocketSession, type WebSocketStep, drop, takeSteps } from './fault-websocket-steps.ts';

/** What a client hears when it asks for a WebSocket. */
export type WebSocketFault =
  /** An HTTP answer instead. */
  | {
      readonly handshake: 'refuse';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** No answer, or TCP's reset. */
  | { readonly handshake: 'hang' | 'reset' }
  | {
      readonly handshake?: 'accept';
      /** Waits so long before it accepts. */
      readonly delayMs?: number;
      /** What a message of the client is answered with, the first of the connection being number 1. Default: the message itself. */
      readonly reply?: (message: string, number: number) => string | undefined;
      /** Whether pings are answered. Default true. */
      readonly pongs?: boolean;
      /** Taken one after the other from when the WebSocket is open. Default none. */
      readonly steps?: readonly WebSocketStep[];
    };

/** The request for a WebSocket as it arrived. */
export interface WebSocketHandshake {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Which TCP connection it came on: 1 for the first of the server. */
  readonly connection: number;
}

/** A message of a client. */
export interface WebSocketMessage {
  readonly connection: number;
  readonly text: string;
}

const LARGEST_MESSAGE_BYTES = 2 ** 20;

/** As venues spell it: `{"method":"SUBSCRIBE",...}`, `{"op":"subscribe"}`, `{"type": "subscribe"}`. */
const SUBSCRIBE = /"(?:method|op|type|event|action)"\s*:\s*"subscribe"/i;

type Accepted = Extract<WebSocketFault, { readonly handshake?: 'accept' }>;

/**
 * The WebSockets of a fault server: each handshake gets the next fault of their script, the last one again and again.
 * Without a script they are accepted, and send back what they get.
 */
export class FaultWebSockets {
  readonly #deps: { readonly clock: Clock; readonly connections: FaultConnections };
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    autoPong: false,
    maxPayload: LARGEST_MESSAGE_BYTES,
  });
  readonly #reader = new ScriptReader<WebSocketFault, WebSocketHandshake>({});
  readonly #sessions = new Set<WebSocketSession>();
  readonly #handshakes: WebSocketHandshake[] = [];
  readonly #messages: WebSocketMessage[] = [];
  #opened = 0;
  #subscriptions = 0;
  #pings = 0;
  #pongs = 0;

  /** @internal `FaultServer` makes it. */
  constructor(deps: { readonly clock: Clock; readonly connections: FaultConnections }) {
    this.#deps = deps;
  }

  /** Open now. */
  get open(): number {
    return this.#sessions.size;
  }

  /** Accepted ever. */
  get opened(): number {
    return this.#opened;
  }

  /** The last 1,000, the refused ones among them, the oldest first. */
  get handshakes(): readonly WebSocketHandshake[] {
    return this.#handshakes;
  }

  /** The last 1,000, the oldest first. */
  get messages(): readonly WebSocketMessage[] {
    return this.#messages;
  }

  /** Messages ever that are JSON asking to `subscribe`, by `method`, `op`, `type`, `event` or `action`. */
  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** Ping frames of clients ever, answered or not. */
  get pings(): number {
    return this.#pings;
  }

  /** Pong frames of clients ever. */
  get pongs(): number {
    return this.#pongs;
  }

  /** What happens to handshakes from now on; what is open stays as it is. */
  script(...script: FaultScript<WebSocketFault, WebSocketHandshake>): void {
    this.#reader.set(script);
  }

  /** To all that are open. */
  send(message: string | Uint8Array): void {
    for (const { ws } of this.#sessions) ws.send(message);
  }

  /** Pings all that are open. */
  ping(): void {
    for (const { ws } of this.#sessions) ws.ping();
  }

  /** Closes all that are open, with a close frame. */
  close(code: number, reason?: string): void {
    for (const { ws } of this.#sessions) ws.close(code, reason);
  }

  /** Ends the connections of all that are open, without a close frame. */
  drop(how: 'close' | 'reset'): void {
    for (const session of this.#sessions) drop(how, session);
  }

  /** @internal A client asks for a WebSocket on this socket. */
  async meet(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { url = '', headers } = request;
    socket.on('error', () => undefined);
    const handshake = {
      url,
      headers: { ...headers },
      connection: this.#deps.connections.numberOf(socket),
    };
    remember(this.#handshakes, handshake);
    const fault = this.#reader.next(handshake);
    switch (fault.handshake) {
      case 'refuse':
        socket.end(refusal(fault));
        return;
      case 'reset':
        this.#deps.connections.reset(socket);
        return;
      case 'hang':
        socket.resume().once('end', () => socket.end());
        return;
      default:
        if ((fault.delayMs ?? 0) > 0) await this.#deps.clock.sleep(fault.delayMs ?? 0);
        this.#server.handleUpgrade(request, socket, head, (ws) => {
          this.#serve(ws, socket, handshake.connection, fault);
        });
    }
  }

  #serve(ws: WebSocket, socket: Duplex, connection: number, fault: Accepted): void {
    const { reply = (message: string) => message, pongs = true, steps = [] } = fault;
    const gone = new AbortController();
    const arrivals = new Arrivals();
    const session: WebSocketSession = {
      ...this.#deps,
      ws,
      socket,
      signal: gone.signal,
      arrived: (count) => arrivals.reach(count),
    };
    this.#opened += 1;
    this.#sessions.add(session);
    ws.on('error', () => undefined);
    ws.once('close', () => {
      this.#sessions.delete(session);
      gone.abort();
    });
    ws.on('ping', (data: Buffer) => {
      this.#pings += 1;
      if (pongs) ws.pong(data);
    });
    ws.on('pong', () => {
      this.#pongs += 1;
    });
    ws.on('message', (data: RawData) => {
      const text = (data as Buffer).toString();
      remember(this.#messages, { connection, text });
      if (SUBSCRIBE.test(text)) this.#subscriptions += 1;
      arrivals.count();
      const answer = reply(text, arrivals.number);
      if (answer !== undefined) ws.send(answer);
    });
    void takeSteps(steps, session);
  }
}

/** How many messages have come, and who waits for more. */
class Arrivals {
  readonly #waiting = new Set<{ readonly count: number; readonly resolve: () => void }>();
  number = 0;

  count(): void {
    this.number += 1;
    for (const waiting of this.#waiting) {
      if (waiting.count > this.number) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  reach(count: number): Promise<void> {
    if (count <= this.number) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ count, resolve }));
  }
}

function refusal({
  status,
  headers = {},
  body = '',
}: Extract<WebSocketFault, { readonly handshake: 'refuse' }>): string {
  const all: Record<string, string> = {
    'content-length': `${Buffer.byteLength(body)}`,
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n');
}
