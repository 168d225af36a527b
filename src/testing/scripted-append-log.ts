import { PortcullisError } from '../core/errors.ts';
import type { AppendLog, AppendReceipt, LogEntry } from '../storage/append-log.ts';
import { AppendQueue } from '../storage/append-queue.ts';
import type { JsonValue } from '../storage/json.ts';
import { MemoryRecords } from '../storage/memory-records.ts';

/**
 * An append log whose disk is driven by hand: records wait until `commit()` makes them durable or `fail()` refuses them.
 * A restart after a crash is `new ScriptedAppendLog(log.durable)`.
 */
export class ScriptedAppendLog implements AppendLog {
  readonly #durable: MemoryRecords;
  readonly #queue: AppendQueue;

  /** @param records what the log holds to begin with. Default: nothing. */
  constructor(records: Iterable<LogEntry> = []) {
    this.#durable = new MemoryRecords(records);
    this.#queue = new AppendQueue('the scripted log', this.#durable.lastSeq);
  }

  /** What a restart would find. */
  get durable(): readonly LogEntry[] {
    return this.#durable.entries(1);
  }

  get firstSeq(): number {
    return this.#durable.firstSeq;
  }

  get pending(): number {
    return this.#queue.pending;
  }

  append(record: JsonValue | object): Promise<AppendReceipt> {
    return this.#queue.append(record);
  }

  /** Makes the oldest `count` pending records durable, default all; returns how many there were. */
  commit(count = Infinity): number {
    const batch = this.#queue.peek(Infinity).slice(0, count);
    for (const { text } of batch) this.#durable.push(text);
    this.#queue.settle(batch.length);
    return batch.length;
  }

  /** Refuses all pending records and all to come with `LOG_WRITE_FAILED`; none of them is durable. */
  fail(cause: Error = new Error('the test said so')): void {
    this.#queue.fail(
      new PortcullisError('LOG_WRITE_FAILED', `the scripted log was not written: ${cause.message}`, {
        cause,
      }),
    );
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, memory is not
  async *read(fromSeq = 1): AsyncIterable<LogEntry> {
    yield* this.#durable.entries(fromSeq);
  }

  /** At once, and exactly: every record before `beforeSeq` but the last. */
  trim(beforeSeq: number): Promise<number> {
    return this.#queue.isClosed
      ? Promise.reject(this.#queue.closed())
      : Promise.resolve(this.#durable.trim(beforeSeq));
  }

  /** Resolves when the pending records have been committed or failed by hand. */
  close(): Promise<void> {
    this.#queue.close();
    return this.#queue.flush();
  }
}
