import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import { replyCode } from './redis-failure.ts';

export interface AcknowledgerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the server was told: not once the lease is another's. Rejects as a command does. */
  readonly acknowledge: (ids: readonly string[]) => Promise<boolean>;
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
    const { clock, logger, acknowledge } = this.#deps;
    let told: string | undefined;
    const { signal } = this.#closed;
    await Promise.resolve(); // the rest of this tick goes with it
    while (this.#ids.length > 0 && !signal.aborted) {
      const ids = this.#ids.slice(0, MOST_IDS);
      try {
        if (!(await acknowledge(ids))) break;
        this.#ids = this.#ids.slice(ids.length);
      } catch (error) {
        const code = replyCode(error);
        if (code !== undefined && code !== told) logger.warn({ error }, 'events cannot be acknowledged');
        told = code;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
    this.#sending = undefined;
  }
}
