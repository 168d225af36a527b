import { backoffMs, systemRandom } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import { patientDeadline } from '../../resilience/patient-deadline.ts';
import { type Logger, silentLogger } from '../../telemetry/index.ts';
import { ClientSession } from './client-session.ts';
import {
  type CreateRedisClient,
  type RedisClientSettings,
  defaultClient,
  settingsOf,
  withoutSecrets,
} from './redis-client.ts';
import { isWrongServer, notNow, replyCode, unavailable } from './redis-failure.ts';

interface RedisConnectionOptions {
  readonly settings: RedisClientSettings;
  /** As `CLIENT LIST` and the log show it. */
  readonly name: string;
  /** After which a command without an answer means that the server hangs, milliseconds. */
  readonly commandTimeoutMs: number;
  /** For the socket and its first words, milliseconds. */
  readonly connectTimeoutMs: number;
  /** Longest wait before another attempt, milliseconds. Default: 5,000. */
  readonly maxBackoffMs?: number;
}

interface RedisConnectionDeps {
  readonly clock: Clock;
  /** From 0 to 1. Default: a cryptographic source. */
  readonly random?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
  readonly createClient?: CreateRedisClient | undefined;
  /** A reply said that this is the wrong server, as after a failover; the connection has been dropped. */
  readonly onWrongServer?: ((because: string) => void) | undefined;
  readonly onClosed?: (() => void) | undefined;
}

/** Sends one command; its reply as RESP 2 has it. */
export type RedisCommand = <T = unknown>(args: readonly string[], timeoutMs?: number) => Promise<T>;

const FIRST_BACKOFF_MS = 50;

type State =
  | { readonly kind: 'idle' | 'waiting' | 'closed' }
  | { readonly kind: 'connecting' | 'connected'; readonly link: ClientSession };

/**
 * One connection under a name that comes back by itself: with a new client each time, after a wait that grows, with full jitter.
 * Commands are sent while it is connected and fail at once while it is not. A server that does not answer in time is taken
 * for one that hangs: the connection is dropped and made anew.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #deps: RedisConnectionDeps;
  readonly #log: Logger;
  readonly #clean: (text: string) => string;
  readonly #hooks: ((command: RedisCommand) => Promise<void>)[] = [];
  readonly #listeners: (() => void)[] = [];
  #state: State = { kind: 'idle' };
  #error: Error | undefined;
  /** Attempts since a command was last answered on a connection that is up. */
  #attempts = 0;
  #timer: Disposable | undefined;

  constructor(options: RedisConnectionOptions, deps: RedisConnectionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#log = deps.logger ?? silentLogger;
    this.#clean = withoutSecrets(options.settings);
  }

  get isConnected(): boolean {
    return this.#state.kind === 'connected';
  }

  /** Why it is not connected; `undefined` while it is. */
  get error(): string | undefined {
    if (this.isConnected) return undefined;
    return this.#error?.message ?? 'not connected yet';
  }

  /** As `error`, but not while the first attempt is under way. */
  get failure(): string | undefined {
    return this.isConnected ? undefined : this.#error?.message;
  }

  /**
   * Runs each time before the connection counts as made; commands go through what it is given. One that rejects, or takes
   * longer than its commands may, means that this attempt has failed.
   */
  onConnect(hook: (command: RedisCommand) => Promise<void>): void {
    this.#hooks.push(hook);
  }

  /** Called when it has been made, lost, or has failed to be made. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Begins to connect, and to connect again. */
  start(): void {
    if (this.#state.kind === 'idle') void this.#connect();
  }

  /** Rejects with `BUS_UNAVAILABLE` when it is not made in time, and at once with what cannot be mended by waiting. */
  connected(timeoutMs: number): Promise<void> {
    this.start();
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        timer[Symbol.dispose]();
        this.#listeners.splice(this.#listeners.indexOf(look), 1);
        settle();
      };
      const look = (): void => {
        const error = this.#error;
        if (this.isConnected) end(resolve);
        else if (error instanceof PortcullisError && !error.retryable)
          end(() => {
            reject(error);
          });
        else if (this.#state.kind === 'closed')
          end(() => {
            reject(unavailable('the connection was closed'));
          });
      };
      const timer = this.#deps.clock.deadline(timeoutMs, () => {
        end(() => {
          reject(unavailable(`${this.#options.name}: no connection: ${this.error ?? ''}`));
        });
      });
      this.#listeners.push(look);
      look();
    });
  }

  /**
   * Rejects with `BUS_UNAVAILABLE` when there is no connection, it is lost, or no answer came in time: whether it was done is
   * then not known. An error that the server replies is passed on as it is (`replyCode`).
   */
  command<T = unknown>(args: readonly string[], timeoutMs = this.#options.commandTimeoutMs): Promise<T> {
    if (this.#state.kind !== 'connected')
      return Promise.reject(unavailable(this.error ?? 'the connection is not ready'));
    return this.#sendOn(this.#state.link, args, timeoutMs) as Promise<T>;
  }

  /** Lets go of this connection, since of this, and makes another one after a wait. */
  drop(because: string): void {
    if (this.#state.kind === 'connected') this.#lost(this.#state.link, unavailable(because));
  }

  /** For good. Commands under way reject. */
  close(): void {
    const state = this.#state;
    this.#timer?.[Symbol.dispose]();
    this.#state = { kind: 'closed' };
    if ('link' in state) state.link.end(unavailable('the connection was closed'));
    this.#tell();
    this.#deps.onClosed?.();
  }

  async #connect(): Promise<void> {
    const { clock, createClient = defaultClient } = this.#deps;
    const { settings, name, connectTimeoutMs } = this.#options;
    const link = new ClientSession();
    this.#state = { kind: 'connecting', link };
    this.#attempts++;
    const timer = clock.deadline(connectTimeoutMs, () => {
      this.#lost(link, unavailable(`no connection within ${connectTimeoutMs} ms`));
    });
    try {
      await link.open(createClient(settingsOf(settings, { name, connectTimeoutMs })), (error) => {
        this.#lost(link, unavailable(this.#textOf(error)));
      });
      timer[Symbol.dispose]();
      for (const hook of this.#hooks) {
        if (link.isEnded) return;
        await hook(this.#commandOn(link));
      }
      if (link.isEnded) return;
      this.#state = { kind: 'connected', link };
      if (this.#error !== undefined) this.#log.info({ connection: name }, 'Redis is connected');
      this.#error = undefined;
      this.#tell();
    } catch (error) {
      timer[Symbol.dispose]();
      this.#lost(link, error instanceof PortcullisError ? error : unavailable(this.#textOf(error)));
    }
  }

  #commandOn(link: ClientSession): RedisCommand {
    return <T>(args: readonly string[], timeoutMs = this.#options.commandTimeoutMs) =>
      this.#sendOn(link, args, timeoutMs) as Promise<T>;
  }

  #textOf(error: unknown): string {
    return this.#clean(notNow(error) ?? messageOf(error));
  }

  /** An error that is no reply is the client's own: it has no connection. */
  #asFailure(link: ClientSession, error: Error): Error {
    if (error instanceof PortcullisError) return error;
    if (replyCode(error) !== undefined) {
      if (isWrongServer(error)) this.#leave(link, this.#textOf(error));
      return error;
    }
    const failure = unavailable(this.#textOf(error));
    this.#lost(link, failure);
    return failure;
  }

  #leave(link: ClientSession, because: string): void {
    if (link.isEnded) return;
    this.#lost(link, unavailable(because));
    this.#deps.onWrongServer?.(because);
  }

  #lost(link: ClientSession, error: Error): void {
    if (link.isEnded) return;
    link.end(error);
    if (this.#state.kind === 'closed' || !('link' in this.#state) || this.#state.link !== link) return;
    const { name, maxBackoffMs = 5000 } = this.#options;
    if (this.#error?.message !== error.message)
      this.#log.warn({ connection: name, error: error.message }, 'Redis is not connected');
    this.#error = error;
    this.#state = { kind: 'waiting' };
    const { clock, random = systemRandom } = this.#deps;
    const backoff = { baseDelayMs: FIRST_BACKOFF_MS, maxDelayMs: maxBackoffMs };
    this.#timer = clock.deadline(backoffMs(this.#attempts, backoff, random), () => void this.#connect());
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #sendOn(link: ClientSession, args: readonly string[], timeoutMs: number): Promise<unknown> {
    const { clock } = this.#deps;
    return new Promise((resolve, reject) => {
      const timer = patientDeadline(clock, timeoutMs, () => {
        this.#lost(link, unavailable(`no answer to ${args[0] ?? ''} within ${timeoutMs} ms`));
      });
      link.send(args, (settle) => {
        timer[Symbol.dispose]();
        if (settle.ok) {
          if (this.#state.kind === 'connected') this.#attempts = 0;
          resolve(settle.reply);
        } else reject(this.#asFailure(link, settle.error));
      });
    });
  }
}
