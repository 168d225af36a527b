import { type Socket, connect } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { FaultServer, type FaultServerDeps, type FaultServerOptions } from '../../../src/testing/index.ts';

export async function faultServer(
  options?: FaultServerOptions,
  deps?: FaultServerDeps,
): Promise<FaultServer> {
  const server = await FaultServer.listen(options, deps);
  onTestFinished(() => server.close());
  return server;
}

/** A client that knows nothing of HTTP: what arrived, and how it ended. */
export class RawClient {
  readonly socket: Socket;
  /** `open` until the other side does something about it: `closed`, or the code of the error. */
  ending = 'open';
  #bytes = Buffer.alloc(0);
  readonly #ended: Promise<void>;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port) });
    this.socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    this.#ended = new Promise((resolve) => {
      this.socket.once('end', () => {
        this.ending = 'closed';
      });
      this.socket.once('error', (error: NodeJS.ErrnoException) => {
        this.ending = error.code ?? error.message;
      });
      this.socket.once('close', () => resolve());
    });
    onTestFinished(() => {
      this.socket.destroy();
    });
  }

  get text(): string {
    return this.#bytes.toString('latin1');
  }

  /** The status line and the headers, one per line. */
  get head(): readonly string[] {
    return (this.text.split('\r\n\r\n')[0] ?? '').split('\r\n');
  }

  get body(): string {
    return this.text.split('\r\n\r\n').slice(1).join('\r\n\r\n');
  }

  get(path = '/', ...headers: readonly string[]): this {
    this.socket.write([`GET ${path} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n'));
    return this;
  }

  /** Until the other side has closed or reset the connection. */
  async ended(): Promise<this> {
    await this.#ended;
    return this;
  }

  /** Until something like this has arrived. */
  async arrived(what: string | RegExp): Promise<this> {
    while (this.text.search(what) < 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return this;
  }
}

export const forMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** For what a busy machine may take its time over. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 10 });
