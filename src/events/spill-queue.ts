import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import type { AppendLog, LogEntry } from '../storage/append-log.ts';

/** A record that waits on disk. */
export interface SpilledRecord<T> {
  /** In the log: for `confirm`. */
  readonly seq: number;
  readonly record: T;
}

/** After so many confirmed records a mark says so in the log, and what is before it may go. */
const MARK_EVERY = 1000;

/** Records that are confirmed behind one that is not: their numbers are in memory, and they stay on disk. */
const MOST_AHEAD = 1_000_000;

/** Lines of the log: a record, or a mark that all records before the line with this number are through. */
type Line = { readonly r: unknown } | { readonly through: number };

/**
 * A queue on disk, in an `AppendLog`, for what cannot be delivered yet: taken out in order, gone once confirmed, still there
 * after a restart. After a crash the last records that were confirmed may come again.
 */
export class SpillQueue<T extends object> {
  readonly #log: AppendLog;
  readonly #maxRecords: number;
  /** All lines up to this one are through. */
  #through: number;
  /** Lines behind it that are through as well. */
  readonly #ahead = new Set<number>();
  #count: number;
  #error: string | undefined;
  /** The last line that was looked at. */
  #lookedAt: number;
  /** The last line that is known to be on disk. */
  #durable: number;
  #lines: AsyncIterator<LogEntry> | undefined;
  #isReading = false;
  /** Grows with each `rewind`. */
  #round = 0;
  #unmarked = 0;

  private constructor(
    log: AppendLog,
    maxRecords: number,
    found: { through: number; durable: number; count: number },
  ) {
    this.#log = log;
    this.#maxRecords = maxRecords;
    this.#through = found.through;
    this.#lookedAt = found.through;
    this.#durable = found.durable;
    this.#count = found.count;
  }

  /**
   * Reads how far the last process came.
   *
   * @param log of this queue alone; it stays its owner's to close
   * @throws {PortcullisError} as reading the log does
   */
  static async open<T extends object>(
    log: AppendLog,
    { maxRecords }: { readonly maxRecords: number },
  ): Promise<SpillQueue<T>> {
    let through = log.firstSeq - 1;
    let durable = through;
    const records: number[] = [];
    for await (const { seq, record } of log.read()) {
      const line = record as unknown as Line;
      if ('through' in line) through = Math.max(through, line.through);
      else records.push(seq);
      durable = seq;
    }
    const count = records.filter((seq) => seq > through).length;
    return new SpillQueue<T>(log, maxRecords, { through, durable, count });
  }

  /** Records that are not confirmed, those that are still being written among them. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#maxRecords || this.#ahead.size >= MOST_AHEAD;
  }

  /** Why the disk takes no more, or does not give back what it has. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Takes its place within the call; resolves once it is on disk. Rejects as `AppendLog.append`. */
  async push(record: T): Promise<void> {
    this.#count++;
    try {
      const { seq } = await this.#log.append({ r: record } satisfies Line);
      this.#durable = seq;
      this.#error = undefined;
    } catch (error) {
      this.#count--;
      // What is no JSON says nothing about the disk.
      if (!(error instanceof PortcullisError && error.code === 'INPUT_INVALID'))
        this.#error = messageOf(error);
      throw error;
    }
  }

  /** The next records in order, at most `max`: none where all that are on disk have been taken out. One call at a time. */
  async next(max: number): Promise<readonly SpilledRecord<T>[]> {
    if (this.#isReading) return [];
    this.#isReading = true;
    const round = this.#round;
    const records: SpilledRecord<T>[] = [];
    try {
      while (records.length < max && this.#lookedAt < this.#durable) {
        const entry = await this.#nextLine();
        if (round !== this.#round) return [];
        if (entry === undefined) continue;
        this.#lookedAt = entry.seq;
        const line = entry.record as unknown as Line;
        if (!('r' in line)) this.#settle(entry.seq);
        else if (!this.#ahead.has(entry.seq)) records.push({ seq: entry.seq, record: line.r as T });
      }
      return records;
    } catch (error) {
      this.#error = messageOf(error);
      throw error;
    } finally {
      this.#isReading = false;
      if (round !== this.#round || this.#lookedAt >= this.#durable) this.#stopReading();
    }
  }

  /** This one has been delivered. In any order; a second time is harmless. */
  confirm(seq: number): void {
    if (seq <= this.#through || this.#ahead.has(seq)) return;
    this.#count--;
    this.#settle(seq);
    if (++this.#unmarked >= MARK_EVERY || this.#count === 0) this.#mark();
  }

  /** Begins again with the oldest that is not confirmed. */
  rewind(): void {
    this.#round++;
    this.#lookedAt = this.#through;
    if (!this.#isReading) this.#stopReading();
  }

  /** Notes how far it came, and waits until all is on disk or refused. Never rejects. */
  async flush(): Promise<void> {
    if (this.#unmarked > 0) this.#mark();
    await this.#log.flush();
  }

  async #nextLine(): Promise<LogEntry | undefined> {
    this.#lines ??= this.#log.read(this.#lookedAt + 1)[Symbol.asyncIterator]();
    const result = await this.#lines.next();
    if (result.done !== true) return result.value;
    this.#lines = undefined;
    return undefined;
  }

  #stopReading(): void {
    const lines = this.#lines;
    this.#lines = undefined;
    lines?.return?.().catch(ignore);
  }

  #settle(seq: number): void {
    this.#ahead.add(seq);
    while (this.#ahead.delete(this.#through + 1)) this.#through++;
  }

  /** Best effort: without the mark, more of them come again after a restart. */
  #mark(): void {
    this.#unmarked = 0;
    this.#log
      .append({ through: this.#through } satisfies Line)
      .then(
        ({ seq }) => {
          this.#durable = seq;
          return this.#log.trim(this.#through + 1);
        },
        (error: unknown) => {
          this.#error = messageOf(error);
        },
      )
      .catch(ignore);
  }
}

const ignore = (): void => undefined;
