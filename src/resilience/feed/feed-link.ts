import type { Clock } from '../../core/clock.ts';
import { ConnectSchedule } from './connect-schedule.ts';
import { type ConnectionEnd, FeedConnection } from './feed-connection.ts';
import type { FeedSettings } from './feed-options.ts';
import type { FeedConnect } from './feed-socket.ts';
import type { FeedEnd, FeedState } from './feed-status.ts';
import { StaleWatch } from './stale-watch.ts';

/** Whom the link tells. */
interface LinkListener {
  /** A socket stands: what is wanted is to be asked for on it. */
  opened(connection: FeedConnection): void;
  /** It is now the one that counts; the first frame of messages comes after this. */
  adopted(): void;
  frame(connection: FeedConnection, frame: string | Uint8Array, receivedMs: number): void;
  /** Each connection, once. */
  ended(end: ConnectionEnd): void;
  /** None stands. */
  down(): void;
  state(from: FeedState, to: FeedState): void;
}

export interface LinkDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly connect: FeedConnect;
  readonly url: (signal: AbortSignal) => string | Promise<string>;
  readonly ping: (() => string) | undefined;
  /** Whether messages are expected at all. */
  readonly expectsMessages: () => boolean;
  readonly listener: LinkListener;
}

/** How long the answer to the last of several frames may take. */
const ANSWER_MS = 1_000;

/** Keeps a connection: makes it, replaces it before it is too old, makes it again when it ended. */
export class FeedLink {
  readonly #settings: FeedSettings;
  readonly #deps: LinkDeps;
  readonly #schedule: ConnectSchedule;
  readonly #stale: StaleWatch;
  #state: FeedState = { kind: 'idle' };
  #current: FeedConnection | undefined;
  /** The one that will replace it. */
  #next: FeedConnection | undefined;
  /** When it may do so: what it has asked for last is to be answered first. */
  #notBeforeMs = -Infinity;
  #waiting: Disposable | undefined;
  #age: Disposable | undefined;
  readonly #closing = new Set<Promise<void>>();
  #connects = 0;

  constructor(settings: FeedSettings, deps: LinkDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#schedule = new ConnectSchedule(settings.reconnect, deps.random);
    this.#stale = new StaleWatch(settings.staleAfterMs, {
      clock: deps.clock,
      isExpected: deps.expectsMessages,
      onStale: () => {
        this.#set({ kind: 'stale', sinceMs: deps.clock.nowMs() });
        this.#current?.end('stale', `no message for ${String(settings.staleAfterMs)} ms`);
      },
    });
  }

  get state(): FeedState {
    return this.#state;
  }

  /** Connections that were tried. */
  get connects(): number {
    return this.#connects;
  }

  start(): void {
    if (this.#state.kind === 'idle') this.#connect();
  }

  async stop(): Promise<void> {
    if (this.#state.kind !== 'stopped') {
      const connections = [this.#current, this.#next];
      this.#set({ kind: 'stopped' });
      this.#rest();
      for (const connection of connections) if (connection !== undefined) this.#close(connection, 'stopped');
    }
    await Promise.all(this.#closing);
  }

  /** Whether a socket stands that frames can be sent on. */
  get isOpen(): boolean {
    return this.#current?.isOpen === true || this.#next?.isOpen === true;
  }

  /** To all that are open. */
  send(frame: string): void {
    this.#current?.send(frame);
    this.#next?.send(frame);
  }

  /** A message has come, or is expected from now on. */
  heard(): void {
    this.#stale.heard();
  }

  /**
   * A connection has messages: if it was made to replace the other, it does so now, unless it has not asked for everything yet.
   *
   * @returns whether it is the one that counts
   */
  promote(connection: FeedConnection): boolean {
    connection.hasMessages = true;
    if (connection !== this.#next) return true;
    const nowMs = this.#deps.clock.monotonicMs();
    if (connection.hasUnsent) this.#notBeforeMs = nowMs + ANSWER_MS;
    if (nowMs < this.#notBeforeMs) return false;
    const old = this.#current;
    this.#current = connection;
    this.#next = undefined;
    if (old !== undefined) {
      this.#judge(old);
      this.#close(old, 'age');
    }
    this.#adopt(connection);
    return true;
  }

  /** The venue is about to cut a connection. */
  leave(connection: FeedConnection): void {
    connection.isLeaving = true;
    if (connection === this.#current) this.renew();
  }

  /** Makes a connection that replaces the present one as soon as it has messages. */
  renew(): void {
    if (this.#next !== undefined || this.#current?.isOpen !== true) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const roomInMs = this.#schedule.roomInMs(nowMs);
    if (roomInMs > 0) {
      this.#renewIn(roomInMs);
      return;
    }
    this.#schedule.planned(nowMs);
    this.#notBeforeMs = -Infinity;
    this.#next = this.#newConnection();
  }

  /** Ends the connection that counts, and stays away until {@link resume}. */
  hold(detail: string): void {
    this.#next?.end('overflow', detail);
    this.#current?.end('overflow', detail);
  }

  /** The consumer has caught up. */
  resume(): void {
    if (this.#state.kind === 'waiting' && this.#state.untilMs === Infinity) {
      this.#wait({ because: 'overflow', detail: this.#state.detail }, 0);
    }
  }

  #connect(): void {
    const { clock } = this.#deps;
    this.#waiting = undefined;
    this.#schedule.tried(clock.monotonicMs());
    this.#current = this.#newConnection();
    this.#set({ kind: 'connecting', sinceMs: clock.nowMs(), attempt: this.#schedule.attempts });
  }

  #newConnection(): FeedConnection {
    this.#connects += 1;
    const { clock, connect, url, ping, listener } = this.#deps;
    return new FeedConnection(this.#settings, {
      clock,
      connect,
      url,
      ping,
      listener: {
        opened: (connection) => {
          listener.opened(connection);
          if (connection === this.#current && connection.isOpen) this.#adopt(connection);
        },
        frame: (connection, frame, receivedMs) => {
          listener.frame(connection, frame, receivedMs);
        },
        ended: (connection, end) => {
          this.#ended(connection, end);
        },
      },
    });
  }

  /** It is the one that counts from now on. */
  #adopt(connection: FeedConnection): void {
    this.#rest();
    this.#set({ kind: 'open', sinceMs: connection.openedMs });
    if (!connection.isOpen) return; // who was told has stopped the feed
    this.#stale.start();
    const { maxConnectionAgeMs } = this.#settings;
    if (maxConnectionAgeMs !== false) this.#renewIn(maxConnectionAgeMs * (1 - this.#deps.random() / 10));
    this.#deps.listener.adopted();
    if (connection.isLeaving) this.renew();
  }

  #ended(connection: FeedConnection, end: ConnectionEnd): void {
    this.#deps.listener.ended(end);
    if (this.#state.kind === 'stopped') return;
    if (connection === this.#next) {
      this.#next = undefined;
      this.#renewIn(this.#settings.reconnect.maxDelayMs);
      return;
    }
    if (connection !== this.#current) return;
    this.#rest();
    this.#judge(connection);
    this.#current = this.#next;
    this.#next = undefined;
    this.#deps.listener.down();
    if (this.#current === undefined) this.#waitAfter(end);
    else if (this.#current.isOpen) this.#adopt(this.#current);
    else
      this.#set({
        kind: 'connecting',
        sinceMs: this.#deps.clock.nowMs(),
        attempt: this.#schedule.attempts + 1,
      });
  }

  #waitAfter(end: ConnectionEnd): void {
    if (end.because === 'overflow') {
      this.#setWaiting(Infinity, end);
      return;
    }
    const { maxDelayMs, maxRetryAfterMs } = this.#settings.reconnect;
    // What was refused is likely to be refused again.
    const leastMs = end.retryAfterMs ?? (end.because === 'refused' ? maxDelayMs : 0);
    this.#wait(end, Math.min(leastMs, maxRetryAfterMs));
  }

  #wait(end: ConnectionEnd, leastMs: number): void {
    const { clock } = this.#deps;
    const delayMs = Math.ceil(this.#schedule.delayMs(clock.monotonicMs(), leastMs));
    this.#waiting = clock.deadline(delayMs, () => {
      this.#connect();
    });
    this.#setWaiting(clock.nowMs() + delayMs, end);
  }

  #setWaiting(untilMs: number, { because, detail }: ConnectionEnd): void {
    this.#set({ kind: 'waiting', untilMs, attempt: this.#schedule.attempts, because, detail });
  }

  #judge(connection: FeedConnection): void {
    const isGood = connection.hasMessages && connection.openForMs >= this.#settings.reconnect.goodAfterMs;
    if (isGood) this.#schedule.good();
  }

  #renewIn(ms: number): void {
    this.#age?.[Symbol.dispose]();
    this.#age = this.#deps.clock.deadline(ms, () => {
      this.renew();
    });
  }

  #close(connection: FeedConnection, because: FeedEnd): void {
    const closed = connection.close(
      because,
      because === 'age' ? 'replaced by a new one' : 'the feed was stopped',
    );
    const tracked = closed.finally(() => this.#closing.delete(tracked));
    this.#closing.add(tracked);
  }

  /** No timer is left. */
  #rest(): void {
    this.#waiting?.[Symbol.dispose]();
    this.#age?.[Symbol.dispose]();
    this.#stale.stop();
  }

  #set(to: FeedState): void {
    const from = this.#state;
    this.#state = to;
    this.#deps.listener.state(from, to);
  }
}
