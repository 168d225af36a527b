import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { backoffMs, systemRandom } from '../../core/backoff.ts';
import { messageOf } from '../../core/message-of.ts';
import { parseOptions } from '../../core/options.ts';
import { SignalListeners } from '../../storage/signal-listeners.ts';
import type { StateSignals } from '../../storage/state-signals.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import type { PostgresSession } from './postgres-query.ts';

const Options = z.strictObject({
  /** How often the connection is tried when nothing comes: a server that hangs is noticed so soon, milliseconds. Default: 1,000. */
  checkEveryMs: z.int().min(10).max(600_000).default(1_000),
});

/** @interface */
export type PostgresStateSignalsOptions = z.input<typeof Options>;

export interface PostgresStateSignalsDeps {
  readonly database: PostgresDatabase;
  /** From 0 to 1, for the waits between attempts. Default: a random source. */
  readonly random?: (() => number) | undefined;
}

const BACKOFF = { baseDelayMs: 50, maxDelayMs: 5_000 };

/**
 * Announcements by NOTIFY, to all that have the schema in common. It listens on a connection of its own, which has to lead to
 * the server itself: a pooler that lends connections per transaction (PgBouncer in that mode) passes nothing on. Each time
 * it has begun to listen, the first included, every listener is called once.
 */
export class PostgresStateSignals implements StateSignals {
  readonly #database: PostgresDatabase;
  readonly #random: () => number;
  readonly #channel: string;
  readonly #checkEveryMs: number;
  /** To tell our own announcements from those of others. */
  readonly #from = randomUUID();
  readonly #listeners = new SignalListeners((key, error) => {
    this.#database.logger.error({ key, error: messageOf(error) }, 'a listener has thrown');
  });
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #session: PostgresSession | undefined;

  private constructor(options: z.output<typeof Options>, { database, random }: PostgresStateSignalsDeps) {
    this.#database = database;
    this.#random = random ?? systemRandom;
    this.#channel = `portcullis:${database.schema}`;
    this.#checkEveryMs = options.checkEveryMs;
    this.#running = this.#run();
  }

  /** Begins to listen. A server that is away is waited for in the background. @throws {PortcullisError} `OPTION_INVALID` */
  static open(options: PostgresStateSignalsOptions, deps: PostgresStateSignalsDeps): PostgresStateSignals {
    return new PostgresStateSignals(parseOptions('PostgresStateSignals', Options, options), deps);
  }

  /** Whether announcements of others are heard now. */
  get isListening(): boolean {
    return this.#session?.isOpen === true;
  }

  async announce(key: string): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#listeners.call(key);
    try {
      await this.#database.query('SELECT pg_notify($1, $2)', [this.#channel, `${this.#from} ${key}`]);
    } catch (error) {
      this.#database.logger.debug({ key, error: messageOf(error) }, 'an announcement was not sent');
    }
  }

  onAnnounced(key: string, listener: () => void): Disposable {
    return this.#listeners.add(key, listener);
  }

  /** Hears nothing more. A second call is harmless. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#session?.close();
    this.#listeners.clear();
    await this.#running;
  }

  #isOver(): boolean {
    return this.#stop.signal.aborted || this.#database.isClosed;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#database;
    const { signal } = this.#stop;
    for (let attempt = 0; !this.#isOver(); attempt++) {
      try {
        const session = await this.#listen();
        attempt = 0;
        this.#listeners.callAll();
        const gone = new AbortController();
        session.onEnd(() => {
          gone.abort();
        });
        while (session.isOpen) {
          await clock.sleep(this.#checkEveryMs, gone.signal).catch(ignore);
          await session.query('SELECT 1');
        }
      } catch (error) {
        if (this.#isOver()) return;
        this.#session?.close();
        if (attempt === 0) logger.warn({ error: messageOf(error) }, 'announcements are not heard');
      }
      await clock.sleep(backoffMs(attempt, BACKOFF, this.#random), signal).catch(ignore);
    }
  }

  async #listen(): Promise<PostgresSession> {
    const session = await this.#database.session('signals');
    this.#session = session;
    if (this.#stop.signal.aborted) session.close();
    session.onNotification(({ payload = '' }) => {
      const at = payload.indexOf(' ');
      if (payload.slice(0, at) !== this.#from) this.#listeners.call(payload.slice(at + 1));
    });
    await session.query(`LISTEN "${this.#channel}"`);
    return session;
  }
}

const ignore = (): void => undefined;
