import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Door } from './door.ts';
import type { Exchange } from './exchange.ts';
import type { Fact } from './facts.ts';
import type { Faults } from './faults.ts';
import { quotesOf } from './rest.ts';
import { StreamSession } from './stream-session.ts';

const PATH = '/v1/stream';

export interface StreamDeps {
  readonly exchange: Exchange;
  readonly door: Door;
  readonly faults: Faults;
  readonly latencyMs: number;
  readonly heartbeatMs: number;
}

/** The WebSocket side: private sessions, which log in, and public quotes, which anybody may follow. */
export class StreamHub {
  readonly #deps: StreamDeps;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 4096 });
  readonly #sessions = new Set<StreamSession>();
  readonly #heart: NodeJS.Timeout;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
    deps.exchange.onFact((fact) => {
      this.#tell(fact);
    });
    this.#heart = setInterval(() => {
      for (const session of this.#sessions) session.beat();
    }, deps.heartbeatMs);
  }

  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url !== PATH) {
        socket.destroy();
        return;
      }
      this.#server.handleUpgrade(request, socket, head, (ws) => {
        this.#open(ws);
      });
    });
  }

  /** Cuts all streams; returns how many there were. */
  cut(): number {
    const open = [...this.#sessions];
    for (const session of open) session.cut();
    return open.length;
  }

  /** The end: sessions that guard orders stay open in the log, and the next start ends them. */
  close(): void {
    clearInterval(this.#heart);
    const open = [...this.#sessions];
    this.#sessions.clear();
    for (const session of open) session.leave();
  }

  #open(ws: WebSocket): void {
    const session = new StreamSession(ws, this.#deps);
    this.#sessions.add(session);
    ws.on('close', () => {
      // After `close()` nothing is written any more.
      if (this.#sessions.delete(session)) session.closed();
    });
  }

  #tell(fact: Fact): void {
    for (const session of this.#sessions) session.tell(fact);
    const symbol = this.#symbolOf(fact);
    if (symbol === undefined) return;
    const quote = { type: 'quote', ...quotesOf(this.#deps.exchange, symbol) };
    for (const session of this.#sessions) session.show(quote);
  }

  #symbolOf(fact: Fact): string | undefined {
    if ('symbol' in fact) return fact.symbol;
    return 'orderId' in fact ? this.#deps.exchange.state.order(fact.orderId)?.symbol : undefined;
  }
}
