import { type Server, type Socket, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { SystemClock } from '../../../../src/core/index.ts';
import { type Call, newCall } from '../../../../src/resilience/call.ts';
import {
  type CallOptions,
  type Failure,
  type HttpAnswer,
  type HttpRequest,
  HttpTransport,
  type Outcome,
  type TransportDeps,
  type TransportOptions,
} from '../../../../src/resilience/index.ts';
import { FaultServer, type FaultServerOptions } from '../../../../src/testing/index.ts';

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

export const closing = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};

/** A transport that may ask the machine itself, and is closed after the test. */
export const transportOf = (
  options: TransportOptions = {},
  deps: Partial<TransportDeps> = {},
): HttpTransport =>
  closing(
    new HttpTransport({ allowPrivateAddresses: true, ...options }, { clock: new SystemClock(), ...deps }),
  );

export const faultServer = async (options: FaultServerOptions = {}): Promise<FaultServer> =>
  closing(await FaultServer.listen(options));

const requestTo = (origin: string, overrides: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  origin,
  path: '/time',
  headers: {},
  ...overrides,
});

export const callOf = (options: CallOptions = {}): Call => newCall(options);

/** A GET unless told otherwise. */
export const send = (
  transport: HttpTransport,
  origin: string,
  overrides: Partial<HttpRequest> = {},
  call: Call = newCall(),
): Promise<Outcome<HttpAnswer>> => transport.send(requestTo(origin, overrides), call);

/** What the failure says beside the error beneath it. */
export function said(outcome: Outcome<HttpAnswer>): unknown {
  if (outcome.ok) return `status ${outcome.value.status}`;
  const { error: _error, ...rest } = outcome.failure as Failure & { error?: unknown };
  return rest;
}

/** A server of bytes: each connection is handed over as it comes. */
export class RawServer implements AsyncDisposable {
  readonly sockets = new Set<Socket>();
  /** What came, one text per connection. */
  readonly received: string[] = [];
  readonly #server: Server;
  opened = 0;
  /** The most connections that were open at a time. */
  mostOpen = 0;

  private constructor(onData: (socket: Socket, text: string, connection: number) => void) {
    this.#server = createServer((socket) => {
      const connection = this.opened++;
      this.sockets.add(socket);
      this.mostOpen = Math.max(this.mostOpen, this.sockets.size);
      this.received[connection] = '';
      socket.on('error', () => undefined);
      socket.once('close', () => this.sockets.delete(socket));
      socket.on('data', (data) => {
        this.received[connection] = `${this.received[connection] ?? ''}${data.toString()}`;
        onData(socket, data.toString(), connection);
      });
    });
  }

  static async listen(
    onData: (socket: Socket, text: string, connection: number) => void,
    host = '127.0.0.1',
    port = 0,
  ): Promise<RawServer> {
    const server = new RawServer(onData);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject).listen(port, host, resolve);
    });
    return closing(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** A server that answers every request with the same bytes. */
export const rawServer = (answer: string, afterwards?: 'end' | 'reset'): Promise<RawServer> =>
  RawServer.listen((socket) => {
    socket.write(answer, () => {
      if (afterwards === 'end') socket.end();
      if (afterwards === 'reset') socket.resetAndDestroy();
    });
  });

/** Tries until it holds, for at most two seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const clock = new SystemClock();
  const endMs = clock.monotonicMs() + 2_000;
  while (!holds()) {
    if (clock.monotonicMs() > endMs) throw new Error('it never came to hold');
    await clock.sleep(2);
  }
}
