import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../core/clock.ts';
import type { FaultConnections } from './fault-connections.ts';
import { type WebSocketSession, type WebSocketStep, takeSteps } from './fault-websocket-steps.ts';

/** A WebSocket that is accepted, and what becomes of it. */
export interface AcceptedWebSocket {
  readonly handshake?: 'accept';
  /** Waits so long before it accepts. */
  readonly delayMs?: number;
  /** What a message of the client is answered with, the first of the connection being number 1. Default: the message itself. */
  readonly reply?: (message: string, number: number) => string | undefined;
  /** Whether pings are answered. Default true. */
  readonly pongs?: boolean;
  /** Taken one after the other from when the WebSocket is open. Default none. */
  readonly steps?: readonly WebSocketStep[];
}

interface Deps {
  readonly clock: Clock;
  readonly connections: FaultConnections;
  readonly onMessage: (text: string) => void;
}

/** Answers as the fault says, and starts its steps. */
export function openSession(
  ws: WebSocket,
  socket: Duplex,
  { reply = (message: string) => message, pongs = true, steps = [] }: AcceptedWebSocket,
  { clock, connections, onMessage }: Deps,
): WebSocketSession {
  const gone = new AbortController();
  const arrivals = new Arrivals();
  const session: WebSocketSession = {
    ws,
    socket,
    clock,
    connections,
    signal: gone.signal,
    arrived: (count) => arrivals.reach(count),
  };
  ws.on('error', () => undefined);
  ws.once('close', () => {
    gone.abort();
  });
  ws.on('ping', (data: Buffer) => {
    if (pongs) ws.pong(data);
  });
  ws.on('message', (data: RawData) => {
    const text = (data as Buffer).toString();
    onMessage(text);
    arrivals.count();
    const answer = reply(text, arrivals.number);
    if (answer !== undefined) ws.send(answer);
  });
  void takeSteps(steps, session);
  return session;
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
