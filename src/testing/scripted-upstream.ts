import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SystemClock } from '../core/clock.ts';

/** What the upstream does with one request. */
export type UpstreamAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Sent as JSON unless it is text. */
      readonly body?: unknown;
      /** Waits so long first, on the clock of the machine. */
      readonly delayMs?: number;
    }
  /** Never answers. */
  | 'hang'
  /** Closes the connection without a word. */
  | 'reset';

/** A request as it arrived. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/**
 * A server on a real socket, for tests of what asks one. Each request gets the next answer of the script; when that is
 * used up, the last one again.
 */
export class ScriptedUpstream implements AsyncDisposable {
  readonly requests: UpstreamRequest[] = [];
  readonly #script: UpstreamAnswer[];
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  readonly #sockets = new Set<Socket>();
  #url = '';

  private constructor(script: readonly UpstreamAnswer[]) {
    this.#script = [...script];
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async listen(script: readonly UpstreamAnswer[] = [{}]): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(script);
    await new Promise<void>((resolve, reject) => {
      upstream.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    upstream.#url = `http://127.0.0.1:${(upstream.#server.address() as AddressInfo).port}`;
    return upstream;
  }

  /** Such as `http://127.0.0.1:40123`. */
  get url(): string {
    return this.#url;
  }

  /** Forgets what is left of the script, and goes on with this one. */
  script(...answers: readonly UpstreamAnswer[]): void {
    this.#script.splice(0, Infinity, ...answers);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request).catch(() => '');
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, url, headers: { ...headers }, body });
    const answer = (this.#script.length > 1 ? this.#script.shift() : this.#script[0]) ?? {};
    if (answer === 'hang') return;
    if (answer === 'reset') {
      request.socket.destroy();
      return;
    }
    const { status = 200, headers: given = {}, body: content = {}, delayMs = 0 } = answer;
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    if (delayMs > 0) await new SystemClock().sleep(delayMs);
    response.writeHead(status, { 'content-type': 'application/json', ...given }).end(text);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
