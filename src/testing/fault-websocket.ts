import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../core/clock.ts';
import type { FaultConnections } from './fault-connections.ts';
import { remember } from './fault-memory.ts';
import { type FaultScript, ScriptReader } from './fault-script.ts';
import { type AcceptedWebSocket, openSession } from './fault-websocket-session.ts';
import { type WebSocketSession, drop } from './fault-websocket-steps.ts';

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
  | AcceptedWebSocket;

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
        await this.#delay(fault, socket);
        this.#server.handleUpgrade(request, socket, head, (ws) => {
          this.#serve(ws, socket, handshake.connection, fault);
        });
    }
  }

  /** Ends early when the client goes. */
  async #delay({ delayMs = 0 }: AcceptedWebSocket, socket: Duplex): Promise<void> {
    if (delayMs <= 0) return;
    const gone = new AbortController();
    socket.once('close', () => {
      gone.abort();
    });
    await this.#deps.clock.sleep(delayMs, gone.signal).catch(() => undefined);
  }

  #serve(ws: WebSocket, socket: Duplex, connection: number, fault: AcceptedWebSocket): void {
    const session = openSession(ws, socket, fault, {
      ...this.#deps,
      onMessage: (text) => {
        remember(this.#messages, { connection, text });
        if (SUBSCRIBE.test(text)) this.#subscriptions += 1;
      },
    });
    this.#opened += 1;
    this.#sessions.add(session);
    ws.once('close', () => this.#sessions.delete(session));
    ws.on('ping', () => {
      this.#pings += 1;
    });
    ws.on('pong', () => {
      this.#pongs += 1;
    });
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
