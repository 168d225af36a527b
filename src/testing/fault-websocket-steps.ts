import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../core/clock.ts';
import { type FaultConnections, untilRead } from './fault-connections.ts';

/** One thing that the server does on an open WebSocket. */
export type WebSocketStep =
  /** One message each: text as text, bytes as binary. */
  | { readonly step: 'send'; readonly messages: readonly (string | Uint8Array)[] }
  | { readonly step: 'wait'; readonly ms: number }
  /** Goes on when the client has sent so many messages on this connection. */
  | { readonly step: 'await-messages'; readonly count: number }
  /** So many messages per second, number 1 first. Default count: without end. Waits for a client that does not read. */
  | {
      readonly step: 'flood';
      readonly message: (number: number) => string;
      readonly perSecond: number;
      readonly count?: number;
    }
  /** One message, in fragments of so many bytes. */
  | { readonly step: 'drip'; readonly message: string; readonly bytes: number; readonly everyMs: number }
  /** Bytes past the protocol, such as those of `brokenFrames`. */
  | { readonly step: 'raw'; readonly bytes: Uint8Array }
  | { readonly step: 'close'; readonly code: number; readonly reason?: string }
  /** The connection ends without a close frame: closed as if all were well, or with TCP's reset. */
  | { readonly step: 'drop'; readonly how: 'close' | 'reset' }
  /** Half-open: nothing is read any more, so no ping is seen and no close answered. */
  | { readonly step: 'stop-reading' };

/** An open WebSocket, and what its steps need. */
export interface WebSocketSession {
  readonly ws: WebSocket;
  readonly socket: Duplex;
  readonly connections: FaultConnections;
  readonly clock: Clock;
  /** Aborts when the WebSocket has closed. */
  readonly signal: AbortSignal;
  /** Settles when the client has sent so many messages. */
  arrived(count: number): Promise<void>;
}

const TICK_MS = 5;
/** Bytes that wait for the client before a flood does. */
const BUFFER_BYTES = 1_000_000;

/** Takes the steps one after the other, as long as the WebSocket is open. */
export async function takeSteps(steps: readonly WebSocketStep[], session: WebSocketSession): Promise<void> {
  try {
    for (const step of steps) {
      if (session.signal.aborted) return;
      await take(step, session);
    }
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
}

async function take(step: WebSocketStep, session: WebSocketSession): Promise<void> {
  const { ws, socket, clock, signal } = session;
  switch (step.step) {
    case 'send':
      for (const message of step.messages) ws.send(message);
      return;
    case 'wait':
      return clock.sleep(step.ms, signal);
    case 'await-messages':
      return session.arrived(step.count);
    case 'flood':
      return flood(step, session);
    case 'drip':
      return drip(step, session);
    case 'raw':
      socket.write(step.bytes);
      return;
    case 'close':
      ws.close(step.code, step.reason);
      return;
    case 'drop':
      await untilRead(clock);
      drop(step.how, session);
      return;
    case 'stop-reading':
      ws.pause();
  }
}

export function drop(
  how: 'close' | 'reset',
  { socket, connections }: Pick<WebSocketSession, 'socket' | 'connections'>,
): void {
  if (how === 'reset') connections.reset(socket);
  else socket.destroy();
}

async function flood(
  { message, perSecond, count = Infinity }: Extract<WebSocketStep, { step: 'flood' }>,
  { ws, clock, signal }: WebSocketSession,
): Promise<void> {
  const sinceMs = clock.monotonicMs();
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, ((clock.monotonicMs() - sinceMs) * perSecond) / 1000);
    for (; sent < due && ws.bufferedAmount < BUFFER_BYTES; sent += 1) ws.send(message(sent + 1));
    await clock.sleep(TICK_MS, signal);
  }
}

async function drip(
  { message, bytes, everyMs }: Extract<WebSocketStep, { step: 'drip' }>,
  { ws, clock, signal }: WebSocketSession,
): Promise<void> {
  const all = Buffer.from(message);
  for (let at = 0; at < all.length; at += bytes) {
    if (at > 0) await clock.sleep(everyMs, signal);
    ws.send(all.subarray(at, at + bytes), { binary: false, fin: at + bytes >= all.length });
  }
}
