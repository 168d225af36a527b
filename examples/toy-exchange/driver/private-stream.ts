import { type Clock, parseInput } from 'portcullis/core';
import { type EventMessage, streamSchema } from './messages.ts';
import type { AccountKey, DriverOptions } from './options.ts';
import { SequenceWindow } from './sequence-window.ts';
import type { ServerClock } from './server-clock.ts';
import { sign } from './sign.ts';

/** What a stream tells its driver. */
export interface StreamListener {
  event(event: EventMessage): void;
  /** Logged in: everything from now on arrives, or its absence is noticed. */
  up(): void;
  /** Events may have been missed. */
  down(reason: string): void;
}

export interface StreamDeps {
  readonly clock: Pick<Clock, 'deadline' | 'sleep'>;
  readonly time: ServerClock;
  readonly listener: StreamListener;
  /** Ends it. */
  readonly closed: AbortSignal;
}

/** The private stream of one account, connected again whenever it breaks, until it is closed. */
export class PrivateStream {
  readonly #options: DriverOptions;
  readonly #account: AccountKey;
  readonly #deps: StreamDeps;
  #failures = 0;

  constructor(options: DriverOptions, account: AccountKey, deps: StreamDeps) {
    this.#options = options;
    this.#account = account;
    this.#deps = deps;
  }

  /** Resolves once it is closed; never rejects. */
  async run(): Promise<void> {
    const { clock, time, listener, closed } = this.#deps;
    const { reconnectMs, maxReconnectMs } = this.#options;
    while (!closed.aborted) {
      const reason = await this.#connect().catch((error: unknown) => String(error));
      if (isOver(closed)) return;
      listener.down(reason);
      void time.renew();
      const waitMs = Math.min(maxReconnectMs, reconnectMs * 2 ** Math.min(this.#failures, 20));
      this.#failures += 1;
      await clock.sleep(waitMs, closed).catch(() => undefined);
    }
  }

  /** One connection: resolves with the reason when it is over. */
  async #connect(): Promise<string> {
    const { clock, time, closed } = this.#deps;
    const { url, windowMs, cancelOnDisconnect, silenceMs } = this.#options;
    const request = { method: 'LOGIN', path: '/v1/stream', body: String(cancelOnDisconnect) };
    const proof = sign(this.#account, request, { exchangeMs: await time.nowMs(closed), windowMs });
    closed.throwIfAborted();
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/stream`);
    return new Promise((resolve) => {
      let silence: Disposable | undefined;
      const session = new Session(this.#options, this.#deps);
      const end = (reason: string): void => {
        silence?.[Symbol.dispose]();
        session.end();
        closed.removeEventListener('abort', onClosed);
        socket.close();
        resolve(reason);
      };
      const onClosed = (): void => {
        end('closed');
      };
      const heard = (): void => {
        silence?.[Symbol.dispose]();
        silence = clock.deadline(silenceMs, () => {
          end(`silent for ${silenceMs} ms`);
        });
      };
      heard();
      closed.addEventListener('abort', onClosed);
      socket.addEventListener('open', () => {
        socket.send(JSON.stringify({ op: 'login', ...proof, cancelOnDisconnect }));
      });
      socket.addEventListener('close', ({ code }) => {
        end(`the stream ended, code ${code}`);
      });
      socket.addEventListener('error', () => {
        end('the stream broke');
      });
      socket.addEventListener('message', ({ data }) => {
        if (session.over) return;
        heard();
        const reason = session.hear(String(data));
        if (session.loggedIn) this.#failures = 0;
        if (reason !== undefined) end(reason);
      });
    });
  }
}

/** Read anew: it changes while one waits. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;

/** From login to the end: order is put back, gaps are told. */
class Session {
  readonly #reorderMs: number;
  readonly #deps: StreamDeps;
  #window: SequenceWindow<EventMessage> | undefined;
  #patience: Disposable | undefined;
  over = false;

  constructor({ reorderMs }: DriverOptions, deps: StreamDeps) {
    this.#reorderMs = reorderMs;
    this.#deps = deps;
  }

  get loggedIn(): boolean {
    return this.#window !== undefined;
  }

  /** Returns why the connection cannot go on. */
  hear(text: string): string | undefined {
    let message;
    try {
      message = parseInput('stream', streamSchema, JSON.parse(text));
    } catch (error) {
      return `not understood: ${String(error)}`;
    }
    if (message.type === 'refused') return `refused: ${message.code}`;
    if (message.type === 'loggedIn') {
      this.#window = new SequenceWindow(message.sequence);
      this.#deps.listener.up();
      return undefined;
    }
    if (this.#window === undefined) return `${message.type} before the login`;
    if (message.type === 'heartbeat') this.#window.sent(message.sequence);
    else {
      const { ready, late } = this.#window.take(message.sequence, message.event);
      // Given up and asked for since: of what comes so late only a fill still says something, and fills are counted once.
      for (const event of late?.type === 'filled' ? [late] : ready) this.#deps.listener.event(event);
    }
    this.#watch(this.#window);
    return undefined;
  }

  end(): void {
    this.over = true;
    this.#patience?.[Symbol.dispose]();
  }

  #watch(window: SequenceWindow<EventMessage>): void {
    if (!window.waiting) {
      this.#patience?.[Symbol.dispose]();
      this.#patience = undefined;
      return;
    }
    this.#patience ??= this.#deps.clock.deadline(this.#reorderMs, () => {
      this.#patience = undefined;
      const { listener } = this.#deps;
      const { missed, ready } = window.skip();
      listener.down(`${missed} events missed`);
      listener.up();
      for (const event of ready) listener.event(event);
    });
  }
}
