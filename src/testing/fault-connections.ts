import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';

/** The TCP connections of a server: how many, which is which, and how to break them. */
export class FaultConnections {
  /** By the port of the client: what the layers above hold may be a TLS socket around it. */
  readonly #open = new Map<number, { readonly socket: Socket; readonly number: number }>();
  #opened = 0;

  /** Open now. */
  get open(): number {
    return this.#open.size;
  }

  /** Opened ever. */
  get opened(): number {
    return this.#opened;
  }

  add(socket: Socket): void {
    const { remotePort } = socket;
    // What clients do to their end is no error here.
    socket.on('error', () => undefined);
    if (remotePort === undefined) return;
    this.#opened += 1;
    const entry = { socket, number: this.#opened };
    this.#open.set(remotePort, entry);
    socket.once('close', () => {
      if (this.#open.get(remotePort) === entry) this.#open.delete(remotePort);
    });
  }

  /** 1 for the first that was ever opened. */
  numberOf(socket: Duplex): number {
    return this.#entryOf(socket)?.number ?? 0;
  }

  /** Breaks it with a TCP reset; the client sees ECONNRESET. */
  reset(socket: Duplex): void {
    this.#entryOf(socket)?.socket.resetAndDestroy();
    socket.destroy();
  }

  /** All that are open: with a reset, or closed as a process that ends closes them. */
  breakAll(how: 'reset' | 'close'): void {
    for (const { socket } of this.#open.values()) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
    this.#open.clear();
  }

  #entryOf(socket: Duplex): { readonly socket: Socket; readonly number: number } | undefined {
    const { remotePort } = socket as Partial<Socket>;
    return remotePort === undefined ? undefined : this.#open.get(remotePort);
  }
}

/**
 * Lets a client in this process read what was sent, before the connection is reset: Node 22 takes data and a reset that
 * come together for data and a clean end.
 */
export async function untilRead(clock: Clock): Promise<void> {
  await clock.turn();
  await clock.turn();
}
