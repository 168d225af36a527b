import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type Server as SecureServer, createServer as createSecureServer } from 'node:https';
import { type AddressInfo, type Server, type Socket, createServer as createListener } from 'node:net';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { type Clock, SystemClock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import {
  type ClientCertificate,
  SERVER_CERTIFICATES,
  type ServerCertificate,
  TestAuthority,
} from './fault-certificates.ts';
import { FaultConnections } from './fault-connections.ts';
import { type HttpFault, answerHttp } from './fault-http.ts';
import { remember } from './fault-memory.ts';
import { type FaultScript, ScriptReader } from './fault-script.ts';
import { FaultWebSockets } from './fault-websocket.ts';
import type { Credentials } from './fault-x509.ts';
import type { UpstreamRequest } from './scripted-upstream.ts';

const REMEMBERED_BYTES = 65_536;

const schema = z.strictObject({
  tls: z.enum(['off', ...SERVER_CERTIFICATES]).default('off'),
  clientCertificates: z.enum(['ignored', 'required']).default('ignored'),
});

/**
 * - `tls`: `off`, or what certificate the server shows. Default `off`.
 * - `clientCertificates`: `required` lets nobody in who has none from {@link FaultServer.clientCertificate}. Default `ignored`.
 *
 * @interface
 */
export type FaultServerOptions = z.input<typeof schema>;

/** What the server needs beside its options. */
export interface FaultServerDeps {
  /** For delays, drips and the `Date` header. Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** A request as it arrived; of the body the first 64 KiB. */
export interface FaultRequest extends UpstreamRequest {
  /** Which connection it came on: 1 for the first. */
  readonly connection: number;
}

/** How connections are met before they can say anything. */
export type ConnectionFault = 'none' | 'hang' | 'reset';

/**
 * A server on a real socket that misbehaves as it is told, for tests of clients: each request gets the next fault of the
 * script, the last one again and again.
 */
export class FaultServer implements AsyncDisposable {
  /** What it does to clients that ask for a WebSocket, and what it saw of them. */
  readonly webSockets: FaultWebSockets;
  readonly #clock: Clock;
  readonly #authority: TestAuthority | undefined;
  readonly #connections = new FaultConnections();
  readonly #http: ReturnType<typeof createServer> | SecureServer;
  readonly #listener: Server;
  readonly #reader = new ScriptReader<HttpFault, FaultRequest>({});
  readonly #requests: FaultRequest[] = [];
  /** Whom it trusts to certify clients, where they have to show something. */
  #clientTrust: { readonly ca?: string } = {};
  #received = 0;
  #connectionFault: ConnectionFault = 'none';
  #port = 0;

  private constructor(options: FaultServerOptions, { clock = new SystemClock() }: FaultServerDeps) {
    const { tls, clientCertificates } = parseOptions('FaultServer', schema, options);
    this.#clock = clock;
    this.webSockets = new FaultWebSockets({ clock, connections: this.#connections });
    if (tls === 'off') {
      this.#http = createServer();
    } else {
      this.#authority = new TestAuthority(clock);
      const isRequired = clientCertificates === 'required';
      if (isRequired) this.#clientTrust = { ca: this.#authority.ca };
      this.#http = createSecureServer({
        ...this.#authority.server(tls),
        ...this.#clientTrust,
        requestCert: isRequired,
        rejectUnauthorized: isRequired,
      });
    }
    this.#http.keepAliveTimeout = 0; // an idle connection ends when a fault says so
    this.#http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    });
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.webSockets.meet(request, socket, head);
    });
    this.#listener = createListener({ allowHalfOpen: true }, (socket) => {
      this.#meet(socket);
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async listen(options: FaultServerOptions = {}, deps: FaultServerDeps = {}): Promise<FaultServer> {
    const server = new FaultServer(options, deps);
    await server.up();
    return server;
  }

  /** Such as `http://127.0.0.1:40123`; `https:` with TLS. */
  get url(): string {
    return `${this.#authority === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** The same as `ws:` or `wss:`. */
  get wsUrl(): string {
    return this.url.replace(/^http/, 'ws');
  }

  /** PEM of the authority that a client has to trust; undefined without TLS. */
  get ca(): string | undefined {
    return this.#authority?.ca;
  }

  /** The last 1,000 requests whose body was whole, the oldest first. */
  get requests(): readonly FaultRequest[] {
    return this.#requests;
  }

  /** Requests ever. */
  get received(): number {
    return this.#received;
  }

  /** TCP connections, WebSockets among them. */
  get connections(): { readonly open: number; readonly opened: number } {
    return { open: this.#connections.open, opened: this.#connections.opened };
  }

  /** What happens to requests from now on: faults one after the other, or one function of the request and its number. */
  script(...script: FaultScript<HttpFault, FaultRequest>): void {
    this.#reader.set(script);
  }

  /** What happens to new connections from now on, before TLS and before HTTP: `hang` accepts them and is silent. */
  meet(fault: ConnectionFault): void {
    this.#connectionFault = fault;
  }

  /** Shows this certificate to connections from now on. Without TLS it does nothing. */
  present(kind: ServerCertificate): void {
    if (this.#authority === undefined || !('setSecureContext' in this.#http)) return;
    this.#http.setSecureContext({ ...this.#clientTrust, ...this.#authority.server(kind) });
  }

  /** What a client shows where certificates are required. Without TLS there are none. */
  clientCertificate(kind: ClientCertificate = 'good'): Credentials | undefined {
    return this.#authority?.client(kind);
  }

  /** A full outage: every connection is reset, new ones are refused. While it is down it does nothing. */
  down(): Promise<void> {
    return this.#stop('reset');
  }

  /** The end of the outage, on the same port. While it is up it does nothing. */
  async up(): Promise<void> {
    if (this.#listener.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject).listen(this.#port, '127.0.0.1', () => {
        this.#listener.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#listener.address() as AddressInfo).port;
  }

  /** For good, whatever is open or in flight. */
  close(): Promise<void> {
    return this.#stop('close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stop(how: 'reset' | 'close'): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    this.#connections.breakAll(how);
    await closed;
  }

  #meet(socket: Socket): void {
    this.#connections.add(socket);
    if (this.#connectionFault === 'none') {
      this.#http.emit('connection', socket);
    } else if (this.#connectionFault === 'reset') {
      this.#connections.reset(socket);
    } else {
      socket.resume().once('end', () => socket.end());
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers, socket } = request;
    this.#received += 1;
    const body = await textOf(request).catch(() => undefined);
    if (body === undefined) return; // it broke off
    const connection = this.#connections.numberOf(socket);
    const asked = { method, url, headers: { ...headers }, body, connection };
    remember(this.#requests, asked);
    await answerHttp(this.#reader.next(asked), response, {
      clock: this.#clock,
      connections: this.#connections,
    });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (bytes < REMEMBERED_BYTES) chunks.push(chunk);
    bytes += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, REMEMBERED_BYTES).toString();
}
