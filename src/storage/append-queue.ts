import { PortcullisError } from '../core/errors.ts';
import type { AppendReceipt } from './append-log.ts';
import { toJsonText } from './json.ts';

/** A record that has its number and its text, and waits to become durable. */
export interface PendingAppend {
  readonly seq: number;
  readonly text: string;
}

interface Waiting extends PendingAppend {
  readonly settled: PromiseWithResolvers<AppendReceipt>;
}

/**
 * The half of an append log that is the same on every medium: numbers records, keeps them in order, settles them
 * first in, first out, and refuses everything after the first failure.
 */
export class AppendQueue {
  readonly #what: string;
  readonly #waiting: Waiting[] = [];
  #lastSeq: number;
  #refusal: PortcullisError | undefined;

  /**
   * @param what name of the log, for messages
   * @param lastSeq sequence number of the last durable record, 0 for none
   */
  constructor(what: string, lastSeq: number) {
    this.#what = what;
    this.#lastSeq = lastSeq;
  }

  get pending(): number {
    return this.#waiting.length;
  }

  append(record: unknown): Promise<AppendReceipt> {
    const settled = Promise.withResolvers<AppendReceipt>();
    try {
      if (this.#refusal !== undefined) throw this.#refusal;
      const text = toJsonText(`record for ${this.#what}`, record);
      this.#waiting.push({ seq: ++this.#lastSeq, text, settled });
    } catch (error) {
      settled.reject(error);
    }
    return settled.promise;
  }

  /** The oldest waiting records, at least one if any waits, further ones while their texts fit into `maxLength`. */
  peek(maxLength: number): readonly PendingAppend[] {
    let length = 0;
    let count = 0;
    for (const { text } of this.#waiting) {
      length += text.length;
      if (count > 0 && length > maxLength) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }

  /** Acknowledges the oldest `count` records, all within the call. */
  settle(count: number): void {
    for (const { seq, settled } of this.#waiting.splice(0, count)) settled.resolve({ seq });
  }

  /** Rejects all that waits, and all that comes later, with the same error. */
  fail(error: PortcullisError): void {
    this.#refusal ??= error;
    for (const { settled } of this.#waiting.splice(0)) settled.reject(error);
  }

  flush(): Promise<void> {
    const last = this.#waiting.at(-1);
    return last === undefined ? Promise.resolve() : last.settled.promise.then(ignore, ignore);
  }

  get isClosed(): boolean {
    return this.#refusal?.code === 'LOG_CLOSED';
  }

  /** Refuses new records with `LOG_CLOSED`; those that wait are still to be settled. */
  close(): void {
    this.#refusal = this.closed();
  }

  /** The error for what comes after `close()`. */
  closed(): PortcullisError {
    return new PortcullisError('LOG_CLOSED', `${this.#what} is closed`);
  }
}

const ignore = (): void => undefined;
