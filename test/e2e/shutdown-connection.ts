import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: (\d+)\r\n/iu;
const CLOSE = /\r\nconnection: close\r\n/iu;

/** One keep-alive connection, on which one request is made after the other, as a load balancer does. */
export class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #ended: Promise<never>;
  #isUsable = true;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    this.#ended = new Promise((_, reject) => {
      socket.on('error', reject).on('close', () => {
        this.#isUsable = false;
        reject(new Error('closed without an answer'));
      });
    });
    this.#ended.catch(() => undefined);
  }

  /** Rejects when nobody listens. */
  static async open(address: string): Promise<Connection> {
    const { hostname, port, host } = new URL(address);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket, host);
  }

  /** Whether a further request may be made: it is open, and no answer has said `Connection: close`. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Rejects when the connection ends without a whole answer. */
  get(path: string): Promise<Answer> {
    let text = '';
    const answer = new Promise<Answer>((resolve) => {
      const onData = (chunk: Buffer): void => {
        text += chunk.toString('latin1');
        const bodyAt = text.indexOf(HEAD_END) + HEAD_END.length;
        if (bodyAt < HEAD_END.length) return;
        const head = text.slice(0, bodyAt);
        const body = text.slice(bodyAt);
        if (body.length < Number(LENGTH.exec(head)?.[1])) return;
        this.#socket.off('data', onData);
        if (CLOSE.test(head)) this.#isUsable = false;
        resolve({ status: Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)), body });
      };
      this.#socket.on('data', onData);
    });
    this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n\r\n`);
    return Promise.race([answer, this.#ended]);
  }

  close(): void {
    this.#socket.destroy();
  }
}
