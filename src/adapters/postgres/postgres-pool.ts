import type { Clock } from '../../core/clock.ts';
import { unavailable } from './postgres-failure.ts';
import type { PostgresLink } from './postgres-link.ts';

interface PostgresPoolOptions {
  readonly maxConnections: number;
  /** For waiting until a connection is free, milliseconds. */
  readonly waitMs: number;
  readonly idleMs: number;
}

interface PostgresPoolDeps {
  readonly clock: Clock;
  readonly open: () => Promise<PostgresLink>;
}

interface Idle {
  readonly link: PostgresLink;
  readonly sinceMs: number;
}

type Waiting = PromiseWithResolvers<PostgresLink | undefined>;

/** Connections that are lent one at a time, made when they are needed. One that has ended is not lent again. */
export class PostgresPool {
  readonly #options: PostgresPoolOptions;
  readonly #deps: PostgresPoolDeps;
  readonly #sweep: Disposable;
  /** The one used last at the end. */
  #idle: Idle[] = [];
  readonly #lent = new Set<PostgresLink>();
  readonly #waiting: Waiting[] = [];
  /** Lent, idle, or being made. */
  #count = 0;
  #isClosed = false;

  constructor(options: PostgresPoolOptions, deps: PostgresPoolDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#sweep = deps.clock.every(options.idleMs, () => {
      this.#closeUnused();
    });
  }

  /** Lends a connection for as long as `work` runs. Rejects with `STORE_UNAVAILABLE` when none can be had in time. */
  async use<T>(work: (link: PostgresLink) => Promise<T>): Promise<T> {
    const link = await this.#take();
    this.#lent.add(link);
    try {
      return await work(link);
    } finally {
      this.#lent.delete(link);
      this.#giveBack(link);
    }
  }

  /** At once: what is under way rejects. */
  close(): void {
    this.#isClosed = true;
    this.#sweep[Symbol.dispose]();
    for (const { link } of this.#idle.splice(0)) link.close();
    for (const link of this.#lent) link.close();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closed());
  }

  async #take(): Promise<PostgresLink> {
    if (this.#isClosed) throw closed();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle.link;
    if (!(this.#count < this.#options.maxConnections)) return (await this.#wait()) ?? this.#open();
    this.#count++;
    return this.#open();
  }

  /** In a place that is counted already. */
  async #open(): Promise<PostgresLink> {
    try {
      const link = await this.#deps.open();
      link.onEnd(() => {
        this.#idle = this.#idle.filter((idle) => idle.link !== link);
        this.#leave();
      });
      if (!this.#isClosed) return link;
      link.close();
    } catch (error) {
      this.#leave();
      throw error;
    }
    throw closed();
  }

  /** A connection that was given back, or `undefined` for the place of one that is gone. */
  async #wait(): Promise<PostgresLink | undefined> {
    const { waitMs, maxConnections } = this.#options;
    const waiting = Promise.withResolvers<PostgresLink | undefined>();
    this.#waiting.push(waiting);
    const timer = this.#deps.clock.deadline(waitMs, () => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.reject(
        unavailable(`all ${maxConnections} connections were busy for ${waitMs} ms (maxConnections)`),
      );
    });
    try {
      return await waiting.promise;
    } finally {
      timer[Symbol.dispose]();
    }
  }

  #giveBack(link: PostgresLink): void {
    if (link.error !== undefined) return;
    const next = this.#waiting.shift();
    if (next !== undefined) next.resolve(link);
    else this.#idle.push({ link, sinceMs: this.#deps.clock.monotonicMs() });
  }

  /** The place goes to who waits first, before anybody else can see it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#count--;
    else next.resolve(undefined);
  }

  #closeUnused(): void {
    const { clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    for (const { link, sinceMs } of [...this.#idle])
      if (nowMs - sinceMs >= this.#options.idleMs) link.close();
  }
}

const closed = () => unavailable('the database was closed', { retryable: false });
