import type { AppendLog, AppendReceipt, LogEntry } from './append-log.ts';
import { AppendQueue } from './append-queue.ts';
import type { JsonValue } from './json.ts';
import { MemoryRecords } from './memory-records.ts';

/**
 * An append log that lives as long as the object: for backtests and tests. A record becomes "durable" one microtask
 * after its call.
 */
export class MemoryAppendLog implements AppendLog {
  readonly #durable: MemoryRecords;
  readonly #queue: AppendQueue;

  /** @param records what the log holds to begin with, as read from another one. Default: nothing. */
  constructor(records: Iterable<LogEntry> = []) {
    this.#durable = new MemoryRecords(records);
    this.#queue = new AppendQueue('the memory log', this.#durable.lastSeq);
  }

  get firstSeq(): number {
    return this.#durable.firstSeq;
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
    yield* this.#durable.entries(fromSeq);
  }

  /** Exact: every record before `beforeSeq` goes but the last. */
  trim(beforeSeq: number): Promise<number> {
    return this.#queue.isClosed
      ? Promise.reject(this.#queue.closed())
      : Promise.resolve(this.#durable.trim(beforeSeq));
  }

  close(): Promise<void> {
    this.#queue.close();
    return this.#queue.flush();
  }
}
