import type { Client } from '@openfeature/server-sdk';

type HandlerArgs = Parameters<Client['addHandler']>;

/**
 * A client that its callers may hold for longer than its domain is theirs: once ended, it is another client, its handlers are
 * gone, and nothing it began still reads from the domain.
 */
export class LeasedClient {
  readonly client: Client;
  #current: Client;
  #handlers: HandlerArgs[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(live: Client) {
    this.#current = live;
    this.client = new Proxy(live, { get: (_, key) => this.#member(key) });
  }

  /** From now on the client is `gone`, with the hooks it has; resolves when the evaluations under way have ended. */
  async end(gone: Client): Promise<void> {
    const live = this.#current;
    this.#current = gone.addHooks(...live.getHooks());
    for (const [event, handler] of this.#handlers) live.removeHandler(event, handler);
    this.#handlers = [];
    await Promise.allSettled(this.#running);
  }

  #member(key: string | symbol): unknown {
    const current = this.#current;
    const member: unknown = Reflect.get(current, key, current);
    if (typeof member !== 'function') return member;
    return (...args: unknown[]): unknown => {
      this.#note(key, args as unknown as HandlerArgs);
      const result: unknown = Reflect.apply(member, current, args);
      if (result instanceof Promise) this.#follow(result);
      // Setters give the client back, for chaining.
      return result === current ? this.client : result;
    };
  }

  #note(key: string | symbol, args: HandlerArgs): void {
    if (key === 'addHandler') this.#handlers.push(args);
    if (key !== 'removeHandler') return;
    const at = this.#handlers.findIndex(([event, handler]) => event === args[0] && handler === args[1]);
    if (at >= 0) this.#handlers.splice(at, 1);
  }

  #follow(work: Promise<unknown>): void {
    const done = (): void => {
      this.#running.delete(work);
    };
    this.#running.add(work);
    work.then(done, done);
  }
}
