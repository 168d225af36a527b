import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { CreateRedisClient, RedisClientSettings } from './redis-client.ts';
import { type RedisCommand, RedisConnection } from './redis-connection.ts';
import { notNow, replyCode, unavailable } from './redis-failure.ts';

interface RedisConnectionsOptions {
  /** Of the bus. */
  readonly name: string;
  readonly url?: string | undefined;
  readonly client?: RedisClientSettings | undefined;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxBackoffMs: number;
}

interface RedisConnectionsDeps {
  readonly clock: Clock;
  readonly random?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
  readonly createClient?: CreateRedisClient | undefined;
}

/** All connections of one bus. They are to the same server: what one of them hears of it is true for all. */
export class RedisConnections {
  readonly #options: RedisConnectionsOptions;
  readonly #deps: RedisConnectionsDeps;
  readonly #open = new Map<RedisConnection, string>();

  constructor(options: RedisConnectionsOptions, deps: RedisConnectionsDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Why one is not connected, of those beside `but`; `undefined` while all are, or try for the first time. */
  failureBeside(but: RedisConnection): string | undefined {
    for (const [connection, of] of this.#open)
      if (connection !== but && connection.failure !== undefined) return `${of}: ${connection.failure}`;
    return undefined;
  }

  /** @param of what it does, in the log and in `CLIENT LIST` */
  open(of: string): RedisConnection {
    const { url, client, name, commandTimeoutMs, connectTimeoutMs, maxBackoffMs } = this.#options;
    const connection: RedisConnection = new RedisConnection(
      {
        settings: { ...client, ...(url === undefined ? {} : { url }) },
        name: `portcullis:${name}:${of}`.replaceAll(' ', ':'),
        ...{ commandTimeoutMs, connectTimeoutMs, maxBackoffMs },
      },
      {
        ...this.#deps,
        onWrongServer: (because) => {
          for (const each of this.#open.keys()) each.drop(because);
        },
        onClosed: () => this.#open.delete(connection),
      },
    );
    connection.onConnect(checkMaster);
    this.#open.set(connection, of);
    return connection;
  }

  close(): void {
    for (const connection of [...this.#open.keys()]) connection.close();
  }
}

/** A connection that only waits would not notice that it waits at a replica. */
async function checkMaster(command: RedisCommand): Promise<void> {
  let role: readonly unknown[];
  try {
    role = await command<readonly unknown[]>(['ROLE']);
  } catch (error) {
    if (error instanceof PortcullisError || replyCode(error) === undefined) throw error;
    return; // it may not be asked, or does not know the question: its commands will tell
  }
  if (role[0] === 'slave') throw unavailable(notNow(new Error('READONLY')) ?? '');
}
