import { onDispose } from '../../core/clock.ts';
import type { AppendLog, AppendReceipt, LogEntry } from '../../storage/append-log.ts';
import type { JsonValue } from '../../storage/json.ts';

/** Records kept in memory for who follows. Past that it reads them from the disk. */
const MAX_RECENT = 4_096;

/** Records that who follows may be behind before old ones are let go of all the same: a disk must not fill up. */
const MAX_PINNED = 1_000_000;

/**
 * The log of a journal that somebody follows, such as a `JournalRelay`: hands on what is durable without a look at the
 * disk, and forgets nothing that has not been followed, up to 1,000,000 records. Give it to `Journal.open` instead of the
 * log that is in it. As long as nobody follows, nothing is let go of.
 */
export class OutboxLog implements AppendLog {
  readonly #log: AppendLog & { readonly openReport?: { readonly tornBytes: number } };
  readonly #maxRecent: number;
  readonly #maxPinned: number;
  readonly #listeners = new Set<() => void>();
  /** The newest durable ones, without gaps. */
  #recent: LogEntry[] = [];
  #onTheirWay = 0;
  /** Records before it may go. */
  #pin = 1;

  constructor(
    log: AppendLog & { readonly openReport?: { readonly tornBytes: number } },
    {
      maxRecent = MAX_RECENT,
      maxPinned = MAX_PINNED,
    }: { readonly maxRecent?: number; readonly maxPinned?: number } = {},
  ) {
    this.#log = log;
    this.#maxRecent = maxRecent;
    this.#maxPinned = maxPinned;
  }

  /** What the log in it found when it was opened. */
  get openReport(): { readonly tornBytes: number } {
    return { tornBytes: 0, ...this.#log.openReport };
  }

  get pending(): number {
    return this.#log.pending;
  }

  get firstSeq(): number {
    return this.#log.firstSeq;
  }

  append(record: JsonValue | object): Promise<AppendReceipt> {
    const receipt = this.#log.append(record);
    this.#onTheirWay += 1;
    receipt.then(
      ({ seq }) => {
        this.#onTheirWay -= 1;
        this.#note({ seq, record: record as JsonValue });
      },
      () => {
        this.#onTheirWay -= 1; // who appended is told
      },
    );
    return receipt; // the very promise of the log
  }

  flush(): Promise<void> {
    return this.#log.flush();
  }

  read(fromSeq?: number): AsyncIterable<LogEntry> {
    return this.#log.read(fromSeq);
  }

  /** Stops where who follows is, unless that is very far behind. */
  trim(beforeSeq: number): Promise<number> {
    return this.#log.trim(Math.min(beforeSeq, Math.max(this.#pin, beforeSeq - this.#maxPinned)));
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** Whether every record that was appended is durable and noted, or refused. */
  get isQuiet(): boolean {
    return this.#onTheirWay === 0;
  }

  /** Sequence number of the last record that has become durable since this was made; `undefined` for none. */
  get lastSeq(): number | undefined {
    return this.#recent.at(-1)?.seq;
  }

  /** The records behind one, at most so many; `undefined` where memory does not have the first of them. */
  recent(afterSeq: number, most: number): readonly LogEntry[] | undefined {
    const first = this.#recent[0]?.seq;
    if (first === undefined || first > afterSeq + 1) return undefined;
    return this.#recent.slice(afterSeq + 1 - first, afterSeq + 1 - first + most);
  }

  /**
   * Records before it have been followed.
   *
   * @param neededFrom records before it are not needed any more, for good. Default: `beforeSeq`
   */
  followed(beforeSeq: number, neededFrom = beforeSeq): void {
    this.#pin = neededFrom;
    const first = this.#recent[0]?.seq;
    // The last one stays, so that it is known where the log ends.
    if (first !== undefined) this.#recent.splice(0, Math.min(beforeSeq - first, this.#recent.length - 1));
  }

  /** Tells, in the tick in which it happens, that a record has become durable. */
  onDurable(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return onDispose(() => {
      this.#listeners.delete(listener);
    });
  }

  #note(entry: LogEntry): void {
    this.#recent.push(entry);
    // Rarely, and many at once: taking the first of an array away moves all of it.
    if (this.#recent.length > 2 * this.#maxRecent) this.#recent = this.#recent.slice(-this.#maxRecent);
    for (const listener of this.#listeners) listener();
  }
}
