import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import { replyCode } from './redis-failure.ts';
import type { RedisLink } from './redis-link.ts';

export interface StreamWaiterOptions {
  /** Streams that are always waited on: an entry in one calls `onWake`. */
  readonly wakeStreams: readonly string[];
  /** The one of them that an own entry goes into, to end a wait. */
  readonly ownWakeStream: string;
  /** Longest that the server is let wait, milliseconds. */
  readonly blockMs: number;
  /** How long no answer beyond that is none, milliseconds. */
  readonly commandTimeoutMs: number;
}

export interface StreamWaiterDeps {
  /** For blocking commands only. */
  readonly link: RedisLink;
  readonly commands: Pick<RedisLink, 'command'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onWake: () => void;
}

interface Watch {
  readonly afterId: string;
  readonly resolve: () => void;
}

/** Readers that were just told something come back within this, mostly; the next wait is then for all of them, milliseconds. */
const GATHER_MS = 2;
const RETRY_MS = 100;
const SAFETY_MS = 10_000;

/**
 * Waits for news in many streams with one blocking `XREAD` on a connection of its own. It only looks: taking events into the
 * group is a script that checks the lease first, which a blocking `XREADGROUP` could not.
 */
export class StreamWaiter {
  readonly #options: StreamWaiterOptions;
  readonly #deps: StreamWaiterDeps;
  readonly #watches = new Map<string, Watch>();
  readonly #wakeIds: Map<string, string>;
  readonly #closed = new AbortController();
  /** Streams of the `XREAD` that is under way. */
  #waitingFor: ReadonlySet<string> | undefined;
  #readers = 0;
  #failure: string | undefined;
  /** When all readers looked last for themselves. */
  #lookedMs = -Infinity;
  #onGathered: (() => void) | undefined;
  #onConnected: (() => void) | undefined;

  constructor(options: StreamWaiterOptions, deps: StreamWaiterDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#wakeIds = new Map(options.wakeStreams.map((key) => [key, '0-0']));
  }

  start(): void {
    this.#deps.link.onChange(() => {
      if (this.#deps.link.isConnected) this.#onConnected?.();
    });
    this.#deps.link.start();
    void this.#run();
  }

  /** There is one more reader, which will wait when it has read everything. */
  join(): Disposable {
    this.#readers++;
    let isIn = true;
    return {
      [Symbol.dispose]: () => {
        if (isIn) this.#readers--;
        isIn = false;
        this.#lookWhetherGathered();
      },
    };
  }

  /** Resolves when the stream may have an entry behind this one: at the latest after some ten seconds. */
  wait(key: string, afterId: string): Promise<void> {
    if (this.#closed.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#watches.set(key, { afterId, resolve });
      if (this.#waitingFor?.has(key) === false) this.#endWait();
      this.#lookWhetherGathered();
    });
  }

  /** Ends the wait for a stream. */
  wake(key: string): void {
    const watch = this.#watches.get(key);
    this.#watches.delete(key);
    watch?.resolve();
  }

  close(): void {
    this.#closed.abort(new Error('closed'));
    this.#deps.link.close();
    this.#wakeAll();
    this.#onGathered?.();
    this.#onConnected?.();
  }

  async #run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      try {
        await this.#gather();
        await this.#look();
      } catch (error) {
        this.#tellOf(error);
        // Not connected, or lost: readers find out for themselves what they missed.
        this.#wakeAll();
        await this.#reconnected();
      }
    }
  }

  /** A reply that says no: from now on readers look again and again. In a cluster it does, since the streams lie in several places. */
  #tellOf(error: unknown): void {
    const code = replyCode(error);
    if (code !== undefined && code !== this.#failure)
      this.#deps.logger.warn(
        { error },
        `the server cannot be waited for: it is asked every ${RETRY_MS} ms instead`,
      );
    this.#failure = code;
  }

  /** Soon, or as soon as it is connected. */
  async #reconnected(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = this.#deps.clock.deadline(RETRY_MS, resolve);
      this.#onConnected = () => {
        timer[Symbol.dispose]();
        resolve();
      };
    });
    this.#onConnected = undefined;
  }

  async #gather(): Promise<void> {
    if (this.#watches.size >= this.#readers) return;
    await new Promise<void>((resolve) => {
      const timer = this.#deps.clock.deadline(GATHER_MS, resolve);
      this.#onGathered = () => {
        timer[Symbol.dispose]();
        resolve();
      };
    });
    this.#onGathered = undefined;
  }

  #lookWhetherGathered(): void {
    if (this.#watches.size >= this.#readers) this.#onGathered?.();
  }

  async #look(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const { blockMs, commandTimeoutMs } = this.#options;
    const keys = [...this.#wakeIds.keys(), ...this.#watches.keys()];
    const ids = [...this.#wakeIds.values(), ...[...this.#watches.values()].map(({ afterId }) => afterId)];
    const args = ['XREAD', 'COUNT', '1', 'BLOCK', String(blockMs), 'STREAMS', ...keys, ...ids];
    this.#waitingFor = new Set(keys);
    try {
      const found = await this.#deps.link.command<[string, [string][]][] | null>(
        args,
        blockMs + commandTimeoutMs,
      );
      this.#failure = undefined;
      if (found === null) this.#lookForSafety();
      for (const [key, entries] of found ?? []) this.#tell(key, entries.at(-1)?.[0]);
    } finally {
      this.#waitingFor = undefined;
    }
  }

  #tell(key: string, id: string | undefined): void {
    if (!this.#wakeIds.has(key)) this.wake(key);
    else {
      if (id !== undefined) this.#wakeIds.set(key, id);
      if (key !== this.#options.ownWakeStream) this.#deps.onWake();
    }
  }

  #endWait(): void {
    this.#waitingFor = undefined;
    const { ownWakeStream, blockMs } = this.#options;
    void Promise.all([
      this.#deps.commands.command(['XADD', ownWakeStream, 'MAXLEN', '1', '*', 'e', '1']),
      this.#deps.commands.command(['PEXPIRE', ownWakeStream, String(blockMs * 60)]),
    ]).catch(() => undefined); // then the wait ends by itself
  }

  /** Nothing new: but should what they wait behind be wrong, since a server has lost what it had, they find out. */
  #lookForSafety(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#lookedMs < SAFETY_MS) return;
    this.#lookedMs = nowMs;
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const key of [...this.#watches.keys()]) this.wake(key);
  }
}
