import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { RedisConnection } from './redis-connection.ts';
import { checkServer } from './server-record.ts';

interface ServerWatchOptions {
  readonly metaKey: string;
  readonly topics: readonly string[];
  readonly partitions: number;
  /** Between two looks, milliseconds. */
  readonly everyMs: number;
}

interface ServerWatchDeps {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Checks the server each time it is connected, and looks now and then whether it still has the record of the bus: one that was
 * emptied (`FLUSHALL`) gets a new one, before somebody comes with another number of partitions.
 */
export class ServerWatch {
  readonly #options: ServerWatchOptions;
  readonly #deps: ServerWatchDeps;
  #generation: string | undefined;
  #timer: Disposable | undefined;
  #isStopped = false;

  constructor(options: ServerWatchOptions, deps: ServerWatchDeps) {
    this.#options = options;
    this.#deps = deps;
    const { connection, logger } = deps;
    connection.onConnect(async (command) => {
      const newGeneration = randomBytes(12).toString('base64url');
      const { generation } = await checkServer(command, { ...options, newGeneration });
      if (this.#generation !== undefined && this.#generation !== generation)
        logger.error('Redis has come back without what it had: events that were published before are gone');
      this.#generation = generation;
    });
    this.#arm();
  }

  /** Of the server, as it was when the last connection was made; `undefined` before the first. */
  get generation(): string | undefined {
    return this.#generation;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  #arm(): void {
    if (this.#isStopped) return;
    this.#timer = this.#deps.clock.deadline(this.#options.everyMs, () => {
      this.#look().then(
        () => {
          this.#arm();
        },
        () => {
          this.#arm(); // not connected, or may not be asked: the next connection checks
        },
      );
    });
  }

  async #look(): Promise<void> {
    const { connection } = this.#deps;
    if (!connection.isConnected) return;
    const known = this.#generation;
    const found = await connection.command(['HGET', this.#options.metaKey, 'generation']);
    if (found !== known && known === this.#generation)
      connection.drop('the server no longer has the record of the bus');
  }
}
