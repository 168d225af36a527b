import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

export interface Load {
  readonly perSec: number;
  /** Of each request, in the order of their answers. */
  readonly us: Float64Array;
}

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

/**
 * Asks for the same path over keep-alive connections, the next request of each when its answer is in, until `count` are
 * answered. A client of its own, since what a client costs is missing to the server on a machine with few cores.
 *
 * @throws {Error} for an answer that is not 200 with exactly the expected body, and for a connection that ends
 */
export class HttpLoad {
  readonly #sockets: readonly Socket[];
  readonly #request: Buffer;
  readonly #body: string;

  private constructor(sockets: readonly Socket[], request: Buffer, body: string) {
    this.#sockets = sockets;
    this.#request = request;
    this.#body = body;
  }

  static async connect(url: string, body: string, connections: number): Promise<HttpLoad> {
    const { hostname, port, pathname, host } = new URL(url);
    const sockets = Array.from({ length: connections }, () =>
      connect({ host: hostname, port: Number(port), noDelay: true }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return new HttpLoad(sockets, Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`), body);
  }

  run(count: number): Promise<Load> {
    const us = new Float64Array(count);
    const startedMs = performance.now();
    let [asked, answered] = [0, 0];
    return new Promise((resolve, reject) => {
      let isOver = false;
      // Never asleep: to wake it would be a cost of the server, and the more so the slower that is.
      const stayAwake = (): void => {
        if (!isOver) setImmediate(stayAwake);
      };
      stayAwake();
      const over = (): void => {
        isOver = true;
        for (const socket of this.#sockets) socket.removeAllListeners('data').removeAllListeners('close');
      };
      const fail = (message: string): void => {
        over();
        reject(new Error(message));
      };
      for (const socket of this.#sockets) {
        let [text, askedMs] = ['', 0];
        const ask = (): void => {
          if (asked === count) return;
          asked += 1;
          askedMs = performance.now();
          socket.write(this.#request);
        };
        socket.on('close', () => {
          fail('a connection ended');
        });
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
          const bodyAt = text.indexOf(HEAD_END) + HEAD_END.length;
          if (bodyAt < HEAD_END.length) return;
          const length = Number(LENGTH.exec(text)?.[1]);
          if (text.length < bodyAt + length) return;
          if (!text.startsWith('HTTP/1.1 200 ') || text.slice(bodyAt) !== this.#body) {
            fail(`expected 200 with ${this.#body}, got ${text}`);
            return;
          }
          text = '';
          const now = performance.now();
          us[answered] = (now - askedMs) * 1000;
          answered += 1;
          if (answered < count) {
            ask();
            return;
          }
          over();
          resolve({ perSec: (count / (now - startedMs)) * 1000, us });
        });
        ask();
      }
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
