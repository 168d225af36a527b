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

  /** In order, also when the delay becomes shorter or a timer is late: what comes waits behind what is on its way. */
  #pass(from: Socket, to: Socket): void {
    const waiting: { readonly chunk: Buffer; readonly dueMs: number }[] = [];
    let isTimed = false;
    let hasEnded = false;
    const pump = (): void => {
      for (
        let [first] = waiting;
        first !== undefined && first.dueMs <= performance.now();
        [first] = waiting
      ) {
        waiting.shift();
        to.write(first.chunk);
      }
      const [next] = waiting;
      if (next === undefined) {
        if (hasEnded) to.end();
      } else if (!isTimed) {
        isTimed = true;
        setTimeout(
          () => {
            isTimed = false;
            pump();
          },
          Math.ceil(next.dueMs - performance.now()),
        );
      }
    };
    from.on('data', (chunk: Buffer) => {
      waiting.push({ chunk, dueMs: performance.now() + this.delayMs });
      pump();
    });
    from.on('end', () => {
      hasEnded = true;
      pump();
    });
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
