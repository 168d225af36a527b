import { type Clock, PortcullisError } from 'portcullis/core';
import type { AppendLog, AppendReceipt, LogEntry } from 'portcullis/storage';

type Log = AppendLog & { readonly openReport?: { readonly tornBytes: number } };

/** A record that waits for so long is worth a word, milliseconds. */
const SLOW_MS = 2_000;

/** A log of which somebody is told when it has failed for good: until it is opened anew it takes nothing more. */
export class WatchedLog implements AppendLog {
  readonly #name: string;
  readonly #log: Log;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #onFailed: (reason: string) => void;
  #waiting = 0;
  #waitingSinceMs = 0;

  constructor(
    name: string,
    log: Log,
    deps: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly onFailed: (reason: string) => void },
  ) {
    this.#name = name;
    this.#log = log;
    this.#clock = deps.clock;
    this.#onFailed = deps.onFailed;
  }

  /** Why the log is not as it should be: a record waits. */
  get problem(): string | undefined {
    if (this.#waiting === 0) return undefined;
    const waitingMs = this.#clock.monotonicMs() - this.#waitingSinceMs;
    return waitingMs < SLOW_MS
      ? undefined
      : `${this.#name}: nothing was written for ${Math.round(waitingMs)} ms`;
  }

  get openReport(): { readonly tornBytes: number } {
    return { tornBytes: 0, ...this.#log.openReport };
  }

  get pending(): number {
    return this.#log.pending;
  }

  get firstSeq(): number {
    return this.#log.firstSeq;
  }

  append(record: object): Promise<AppendReceipt> {
    const receipt = this.#log.append(record);
    if (this.#waiting === 0) this.#waitingSinceMs = this.#clock.monotonicMs();
    this.#waiting += 1;
    const settled = (): void => {
      this.#waiting -= 1;
      this.#waitingSinceMs = this.#clock.monotonicMs();
    };
    receipt.then(settled, (error: unknown) => {
      settled();
      if (isForGood(error)) this.#onFailed(`${this.#name}: ${error.message}`);
    });
    return receipt; // the very promise of the log
  }

  flush(): Promise<void> {
    return this.#log.flush();
  }

  read(fromSeq?: number): AsyncIterable<LogEntry> {
    return this.#log.read(fromSeq);
  }

  trim(beforeSeq: number): Promise<number> {
    return this.#log.trim(beforeSeq);
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

const isForGood = (error: unknown): error is PortcullisError =>
  error instanceof PortcullisError && (error.code === 'LOG_WRITE_FAILED' || error.code === 'LOG_FENCED');
