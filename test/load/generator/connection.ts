import { type Socket, connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS = /^HTTP\/1\.1 (\d{3}) /;
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

export type Answer = { readonly status: number; readonly body: string } | { readonly error: string };

/** One keep-alive connection, with one request at a time. A client of its own, so that it costs the machine little. */
export class Connection {
  readonly #hostname: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #answered: ((answer: Answer) => void) | undefined;
  #sentMs = Infinity;

  constructor(url: URL) {
    this.#hostname = url.hostname;
    this.#port = Number(url.port);
  }

  get isBusy(): boolean {
    return this.#answered !== undefined;
  }

  send(request: Buffer, nowMs: number, answered: (answer: Answer) => void): void {
    this.#answered = answered;
    this.#sentMs = nowMs;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  /** Gives up what has been waited for since before then. */
  giveUp(sentBeforeMs: number): void {
    if (this.isBusy && this.#sentMs < sentBeforeMs) this.#fail('timeout');
  }

  close(): void {
    this.#fail('closed');
  }

  #open(): Socket {
    const socket = connect({ host: this.#hostname, port: this.#port, noDelay: true });
    socket.on('data', (chunk) => {
      if (socket === this.#socket) this.#take(chunk);
    });
    socket.on('error', () => undefined); // its end is told by what follows
    socket.on('close', () => {
      if (socket === this.#socket) this.#fail('connection');
    });
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.toString('latin1', 0, headEnd + 2);
    const [status, length] = [STATUS.exec(head)?.[1], LENGTH.exec(head)?.[1]];
    if (status === undefined || length === undefined) {
      this.#fail('not understood');
      return;
    }
    const from = headEnd + HEAD_END.length;
    const to = from + Number(length);
    if (this.#received.length < to) return;
    const body = this.#received.toString('utf8', from, to);
    this.#received = Buffer.alloc(0);
    this.#tell({ status: Number(status), body });
    if (/\r\nconnection: close\r\n/i.test(head)) this.#fail('closed');
  }

  #fail(error: string): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
    this.#tell({ error });
  }

  #tell(answer: Answer): void {
    const answered = this.#answered;
    this.#answered = undefined;
    this.#sentMs = Infinity;
    answered?.(answer);
  }
}
