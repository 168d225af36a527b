import type { AppendLog, LogEntry } from '../storage/append-log.ts';
import type { AuditRecord } from './audit-record.ts';

/** More than that is not kept in memory for a sink that does not take it: it is read from the log again. */
const MOST_IN_MEMORY = 10_000;

/** What one sink has still to get: the newest records in memory, older ones from the log. */
export class ShipBacklog {
  readonly #log: AppendLog;
  readonly #size: number;
  #recent: AuditRecord[] = [];
  #reading: AsyncIterator<LogEntry> | undefined;

  /** @param size records in a batch */
  constructor(log: AppendLog, size: number) {
    this.#log = log;
    this.#size = size;
  }

  /** A record that has become durable. */
  push(record: AuditRecord): void {
    if (this.#recent.length >= MOST_IN_MEMORY) this.#recent = [];
    this.#recent.push(record);
  }

  /** The next records behind `seq`. Asked for what follows the batch before it, or for the first. */
  async after(seq: number): Promise<readonly AuditRecord[]> {
    const from = seq + 1 - (this.#recent[0]?.seq ?? Infinity);
    if (!(from >= 0)) return this.#read(seq);
    await this.close();
    this.#recent.splice(0, from);
    return this.#recent.slice(0, this.#size);
  }

  /** Lets go of the log, which cannot be trimmed while it is read. */
  async close(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    await reading?.return?.();
  }

  /** One pass over the log for many batches: reading begins at the beginning of a file. */
  async #read(seq: number): Promise<readonly AuditRecord[]> {
    const records = await this.#take(seq);
    // A pass that ended just there did not see what has come since.
    return records.length > 0 ? records : this.#take(seq);
  }

  async #take(seq: number): Promise<readonly AuditRecord[]> {
    const records: AuditRecord[] = [];
    this.#reading ??= this.#log.read(seq + 1)[Symbol.asyncIterator]();
    while (records.length < this.#size) {
      const next = await this.#reading.next();
      if (next.done === true) {
        this.#reading = undefined;
        break;
      }
      // The log was verified when it was opened, and written by us since.
      records.push(next.value.record as unknown as AuditRecord);
    }
    return records;
  }
}
