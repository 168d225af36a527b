import type { Clock } from '../../core/clock.ts';
import { errorText } from '../../telemetry/error-text.ts';
import type { FeedConnect, FeedSocket, FeedSocketEnd } from './feed-socket.ts';
import type { FeedEnd } from './feed-status.ts';
import type { FeedSettings } from './feed-options.ts';
import { Heartbeat } from './heartbeat.ts';

/** How a connection ended. */
export interface ConnectionEnd {
  readonly because: FeedEnd;
  readonly detail: string;
  readonly retryAfterMs?: number | undefined;
}

/** Whom a connection tells. Nothing comes after `ended`, which comes once. */
interface ConnectionListener {
  opened(connection: FeedConnection): void;
  frame(connection: FeedConnection, frame: string | Uint8Array, receivedMs: number): void;
  ended(connection: FeedConnection, end: ConnectionEnd): void;
}

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly connect: FeedConnect;
  /** Where to. */
  readonly url: (signal: AbortSignal) => string | Promise<string>;
  /** The protocol's own ping. */
  readonly ping: (() => string) | undefined;
  readonly listener: ConnectionListener;
}

type Phase = 'connecting' | 'open' | 'ended';

/** One connection from its url to its end, with its heartbeat. It is not used again. */
export class FeedConnection {
  readonly #options: FeedSettings;
  readonly #deps: ConnectionDeps;
  readonly #abort = new AbortController();
  readonly #deadline: Disposable;
  /** Settles when the socket is gone. */
  readonly #gone = Promise.withResolvers<undefined>();
  #phase: Phase = 'connecting';
  #socket: FeedSocket | undefined;
  #heartbeat: Heartbeat | undefined;
  #openedAtMs = NaN;
  /** When it opened, wall time; 0 before. */
  openedMs = 0;
  /** Whether it has brought messages. */
  hasMessages = false;
  /** The venue has said that it will cut it. */
  isLeaving = false;

  constructor(options: FeedSettings, deps: ConnectionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#deadline = deps.clock.deadline(options.connectTimeoutMs, () => {
      this.end('connect-timeout', `no connection within ${options.connectTimeoutMs} ms`);
    });
    void this.#open();
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** For how long it has been open; 0 before. */
  get openForMs(): number {
    return Number.isNaN(this.#openedAtMs) ? 0 : this.#deps.clock.monotonicMs() - this.#openedAtMs;
  }

  /** Whether frames wait that it was told to send. */
  get hasUnsent(): boolean {
    return (this.#socket?.unsent ?? 0) > 0;
  }

  /** Sends if it is open. */
  send(frame: string): void {
    if (this.#phase === 'open') this.#socket?.send(frame);
  }

  /** Cuts it. */
  end(because: FeedEnd, detail: string): void {
    this.#finish({ because, detail });
    this.#socket?.terminate();
  }

  /** Closes it in an orderly way, cuts it if that takes too long, and resolves when the socket is gone. */
  async close(because: FeedEnd, detail: string): Promise<void> {
    const wasOpen = this.#phase === 'open';
    this.#finish({ because, detail });
    if (this.#socket === undefined) return;
    if (!wasOpen) {
      this.#socket.terminate();
      return this.#gone.promise;
    }
    const socket = this.#socket;
    const late = this.#deps.clock.deadline(this.#options.closeTimeoutMs, () => {
      socket.terminate();
    });
    socket.close();
    await this.#gone.promise;
    late[Symbol.dispose]();
  }

  async #open(): Promise<void> {
    let url: string;
    try {
      // Whatever becomes of it, nothing is told before the constructor has returned.
      url = await (async () => this.#deps.url(this.#abort.signal))();
    } catch (error) {
      // The message may hold the url, and the url a token.
      const name = error instanceof Error ? error.name : typeof error;
      this.#finish({ because: 'protocol', detail: `the protocol gave no url (${name})` });
      return;
    }
    if (this.#phase !== 'connecting') return;
    try {
      this.#socket = this.#deps.connect(url, {
        opened: () => {
          this.#opened();
        },
        frame: (data) => {
          this.#frame(data);
        },
        pong: () => {
          this.#heartbeat?.answered();
        },
        ended: (end) => {
          this.#ended(end);
        },
      });
    } catch {
      // The message of the error may hold the url, and the url a token.
      this.#finish({ because: 'connect-failed', detail: 'the url is none that can be connected to' });
    }
  }

  #opened(): void {
    if (this.#phase !== 'connecting') return;
    this.#phase = 'open';
    this.#openedAtMs = this.#deps.clock.monotonicMs();
    this.openedMs = this.#deps.clock.nowMs();
    this.#deadline[Symbol.dispose]();
    this.#deps.listener.opened(this);
    const { heartbeat } = this.#options;
    if (heartbeat !== false && this.#isStillOpen()) this.#startHeartbeat(heartbeat);
  }

  /** The listener may have ended it. */
  #isStillOpen(): boolean {
    return this.#phase === 'open';
  }

  #startHeartbeat(options: Exclude<FeedSettings['heartbeat'], false>): void {
    const { ping, clock } = this.#deps;
    if (!options.webSocketPing && ping === undefined) return;
    this.#heartbeat = new Heartbeat(options, {
      clock,
      ping: () => {
        this.#ping(ping, options.webSocketPing);
      },
      onMissing: () => {
        this.end('no-pong', `no answer to a ping within ${options.pongTimeoutMs} ms`);
      },
    });
  }

  #ping(ping: (() => string) | undefined, webSocketPing: boolean): void {
    try {
      if (ping !== undefined) this.send(ping());
      if (webSocketPing) this.#socket?.ping();
    } catch (error) {
      this.end('protocol', `no ping: ${errorText(error)}`);
    }
  }

  #frame(data: string | Uint8Array): void {
    if (this.#phase !== 'open') return;
    const { heartbeat } = this.#options;
    // A WebSocket ping has its own answer; any frame answers the protocol's.
    if (heartbeat !== false && !heartbeat.webSocketPing) this.#heartbeat?.answered();
    this.#deps.listener.frame(this, data, this.#deps.clock.nowMs());
  }

  #ended(end: FeedSocketEnd): void {
    this.#gone.resolve(undefined);
    this.#finish(end);
  }

  #finish(end: ConnectionEnd): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#deadline[Symbol.dispose]();
    this.#heartbeat?.[Symbol.dispose]();
    this.#abort.abort(new Error(end.detail));
    this.#deps.listener.ended(this, end);
  }
}
