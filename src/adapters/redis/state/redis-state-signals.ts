import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/message-of.ts';
import { SignalListeners } from '../../../storage/signal-listeners.ts';
import type { StateSignals } from '../../../storage/state-signals.ts';
import { type Logger, silentLogger } from '../../../telemetry/index.ts';
import { type RedisClientPort, type RedisClientSettings, defaultClient } from '../redis-client.ts';
import type { RedisConnection } from '../redis-connection.ts';
import { RedisConnections } from '../redis-connections.ts';
import { unavailable } from '../redis-failure.ts';
import {
  type RedisServerOptions,
  type RedisServerSettings,
  redisServerSettings,
} from './redis-server-options.ts';
import { stateFailures } from './state-failure.ts';

/** What is used of a client to hear what is published. */
export interface RedisSubscriberPort extends RedisClientPort {
  subscribe(channel: string, listener: (message: string) => unknown): Promise<unknown>;
}

/** Makes a client for one attempt to connect. */
export type CreateRedisSubscriber = (
  settings: RedisClientSettings,
) => RedisSubscriberPort | Promise<RedisSubscriberPort>;

export interface RedisStateSignalsDeps {
  readonly clock: Clock;
  /** In [0, 1), for back-off. Default: of the machine. */
  readonly random?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
  /** Makes the client of one attempt to connect. Default: `createClient` of `@redis/client`. */
  readonly createClient?: CreateRedisSubscriber | undefined;
}

const defaultSubscriber: CreateRedisSubscriber = (settings) => defaultClient(settings) as RedisSubscriberPort;

/** How often a connection that only listens is asked whether it is still there. */
const HEARTBEAT_MS = 1_000;

/**
 * Announcements by publish and subscribe of a Redis server, over two connections of its own: one announces, one listens. With
 * the same prefix and name they are the same. Listeners here are called within `announce`, those of other processes as soon
 * as the server has told them; while it is away nobody else hears. Each time the connection that listens has been made, all
 * listeners are called once. A server that hangs is noticed after a second and `commandTimeoutMs`.
 */
export class RedisStateSignals implements StateSignals {
  readonly #settings: RedisServerSettings;
  readonly #deps: RedisStateSignalsDeps;
  readonly #log: Logger;
  readonly #channel: string;
  /** Of announcements from here, which the listeners here know of. */
  readonly #origin = randomBytes(9).toString('base64url');
  readonly #connections: RedisConnections;
  readonly #talk: RedisConnection;
  readonly #ear: RedisConnection;
  readonly #listeners = new SignalListeners((key, error) => {
    this.#log.error({ key, error: messageOf(error) }, 'a listener has thrown');
  });
  readonly #heartbeat: Disposable;
  #subscriber: RedisSubscriberPort | undefined;
  #isClosed = false;

  private constructor(settings: RedisServerSettings, deps: RedisStateSignalsDeps) {
    const { prefix, name } = settings;
    this.#settings = settings;
    this.#deps = deps;
    this.#log = (deps.logger ?? silentLogger).child({ signals: name });
    this.#channel = `{${prefix}:state:${name}}:announced`;
    const createClient = async (given: RedisClientSettings): Promise<RedisClientPort> => {
      const client = await (deps.createClient ?? defaultSubscriber)(given);
      this.#subscriber = client;
      return client;
    };
    this.#connections = new RedisConnections(settings, { ...deps, createClient: deps.createClient });
    const ears = new RedisConnections(settings, { ...deps, createClient });
    this.#talk = this.#connections.open('announce');
    this.#ear = ears.open('listen');
    this.#ear.onConnect(() => this.#subscribe());
    this.#ear.onChange(() => {
      if (this.#ear.isConnected) this.#listeners.callAll();
    });
    this.#heartbeat = deps.clock.every(HEARTBEAT_MS, () => void this.#look());
  }

  /**
   * Connects, and listens.
   *
   * @throws {PortcullisError} `OPTION_INVALID`; `STORE_UNAVAILABLE` when the server was not there, or did not let it in, within
   * `connectTimeoutMs`
   */
  static async open(options: RedisServerOptions, deps: RedisStateSignalsDeps): Promise<RedisStateSignals> {
    const settings = redisServerSettings('RedisStateSignals', options, deps);
    const signals = new RedisStateSignals(settings, deps);
    try {
      await Promise.all([
        signals.#ear.connected(settings.connectTimeoutMs),
        signals.#talk.connected(settings.connectTimeoutMs),
      ]);
    } catch (error) {
      await signals.close();
      throw stateFailures(`announcements ${settings.name} on Redis`, settings)('open', error);
    }
    return signals;
  }

  /** Why nothing is heard or told now; `undefined` while it is. */
  get error(): string | undefined {
    return this.#isClosed ? 'closed' : (this.#ear.error ?? this.#talk.error);
  }

  async announce(key: string): Promise<void> {
    if (this.#isClosed) return;
    this.#listeners.call(key);
    try {
      await this.#talk.command(['PUBLISH', this.#channel, `${this.#origin} ${key}`]);
    } catch (error) {
      this.#log.debug({ key, error: messageOf(error) }, 'an announcement was not made');
    }
  }

  onAnnounced(key: string, listener: () => void): Disposable {
    return this.#listeners.add(key, listener);
  }

  /** Nobody is called any more. A second call is harmless. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#heartbeat[Symbol.dispose]();
    this.#ear.close();
    this.#connections.close();
    return Promise.resolve();
  }

  /** A connection that only listens would notice neither that the server hangs, nor that it has become a replica. */
  async #look(): Promise<void> {
    try {
      await this.#ear.command(['PING']);
      const [role] = await this.#talk.command<readonly unknown[]>(['ROLE']);
      if (role !== 'slave') return;
      for (const connection of [this.#ear, this.#talk]) connection.drop('the server is a replica');
    } catch {
      // Not connected, which mends itself, or it may not be asked.
    }
  }

  #subscribe(): Promise<void> {
    const { commandTimeoutMs } = this.#settings;
    const subscriber = this.#subscriber;
    return new Promise((resolve, reject) => {
      const timer = this.#deps.clock.deadline(commandTimeoutMs, () => {
        reject(unavailable(`no answer to SUBSCRIBE within ${commandTimeoutMs} ms`));
      });
      const end = (settle: () => void) => (): void => {
        timer[Symbol.dispose]();
        settle();
      };
      const heard = (message: string): void => {
        if (subscriber === this.#subscriber) this.#heard(message);
      };
      (subscriber?.subscribe(this.#channel, heard) ?? Promise.reject(new Error('no client'))).then(
        end(resolve),
        (error: unknown) => {
          end(() => {
            reject(error instanceof Error ? error : new Error(messageOf(error)));
          })();
        },
      );
    });
  }

  #heard(message: string): void {
    const at = message.indexOf(' ');
    if (this.#isClosed || message.slice(0, at) === this.#origin) return;
    this.#listeners.call(message.slice(at + 1));
  }
}
