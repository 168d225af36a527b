import { createClient } from '@redis/client';
import {
  RedisRateLimit,
  type RedisServerOptions,
  RedisStateSignals,
  RedisStateStore,
} from '../../../src/adapters/redis/index.ts';
import { SystemClock } from '../../../src/core/index.ts';

export const clock = new SystemClock();

/** Longest that a test waits for something that has to happen. */
export const SOON = { timeout: 20_000, interval: 20 };

let names = 0;

/** A name that no other case has. */
export const newName = (): string => `case-${names++}`;

/** What a case has opened, closed after it. */
export class Opened {
  readonly #open: { close(): Promise<unknown> }[] = [];

  keep<T extends { close(): Promise<unknown> }>(one: T): T {
    this.#open.push(one);
    return one;
  }

  async store(options: RedisServerOptions): Promise<RedisStateStore> {
    return this.keep(await RedisStateStore.open({ maxBackoffMs: 100, ...options }, { clock }));
  }

  async signals(options: RedisServerOptions): Promise<RedisStateSignals> {
    return this.keep(await RedisStateSignals.open({ maxBackoffMs: 100, ...options }, { clock }));
  }

  rate(options: RedisServerOptions): RedisRateLimit {
    return this.keep(RedisRateLimit.open({ maxBackoffMs: 100, ...options }, { clock }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((one) => one.close()));
  }
}

/** Sends the server one command. */
export async function tell(url: string, ...args: string[]): Promise<unknown> {
  const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}
