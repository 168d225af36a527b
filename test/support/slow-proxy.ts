import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** Stands between a client and a port of this machine, and passes everything on late: a far or a struggling server. */
export class SlowProxy implements AsyncDisposable {
  /** How late, each way, milliseconds. Takes effect at once for what comes from then on. */
  delayMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(target: number, delayMs: number) {
    this.delayMs = delayMs;
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      this.#pass(client, upstream);
      this.#pass(upstream, client);
    });
  }

  /** @param target the port that it stands in front of */
  static async open(target: number, delayMs = 0): Promise<SlowProxy> {
    const proxy = new SlowProxy(target, delayMs);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    // In order, also when the delay becomes shorter: nothing overtakes what is on its way.
    let dueMs = 0;
    from.on('data', (chunk) => {
      dueMs = Math.max(dueMs, performance.now() + this.delayMs);
      const late = setTimeout(() => to.write(chunk), Math.max(0, dueMs - performance.now()));
      from.once('close', () => {
        clearTimeout(late);
      });
    });
    from.on('error', () => from.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.setMaxListeners(0);
  }
}
