import { z } from 'zod';
import { parseInput } from '../../../core/options.ts';
import type { SharedRate, SharedRateAnswer, SharedRateTake } from '../../../resilience/index.ts';
import type { RedisConnection } from '../redis-connection.ts';
import { RedisConnections } from '../redis-connections.ts';
import { unavailable } from '../redis-failure.ts';
import { SmallScript } from '../small-script.ts';
import { RATE_LUA } from './rate-script.ts';
import {
  type RedisServerOptions,
  type RedisServerSettings,
  redisServerSettings,
} from './redis-server-options.ts';
import type { RedisStateDeps } from './redis-state-store.ts';
import { stateFailures } from './state-failure.ts';

/** It needs next to no memory, and a limit that is not kept on a full server would be none. */
const RATE = new SmallScript(RATE_LUA);

const nameSchema = z.string().regex(/^[\w.:-]{1,64}$/, 'expected 1 to 64 letters, digits and . _ : -');

const takesSchema = z
  .array(
    z.strictObject({
      bucket: nameSchema,
      capacity: z.number().positive(),
      refillPerSecond: z.number().positive(),
      cost: z.number().min(0),
    }),
  )
  .min(1)
  .refine((takes) => new Set(takes.map(({ bucket }) => bucket)).size === takes.length, {
    error: 'expected each bucket once',
  });

/**
 * Rate limits that all processes with the same prefix hold together, on a Redis server, 6.2 or newer. All buckets of a call are
 * looked at and taken from in one script, by the server's clock; what is not used any more expires.
 *
 * A server that has lost its data, or a replica that had not been told all before a failover, lets up to one more `capacity`
 * go at once. When its clock is set back, a bucket has what it had when tokens were last taken, and fills from there. A smaller
 * capacity holds for what was taken under the larger one too: until that has flowed off, all wait.
 */
export class RedisRateLimit implements SharedRate {
  readonly #prefix: string;
  readonly #connections: RedisConnections;
  readonly #connection: RedisConnection;
  readonly #failure: (method: string, error: unknown) => Error;
  #isClosed = false;

  private constructor(settings: RedisServerSettings, deps: RedisStateDeps) {
    this.#prefix = settings.prefix;
    this.#failure = stateFailures('rate limits on Redis', settings);
    this.#connections = new RedisConnections(settings, deps);
    this.#connection = this.#connections.open('rate');
  }

  /**
   * Begins to connect, and does not wait for it: who asks before goes by its own part. `name` is not used on the server.
   *
   * @throws {PortcullisError} `OPTION_INVALID`
   */
  static open(options: RedisServerOptions, deps: RedisStateDeps): RedisRateLimit {
    const settings = redisServerSettings('RedisRateLimit', { name: 'rate', ...options }, deps);
    const limits = new RedisRateLimit(settings, deps);
    limits.#connection.start();
    return limits;
  }

  /** Why nobody can be asked now; `undefined` while they can. */
  get error(): string | undefined {
    return this.#isClosed ? 'closed' : this.#connection.error;
  }

  /**
   * @throws {PortcullisError} rejects with `STORE_UNAVAILABLE` at once while there is no connection, and when no answer has come within
   * `commandTimeoutMs`; `INPUT_INVALID`
   */
  async take(limit: string, takes: readonly SharedRateTake[]): Promise<SharedRateAnswer> {
    const at = `{${this.#prefix}:rate:${parseInput('limit', nameSchema, limit)}}`;
    const checked = parseInput('takes', takesSchema, takes);
    try {
      if (this.#isClosed) throw unavailable('it is closed');
      const [outcome, waitMs] = (await RATE.run(
        this.#connection,
        checked.map(({ bucket }) => `${at}:${bucket}`),
        checked.flatMap(({ capacity, refillPerSecond, cost }) => [capacity, refillPerSecond, cost]),
      )) as readonly [SharedRateAnswer['outcome'], string?];
      return outcome === 'wait' ? { outcome, waitMs: Number(waitMs) } : { outcome };
    } catch (error) {
      throw this.#failure('take', error);
    }
  }

  /** A second call is harmless. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#connections.close();
    return Promise.resolve();
  }
}
