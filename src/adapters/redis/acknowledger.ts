import type { Clock } from '../../core/clock.ts';
import { ACK, LOST } from './partition-scripts.ts';
import type { RedisLink } from './redis-link.ts';

export interface AcknowledgerDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly clock: Clock;
  /** Keys of the lease and of the stream. */
  readonly keys: readonly [owner: string, events: string];
  readonly token: string;
  readonly group: string;
  /** The lease is another's. */
  readonly onLost: () => void;
}

const MOST_IDS = 1000;
const RETRY_MS = 200;

/**
 * Acknowledges events of one partition: all of one tick together, and one command at a time, so that what is done meanwhile goes
 * into the next. What could not be sent is sent again.
 */
export class Acknowledger {
  readonly #deps: AcknowledgerDeps;
  #ids: string[] = [];
  #sending: Promise<void> | undefined;
  readonly #closed = new AbortController();

  constructor(deps: AcknowledgerDeps) {
    this.#deps = deps;
  }

  /** What the server has not been told, or has not confirmed. */
  get waiting(): readonly string[] {
    return this.#ids;
  }

  add(id: string): void {
    this.#ids.push(id);
    this.#sending ??= this.#send();
  }

  /** Resolves when all is confirmed, or it was closed. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed.abort(new Error('closed'));
  }

  async #send(): Promise<void> {
    const { link, clock, keys, token, group, onLost } = this.#deps;
    const { signal } = this.#closed;
    await Promise.resolve(); // the rest of this tick goes with it
    while (this.#ids.length > 0 && !signal.aborted) {
      const ids = this.#ids.slice(0, MOST_IDS);
      try {
        const reply = await ACK.run(link, keys, [token, group, ...ids]);
        if (reply === LOST) onLost();
        else this.#ids = this.#ids.slice(ids.length);
      } catch {
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
    this.#sending = undefined;
  }
}
