import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../support/postgres-server.ts';
import { RedisServer } from '../support/redis-server.ts';
import type { Generator } from './generator/generator.ts';

/** A Redis, of ours or one that was there. */
export interface Redis {
  readonly url: string;
  /** Of the server, if it is ours. */
  readonly pid: number | undefined;
}

/** Processes that end together. */
interface Processes {
  stop(): Promise<void>;
  killAll(): void;
}

/** All that is started for the measurements, so that none of it is left, however they end. */
export class Ground {
  readonly #closes: (() => Promise<unknown>)[] = [];
  readonly #clusters = new Set<Processes>();
  readonly #generators = new Set<Generator>();

  async directory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'portcullis-load-'));
    this.#closes.push(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
    return directory;
  }

  async redis(given: string | undefined): Promise<Redis> {
    if (given !== undefined) return { url: given, pid: undefined };
    const server = await RedisServer.start();
    this.#closes.push(() => server[Symbol.asyncDispose]());
    return { url: server.url, pid: server.pid };
  }

  /** One that waits for the disk with each commit. */
  async postgres(): Promise<PostgresServer> {
    const server = await PostgresServer.start({
      isDurable: true,
      settings: { shared_buffers: '128MB', autovacuum: 'on' },
    });
    this.#closes.push(() => server[Symbol.asyncDispose]());
    return server;
  }

  readonly track = (cluster: Processes): void => {
    this.#clusters.add(cluster);
  };

  generator(generator: Generator): Generator {
    this.#generators.add(generator);
    return generator;
  }

  /** In order: processes of ours end before the servers that they use. */
  async clear(): Promise<void> {
    for (const one of this.#generators) one.close();
    await Promise.all([...this.#clusters].map((one) => one.stop()));
    await this.#close();
  }

  /** At once. */
  async abandon(): Promise<void> {
    for (const one of this.#generators) one.close();
    for (const one of this.#clusters) one.killAll();
    await this.#close();
  }

  async #close(): Promise<void> {
    for (const close of this.#closes.splice(0).reverse()) await close().catch(() => undefined);
  }
}
