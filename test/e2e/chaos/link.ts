import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** Stands between clients and a port of this machine: can cut them off from it, and pass everything on late. */
export class Link implements AsyncDisposable {
  /** How late, each way, milliseconds: of what comes from now on. */
  delayMs = 0;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => {
      this.#join(client);
    });
  }

  static async open(target: number): Promise<Link> {
    const link = new Link(target);
    await new Promise<void>((resolve) => link.#server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets every connection, and every new one, until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.#isCut = false;
    this.delayMs = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    this.#keep(client);
    if (this.#isCut) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target, '127.0.0.1');
    this.#keep(upstream);
    this.#pass(client, upstream);
    this.#pass(upstream, client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }

  /** In order, also when the delay becomes shorter: nothing overtakes what is on its way. */
  #pass(from: Socket, to: Socket): void {
    let dueMs = 0;
    from.on('data', (chunk) => {
      dueMs = Math.max(dueMs, performance.now() + this.delayMs);
      const waitMs = dueMs - performance.now();
      if (waitMs <= 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), waitMs);
    });
    from.on('end', () => {
      setTimeout(() => to.end(), Math.max(0, dueMs - performance.now()));
    });
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
