import type { AuditRecord } from './audit-record.ts';

/** Where audit records are copied to: another disk, an archive, a log server. What an author of one writes. */
export interface AuditSink {
  /** Under which the position in the log is kept: 1 to 64 lower-case letters, digits and hyphens. */
  readonly name: string;
  /**
   * Resolves when the records are safe there. They come in order and without gaps, one call at a time; some may come again
   * after a crash or a call that failed: a record is known by its `seq`. A rejected call is repeated with the same records.
   *
   * @param signal aborts when the time is up; the answer does not count any more then
   */
  ship(records: readonly AuditRecord[], signal: AbortSignal): Promise<void>;
  /** Lets go of what it holds; called once, after the last `ship`. */
  close?(): Promise<void>;
}
