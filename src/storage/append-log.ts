import type { JsonValue } from './json.ts';

/** Where a durable record stands. */
export interface AppendReceipt {
  /** Sequence number, 1 for the first record of the log, without gaps. */
  readonly seq: number;
}

/** One durable record. */
export interface LogEntry {
  readonly seq: number;
  readonly record: JsonValue;
}

/**
 * A durable log to which records are only ever appended. One writer at a time.
 *
 * The order of calls is the order of records, of sequence numbers and of settling: promises settle first in, first
 * out, and each is the very promise that the log settles, so that the number of microtasks until a caller continues
 * is the same for every record.
 */
export interface AppendLog {
  /**
   * Serialises the record and takes its place in the order within the call; a later change of the record does not
   * matter. Resolves when the record is durable.
   *
   * Rejects with `INPUT_INVALID` for what is not JSON (no place is taken), `LOG_CLOSED` after `close()`, and
   * `LOG_WRITE_FAILED` when the disk refused this record or one before it: from then on every record is refused until
   * the log is opened anew, so that there are no holes. A rejected record may still be found after reopening, if the
   * failed write left it behind; it never stands before one that was acknowledged.
   */
  append(record: JsonValue | object): Promise<AppendReceipt>;
  /** Resolves when every record appended before is settled, durable or refused. Never rejects. */
  flush(): Promise<void>;
  /** Records appended and not yet settled. */
  readonly pending: number;
  /** Sequence number of the first record that is still there, or of the one to come where there is none: 1 until trimmed. */
  readonly firstSeq: number;
  /**
   * The records that are durable when the iteration begins, from `fromSeq` or the first that is still there, in order.
   * They stay until the iteration ends, whatever is trimmed. Default: all.
   */
  read(fromSeq?: number): AsyncIterable<LogEntry>;
  /**
   * Forgets old records, oldest first: as many as the medium can let go of in one piece while all of them are older than
   * `beforeSeq`; the last record always stays. Records appended meanwhile are not held up.
   *
   * @returns `firstSeq` after it
   * @throws {PortcullisError} `LOG_WRITE_FAILED` when the disk refused, which leaves the log as it was or trimmed, and in
   * use; `LOG_CLOSED`.
   */
  trim(beforeSeq: number): Promise<number>;
  /** Refuses new records at once, settles the pending ones, lets go of the medium. A second call is harmless. */
  close(): Promise<void>;
}
