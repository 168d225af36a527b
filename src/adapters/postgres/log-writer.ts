import { backoffMs } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type { Logger } from '../../telemetry/index.ts';
import { type Ask, confirmHead, damaged, headOf, type LogHead, writeRecords } from './log-table.ts';

interface LogWriterOptions {
  readonly name: string;
  readonly retryForMs: number;
}

interface LogWriterDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** Connects if it must. */
  readonly asking: () => Promise<Ask>;
}

const BACKOFF = { baseDelayMs: 20, maxDelayMs: 1_000 };

/** Writes one batch after the other, each exactly once, over a server that comes and goes. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #deps: LogWriterDeps;
  readonly #logId: number;
  readonly #owner: string;
  #lastSeq: number;

  /** @param head as it was when the log was taken */
  constructor(options: LogWriterOptions, deps: LogWriterDeps, { logId, owner, lastSeq }: LogHead) {
    this.#options = options;
    this.#deps = deps;
    this.#logId = logId;
    this.#owner = owner;
    this.#lastSeq = lastSeq;
  }

  /** Of the last record that is durable. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Resolves when the records are durable. Rejects with `LOG_FENCED` when the log has another owner, and with what went wrong last
   * when the server has not taken them for `retryForMs`: they may then be there or not.
   */
  async write(texts: readonly string[]): Promise<void> {
    const { clock, logger, random, asking } = this.#deps;
    const { name, retryForMs } = this.#options;
    const target = this.#lastSeq + texts.length;
    const startMs = clock.monotonicMs();
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#try(await asking(), texts, target, attempt > 0);
        if (attempt > 0) logger.info({ log: name, attempts: attempt + 1 }, 'records are written again');
        return;
      } catch (error) {
        const leftMs = startMs + retryForMs - clock.monotonicMs();
        if (!(error instanceof PortcullisError && error.retryable && leftMs > 0)) throw error;
        if (attempt === 0) logger.warn({ log: name, error: messageOf(error) }, 'records wait for PostgreSQL');
        await clock.sleep(Math.min(backoffMs(attempt, BACKOFF, random), leftMs));
      }
    }
  }

  /** @param inDoubt whether an attempt before this one may have come through, or may yet */
  async #try(query: Ask, texts: readonly string[], target: number, inDoubt: boolean): Promise<void> {
    if (inDoubt && (await this.#isThere(query, target))) return;
    const place = { logId: this.#logId, owner: this.#owner, afterSeq: this.#lastSeq };
    if (await writeRecords(query, place, texts)) this.#lastSeq = target;
    // Refused: by another owner, or since the attempt before has come through after we had looked.
    else if (!(await this.#isThere(query, target)))
      throw damaged(this.#options.name, target, 'to be written', 'refused');
  }

  /** All records of a batch are there or none, and nobody else has written since we own the log. Once seen, the standbys have them. */
  async #isThere(query: Ask, target: number): Promise<boolean> {
    const { name } = this.#options;
    const lastSeq = await confirmHead(query, { logId: this.#logId, owner: this.#owner });
    if (lastSeq === undefined) {
      const head = await headOf(query, name);
      throw head?.logId === this.#logId ? fenced(name) : damaged(name, target, 'the log', 'none');
    }
    if (lastSeq === this.#lastSeq) return false;
    if (lastSeq !== target)
      throw damaged(name, this.#lastSeq, 'to be the last', `${lastSeq}, after a loss of data`);
    this.#lastSeq = target;
    return true;
  }
}

/** The error for a log that has another owner. */
export const fenced = (name: string): PortcullisError =>
  new PortcullisError(
    'LOG_FENCED',
    `log ${name} on PostgreSQL: another process has taken it over; nothing more is written here`,
    { details: { name } },
  );
