import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** Stands between a client and a port of this machine, and keeps what the client sends until it is let go: late, but not lost. */
export class HoldingProxy implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #held: (() => void)[] | undefined;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      this.#keep(client, upstream);
      this.#keep(upstream, client);
      client.on('data', (chunk) => {
        const pass = () => void upstream.write(chunk);
        if (this.#held === undefined) pass();
        else this.#held.push(pass);
      });
      upstream.pipe(client);
    });
  }

  /** @param target the port that it stands in front of */
  static async open(target: number): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Whether something has been sent, and is held. */
  get isHolding(): boolean {
    return this.#held !== undefined && this.#held.length > 0;
  }

  /** What the client sends from now on stays here. */
  hold(): void {
    this.#held ??= [];
  }

  /** All that was held goes on, in its order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket, other: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
