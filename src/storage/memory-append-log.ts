import type { AppendLog, AppendReceipt, LogEntry } from './append-log.ts';
import { AppendQueue } from './append-queue.ts';
import type { JsonValue } from './json.ts';

/**
 * An append log that lives as long as the object: for backtests and tests. A record becomes "durable" one microtask
 * after its call.
 */
export class MemoryAppendLog implements AppendLog {
  readonly #durable: string[];
  readonly #queue: AppendQueue;

  /** @param records what the log holds to begin with, as read from another one. Default: nothing. */
  constructor(records: Iterable<LogEntry> = []) {
    this.#durable = Array.from(records, ({ record }) => JSON.stringify(record));
    this.#queue = new AppendQueue('the memory log', this.#durable.length);
  }

  get pending(): number {
    return this.#queue.pending;
  }

  append(record: JsonValue | object): Promise<AppendReceipt> {
    const receipt = this.#queue.append(record);
    queueMicrotask(() => {
      for (const { text } of this.#queue.peek(0)) this.#durable.push(text);
      this.#queue.settle(1);
    });
    return receipt;
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, memory is not
  async *read(fromSeq = 1): AsyncIterable<LogEntry> {
    yield* entriesOf(this.#durable, fromSeq);
  }

  close(): Promise<void> {
    this.#queue.close();
    return this.#queue.flush();
  }
}

/** Entries from the texts of the records 1 to n, as they stand when it is called. */
export const entriesOf = (texts: readonly string[], fromSeq: number): LogEntry[] =>
  texts.slice(fromSeq - 1).map((text, at) => ({ seq: fromSeq + at, record: JSON.parse(text) as JsonValue }));
